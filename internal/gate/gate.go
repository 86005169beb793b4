// Package gate compares two files of benchmark results, of an older and a newer state of the code, and
// says whether the newer one is worse: for a program that must decide by an exit status.
//
// It judges typed results, not a printed table. A figure is worse only where the interval of the ratio of
// new to old lies beyond a margin in the worse direction, and the intervals are wide enough that all of
// them together hold with 95 %: identical code fails at most once in twenty, however many lines there are.
// The margin of seconds is at least the noise that the host itself showed when a run was repeated. What can't
// be compared, because studies, machines or numbers of runs differ, is said to be so, and is no pass.
package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/resultcheck"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// Options of a comparison.
type Options struct {
	Margin float64 // a change up to this fraction is never a regression
	Epochs bool    // only what carries no machine: files of different machines compare
}

// What an interval needs (methodology 1.8; benchstat's U test for the other).
const (
	minPairs  = 6 // runs paired by seed
	minValues = 4 // values a side, without pairs
	alpha     = 0.05
)

// A Report is the outcome of a comparison.
type Report struct {
	Rows    []Row    // in the order of the old file
	Equal   int      // figures that are the same in all runs, not among the rows
	Notes   []string // what a reader should know
	Unclear []string // why the files can't be compared; then there are no rows
}

// Regressions counts the rows that are worse.
func (r *Report) Regressions() int {
	n := 0
	for _, row := range r.Rows {
		if row.Outcome == Worse {
			n++
		}
	}
	return n
}

// An Outcome is what a row says.
type Outcome string

// Outcomes.
const (
	Worse   Outcome = "WORSE"      // beyond the margin in the worse direction
	Better  Outcome = "better"     // beyond the margin in the other direction
	Within  Outcome = "-"          // neither
	Unknown Outcome = "not judged" // the unit has no direction
)

// A Row compares one unit of one benchmark.
type Row struct {
	Name, Unit string
	N          int  // runs a side
	Paired     bool // by seed
	Old, New   float64
	Ratio      float64
	Lo, Hi     float64 // interval of the ratio
	Margin     float64
	Outcome    Outcome
}

// Compare judges new against old.
func Compare(old, new *resultfile.File, o Options) *Report {
	r := &Report{}
	for _, f := range []*resultfile.File{old, new} {
		r.sound(f)
	}
	r.sameStudy(old, new)
	if len(r.Unclear) > 0 {
		return r
	}
	matches := r.match(groups(old, o), groups(new, o))
	if len(r.Unclear) == 0 && len(matches) == 0 {
		r.unclear("%s and %s: no benchmark to compare; what do they hold?", old.Path, new.Path)
	}
	var samples []sample
	for _, m := range matches {
		samples = append(samples, r.samples(m, old, new)...)
	}
	if len(r.Unclear) > 0 {
		return r
	}
	r.judge(samples, noise(old, new), o)
	return r
}

func (r *Report) unclear(format string, args ...any) {
	r.Unclear = append(r.Unclear, fmt.Sprintf(format, args...))
}

func (r *Report) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(r.Notes, text) {
		r.Notes = append(r.Notes, text)
	}
}

// sound refuses a file with a line that can't be read, a figure that isn't a number, or the trace of a
// failure. The results of a study must keep all rules of their format.
func (r *Report) sound(f *resultfile.File) {
	problems := f.Problems
	if slices.ContainsFunc(f.Lines, func(l resultfile.Line) bool { return l.Config.Values["study"] != "" }) {
		problems = resultcheck.Check(f, resultcheck.Expect{})
	}
	for i, p := range problems {
		if i == 5 {
			r.unclear("%s: %d more problems; mtobench check lists them", f.Path, len(problems)-i)
			break
		}
		r.unclear("%s", p)
	}
	for _, l := range f.Lines {
		for _, v := range l.Values {
			if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
				r.unclear("%s:%d: %v %s: not a number", f.Path, l.Number, v.Number, v.Unit)
			}
		}
	}
	for _, p := range f.Foreign {
		if strings.Contains(p.Found, `"FAIL`) || strings.Contains(p.Found, `"--- FAIL`) || strings.Contains(p.Found, `"panic:`) {
			r.unclear("%s:%d: a benchmark failed, so its line is missing", f.Path, p.Line)
		}
	}
	if len(f.Lines) == 0 {
		r.unclear("%s: no benchmark line", f.Path)
	}
}

// sameStudy refuses results of two locks.
func (r *Report) sameStudy(old, new *resultfile.File) {
	studies := func(f *resultfile.File) []string {
		var list []string
		for _, l := range f.Lines {
			list = append(list, l.Config.Values["study"])
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	a, b := studies(old), studies(new)
	if len(a) > 0 && len(b) > 0 && !slices.Equal(a, b) {
		r.unclear("study %s in %s, %s in %s: results of different locks don't compare; run the new code with the old lock (mtobench run --lock)",
			said(a), old.Path, said(b), new.Path)
	}
}

func said(studies []string) string {
	text := strings.Join(studies, " and ")
	if text == "" {
		return "(none)"
	}
	return text
}

// noise is the largest change of each unit that repeating a run showed, as a fraction.
func noise(files ...*resultfile.File) map[string]float64 {
	found := map[string]float64{}
	for _, f := range files {
		for _, l := range f.Lines {
			for _, again := range l.Repeat {
				first, ok := l.Value(again.Unit)
				if ok && first > 0 && again.Number > 0 {
					found[again.Unit] = max(found[again.Unit], again.Number/first-1, first/again.Number-1)
				}
			}
		}
	}
	return found
}
