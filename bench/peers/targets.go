package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/internal/statistics"
)

// A target is a bound on a statistic of a measure over some rows, one line of targets.tsv.
type target struct {
	rows      *regexp.Regexp
	measure   string // speed, memory or peak
	who, peer string
	statistic string // geomean, min or max
	atLeast   bool
	bound     float64
}

// readTargets reads a table with the columns rows, measure, who, peer, statistic, bound, between tabs. Lines that start
// with # are skipped.
func readTargets(path string) ([]target, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var targets []target
	for i, line := range strings.Split(string(text), "\n") {
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		t, err := parseTarget(strings.Split(line, "\t"))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func parseTarget(f []string) (t target, err error) {
	if len(f) != 6 {
		return t, fmt.Errorf("%d columns, want 6: rows, measure, who, peer, statistic, bound", len(f))
	}
	if t.rows, err = regexp.Compile(f[0]); err != nil {
		return t, err
	}
	t.measure, t.who, t.peer, t.statistic = f[1], f[2], f[3], f[4]
	if !slices.Contains([]string{"speed", "memory", "peak"}, t.measure) {
		return t, fmt.Errorf("measure %q; known: speed, memory, peak", t.measure)
	}
	if !slices.Contains([]string{"geomean", "min", "max"}, t.statistic) {
		return t, fmt.Errorf("statistic %q; known: geomean, min, max", t.statistic)
	}
	number, least := strings.CutPrefix(f[5], ">=")
	number, most := strings.CutPrefix(number, "<=")
	if t.bound, err = strconv.ParseFloat(number, 64); err != nil || least == most {
		return t, fmt.Errorf("bound %q; want >= or <= and a number", f[5])
	}
	t.atLeast = least
	return t, nil
}

// value is the target's statistic over the rows that have the measure, and how many these are.
func (b *board) value(t target) (value float64, rows int, worst string) {
	measure := map[string]func(row, a, peer string) (float64, bool){"speed": b.speed, "memory": b.memory, "peak": b.share}[t.measure]
	var values []float64
	var names []string
	for _, r := range b.rows {
		if !t.rows.MatchString(r) {
			continue
		}
		if v, ok := measure(r, t.who, t.peer); ok {
			values, names = append(values, v), append(names, r)
		}
	}
	if len(values) == 0 {
		return 0, 0, ""
	}
	at := slices.Index(values, slices.Min(values))
	if !t.atLeast {
		at = slices.Index(values, slices.Max(values))
	}
	switch t.statistic {
	case "min":
		value = slices.Min(values)
	case "max":
		value = slices.Max(values)
	default:
		value = statistics.GeometricMean(values)
	}
	return value, len(values), names[at]
}

// judge prints what became of each target and returns how many are missed. One without a row isn't missed.
func (b *board) judge(w io.Writer, targets []target) (missed int) {
	fmt.Fprintln(w, "Targets:")
	for _, t := range targets {
		sign := "<="
		if t.atLeast {
			sign = ">="
		}
		what := fmt.Sprintf("%s of %s over %s", t.measure, t.who, t.peer)
		if t.measure == "peak" {
			what = "% of peak of " + t.who
		}
		value, rows, worst := b.value(t)
		verdict := "met"
		switch {
		case rows == 0:
			fmt.Fprintf(w, "  not measured  %s, %s of %s\n", what, t.statistic, t.rows)
			continue
		case t.atLeast && !(value >= t.bound), !t.atLeast && !(value <= t.bound):
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(w, "  %-12s  %s, %s of %s: %.3f, want %s %g (%d rows, worst %s)\n",
			verdict, what, t.statistic, t.rows, value, sign, t.bound, rows, worst)
	}
	return missed
}
