// Package resultcheck checks a file of a study's results against the rules of the format (methodology
// 3.5), before anybody concludes something from it: the number of runs in each arm, every unit in every
// line, figures that are numbers, one study, and what tells the block of epochs from the block of time. A file
// holds the runs to a target (Pretrain) or the whole schedules of the confirmation (Complete).
//
// benchstat checks none of this: it drops lines it can't parse, compares ten runs with eight, and takes
// all memory on a NaN. Nothing here computes with the figures.
package resultcheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// Expect is what the file should hold, beside what the rules say.
type Expect struct {
	Pairs int           // runs in each arm; 0: the lock's, or as many in one arm as in the other
	Lock  *harness.Lock // of the study; nil: not known
}

// Check returns the problems of a file in the order of its lines, none where it keeps all rules.
func Check(f *resultfile.File, e Expect) []resultfile.Problem {
	c := checker{file: f, expect: e, problems: slices.Concat(f.Problems, f.Foreign), study: map[string]int{}}
	if e.Pairs == 0 && e.Lock != nil {
		c.expect.Pairs = len(e.Lock.Seeds)
	}
	if !slices.ContainsFunc(f.Lines, func(l resultfile.Line) bool { return isStudy(&l) }) {
		c.add(0, "no result of a study", "check reads the results.txt that mtobench collect writes (mtobench gate compares other benchmarks too)")
		return c.problems
	}
	first := slices.IndexFunc(f.Lines, func(l resultfile.Line) bool { return isStudy(&l) })
	c.whole = isWhole(&f.Lines[first])
	var config *resultfile.Config
	for i := range f.Lines {
		l := &f.Lines[i]
		if l.Config != config { // once for each configuration
			config = l.Config
			c.config(l)
		}
		c.name(l)
		c.values(l)
		c.units(l)
		if isTime(l) {
			c.place(l)
		} else {
			c.epochs(l)
			c.target(l)
		}
	}
	c.counts()
	c.budgets()
	slices.SortStableFunc(c.problems, func(a, b resultfile.Problem) int { return a.Line - b.Line })
	return c.problems
}

// isStudy reports whether a line is of a study at all.
func isStudy(l *resultfile.Line) bool {
	return strings.HasPrefix(l.Name, "Pretrain/") || isWhole(l) || l.Config.Values["study"] != ""
}

// isWhole reports whether a line is of a whole schedule.
func isWhole(l *resultfile.Line) bool { return strings.HasPrefix(l.Name, "Complete/") }

// isTime reports whether a line is of the time block.
func isTime(l *resultfile.Line) bool {
	return slices.ContainsFunc(slices.Concat(harness.ResultUnits(), harness.CompleteUnits()), func(u harness.Unit) bool {
		_, ok := l.Value(u.Name)
		return ok && u.Time
	})
}

type checker struct {
	file     *resultfile.File
	expect   Expect
	whole    bool // the file holds whole schedules
	problems []resultfile.Problem
	study    map[string]int // first line of each study
}

func (c *checker) add(line int, found, do string) {
	c.problems = append(c.problems, resultfile.Problem{Path: c.file.Path, Line: line, Found: found, Do: do})
}

// facts must stand above every line: where they differ, results don't compare. A whole schedule has no target, and its
// budget in its name.
var (
	facts      = []string{"dataset", "dataset-sha256", "target", "budget-epochs", "probe", "study"}
	wholeFacts = []string{"dataset", "dataset-sha256", "probe", "study", "schedule"}
)

// volatile would split benchstat's tables.
var volatile = []string{"seed", "commit", "commit-time", "experiment-time", "date", "time", "host", "hostname", "run"}

// config checks the configuration lines above a benchmark line.
func (c *checker) config(l *resultfile.Line) {
	values := l.Config.Values
	must := facts
	if c.whole {
		must = wholeFacts
	}
	for _, key := range must {
		if values[key] == "" {
			c.add(l.Number, fmt.Sprintf("no %s: line above it", key), "collect the study again (mtobench collect)")
		}
	}
	for _, key := range volatile {
		if _, ok := values[key]; ok {
			c.add(l.Number, fmt.Sprintf("a configuration line %s: above it, on which benchstat splits its tables", key), "put it into a comment, or export with --series to another file")
		}
	}
	study := values["study"]
	if study == "" {
		return
	}
	if _, ok := c.study[study]; !ok {
		c.study[study] = l.Number
		for other, at := range c.study {
			if other != study {
				c.add(l.Number, fmt.Sprintf("study %s, but line %d is of study %s: two locks in one file", study, at, other), "results of different locks don't compare; one file for each")
			}
		}
	}
	c.lock(l)
}

// lock compares the facts with the study's lock.
func (c *checker) lock(l *resultfile.Line) {
	lock := c.expect.Lock
	if lock == nil {
		return
	}
	if c.whole && lock.Config["complete.run"] != "true" {
		c.add(l.Number, "a whole schedule, but the lock beside the file asks for none (complete.run)", "the file isn't of this study; move it to its own lock")
	}
	for _, fact := range []struct{ key, want string }{
		{"study", lock.Study()},
		{"dataset-sha256", lock.Data.SHA256},
		{"budget-epochs", fmt.Sprintf("%.6g", lock.Budget.Epochs)},
		{"schedule", lock.Config["complete.schedule"]},
	} {
		if have := l.Config.Values[fact.key]; have != "" && have != fact.want {
			c.add(l.Number, fmt.Sprintf("%s is %s, the lock beside the file has %s", fact.key, have, fact.want), "the file isn't of this study; collect it again, or move it to its own lock")
		}
	}
}

// name checks the key=value parts.
func (c *checker) name(l *resultfile.Line) {
	parts := strings.Split(l.Name, "/")
	want := "Pretrain"
	if c.whole {
		want = "Complete"
	}
	if parts[0] != want {
		c.add(l.Number, fmt.Sprintf("benchmark %q, want %s", parts[0], want), "this file should hold the results of a study alone, and runs to a target and whole schedules have a file each")
		return
	}
	for _, part := range parts[1:] {
		key, value, ok := strings.Cut(part, "=")
		if ok && c.whole && key == "budget" {
			continue // see budgets
		}
		if !ok || !plain(key) || !plain(value) {
			c.add(l.Number, fmt.Sprintf("%q in the name, want key=value of a-z, 0-9, dot, underscore and dash", part), "other characters mean something to benchstat; rename it")
		}
	}
	if l.Arm() == "" {
		c.add(l.Number, "no part mto= in the name", "benchstat -col /mto has no column for it; run the benchmark with its arm in the name")
	}
}

func plain(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}
