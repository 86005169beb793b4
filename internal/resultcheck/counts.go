package resultcheck

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// An arm is all lines of one name.
type arm struct {
	name   string
	time   bool
	arm    string
	budget string // of whole schedules; empty: none
	lines  []*resultfile.Line
}

// String names the arm in messages.
func (a *arm) String() string {
	if a.budget != "" {
		return fmt.Sprintf("budget=%s mto=%s", a.budget, a.arm)
	}
	return "mto=" + a.arm
}

// counts checks the number of runs, the order of the arms, and that both arms have the same seeds.
func (c *checker) counts() {
	order := c.arms()
	for _, a := range order {
		c.partners(a, order)
		c.seeds(a)
	}
	for _, a := range order {
		if want := c.wanted(a, order); len(a.lines) != want {
			c.add(a.lines[0].Number, fmt.Sprintf("%d %s lines with %s, want %d", len(a.lines), a.block(), a, want),
				"benchstat would compare unequal numbers without a word; finish the study (mtobench run), then collect it")
		}
	}
}

// arms lists the arms of the file by appearance.
func (c *checker) arms() []*arm {
	var order []*arm
	for i := range c.file.Lines {
		l := &c.file.Lines[i]
		isTime := isTime(l)
		at := slices.IndexFunc(order, func(a *arm) bool { return a.name == l.Name && a.time == isTime })
		if at < 0 {
			at = len(order)
			order = append(order, &arm{name: l.Name, time: isTime, arm: l.Arm(), budget: budgetOf(l)})
		}
		order[at].lines = append(order[at].lines, l)
	}
	return order
}

func (a *arm) block() string {
	if a.time {
		return "time"
	}
	return "epochs"
}

// wanted is the number of runs an arm should have: as expected, or as many as the largest.
func (c *checker) wanted(a *arm, all []*arm) int {
	if c.expect.Pairs > 0 {
		return c.expect.Pairs
	}
	most := 0
	for _, o := range all {
		if o.study() == a.study() {
			most = max(most, len(o.lines))
		}
	}
	return most
}

// base is the name without its arm.
func (a *arm) base() string { return strings.Replace(a.name, "mto="+a.arm, "mto=", 1) }

// study is the base without its budget: a study has as many runs of each.
func (a *arm) study() string { return strings.Replace(a.base(), "budget="+a.budget+"/", "", 1) }

// partners checks that the baseline stands before the other arms, and that every arm has both blocks.
func (c *checker) partners(a *arm, all []*arm) {
	find := func(name string, isTime bool) *arm {
		at := slices.IndexFunc(all, func(o *arm) bool { return o.name == name && o.time == isTime })
		if at < 0 {
			return nil
		}
		return all[at]
	}
	if find(a.name, !a.time) == nil {
		c.add(a.lines[0].Number, fmt.Sprintf("%s has lines of the %s block only", a, a.block()), "a study writes both; collect it again (mtobench collect)")
	}
	if a.arm == harness.ArmOff {
		other := slices.IndexFunc(all, func(o *arm) bool { return o != a && o.time == a.time && o.base() == a.base() })
		if other < 0 {
			c.add(a.lines[0].Number, fmt.Sprintf("no line of an arm with MTO beside %s", a), "nothing to compare; finish the study (mtobench run)")
		}
		return
	}
	off := find(strings.Replace(a.name, "mto="+a.arm, "mto="+harness.ArmOff, 1), a.time)
	switch {
	case off == nil:
		c.add(a.lines[0].Number, fmt.Sprintf("%s without lines of mto=off", a), "nothing to compare with; finish the study (mtobench run)")
	case off.lines[0].Number > a.lines[0].Number:
		c.add(off.lines[0].Number, fmt.Sprintf("%s comes after mto=%s", off, a.arm), "benchstat takes the first column for the base: put off first")
	default:
		c.sameSeeds(a, off)
	}
}

// seeds checks that an arm has each seed once.
func (c *checker) seeds(a *arm) {
	seen := map[int]int{}
	for _, l := range a.lines {
		if !l.Seeded {
			continue
		}
		if first, ok := seen[l.Seed]; ok {
			c.add(l.Number, fmt.Sprintf("seed %d of %s again, first in line %d", l.Seed, a, first), "two results for one run: keep one")
			continue
		}
		seen[l.Seed] = l.Number
	}
	lock := c.expect.Lock
	for seed, line := range seen {
		if lock != nil && !slices.Contains(lock.Seeds, seed) {
			c.add(line, fmt.Sprintf("seed %d isn't one of the lock's", seed), "only the seeds fixed beforehand count; take the line out")
		}
	}
}

// sameSeeds checks that the arms are paired, where the seeds are known.
func (c *checker) sameSeeds(a, off *arm) {
	on, base := map[int]*resultfile.Line{}, map[int]*resultfile.Line{}
	for _, side := range []struct {
		arm  *arm
		into map[int]*resultfile.Line
	}{{a, on}, {off, base}} {
		for _, l := range side.arm.lines {
			if !l.Seeded {
				return
			}
			side.into[l.Seed] = l
		}
	}
	alone := func(has, lacks map[int]*resultfile.Line, arm, other *arm) {
		for _, seed := range slices.Sorted(maps.Keys(has)) {
			if lacks[seed] == nil {
				c.add(has[seed].Number, fmt.Sprintf("seed %d has %s but not %s: no pair", seed, arm, other), "finish the study (mtobench run), then collect it")
			}
		}
	}
	alone(on, base, a, off)
	alone(base, on, off, a)
}
