package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/resultfile"
)

// A group is all lines of one benchmark under one configuration.
type group struct {
	name   string // with -N
	config *resultfile.Config
	lines  []*resultfile.Line
}

// volatile configuration lines say when and from what a result was made; they may differ.
var volatile = []string{"commit", "commit-time", "experiment-time", "date", "time"}

// groups sorts a file's lines, in the order of their first appearance.
func groups(f *resultfile.File, o Options) []*group {
	var list []*group
	at := map[string]*group{}
	for i := range f.Lines {
		l := &f.Lines[i]
		if o.Epochs && l.Config.Values["cpu"] != "" {
			continue
		}
		name := l.Name + l.Procs
		key := name + "\n" + facts(l.Config)
		if at[key] == nil {
			at[key] = &group{name: name, config: l.Config}
			list = append(list, at[key])
		}
		at[key].lines = append(at[key].lines, l)
	}
	return list
}

// facts are the configuration lines that must agree.
func facts(c *resultfile.Config) string {
	var b strings.Builder
	for _, key := range c.Keys {
		if !slices.Contains(volatile, key) {
			fmt.Fprintf(&b, "%s: %s\n", key, c.Values[key])
		}
	}
	return b.String()
}

// A match is one benchmark in both files.
type match struct{ old, new *group }

// match finds each old benchmark among the new ones.
func (r *Report) match(old, new []*group) []match {
	var matches []match
	for _, a := range old {
		same := func(b *group) bool { return a.name == b.name }
		equal := slices.IndexFunc(new, func(b *group) bool { return same(b) && facts(a.config) == facts(b.config) })
		if equal >= 0 {
			matches = append(matches, match{a, new[equal]})
			continue
		}
		if near := slices.IndexFunc(new, same); near >= 0 {
			r.unclear("%s: %s: such figures don't compare; measure both on one machine, or judge epochs alone (--epochs)", a.name, difference(a.config, new[near].config))
			continue
		}
		base := func(g *group) string { return g.lines[0].Name }
		if near := slices.IndexFunc(new, func(b *group) bool { return base(a) == base(b) && a.lines[0].Procs != "" && b.lines[0].Procs != "" }); near >= 0 {
			r.unclear("%s: %s threads or processors in the new file, %s in the old: measure both alike", base(a), new[near].lines[0].Procs[1:], a.lines[0].Procs[1:])
			continue
		}
		r.unclear("%s: missing in the new file: a benchmark that fails prints no line; run it again, or take it out of the old file", a.name)
	}
	for _, b := range new {
		if !slices.ContainsFunc(old, func(a *group) bool { return a.name == b.name }) {
			r.note("%s is new: nothing to compare it with", b.name)
		}
	}
	return matches
}

// difference names the first configuration line in which two results differ.
func difference(a, b *resultfile.Config) string {
	keys := slices.Concat(a.Keys, b.Keys)
	slices.Sort(keys)
	for _, key := range keys {
		if x, y := a.Values[key], b.Values[key]; x != y && !slices.Contains(volatile, key) {
			return fmt.Sprintf("%s is %q in the old file, %q in the new", key, x, y)
		}
	}
	return "they differ"
}

// A sample is the figures of one unit of one benchmark in both files.
type sample struct {
	name, unit string
	better     string
	place      bool // measured somewhere: noise of the host applies
	paired     bool // old[i] and new[i] are of one seed
	old, new   []float64
}

// standard are the units that go test declares nowhere.
var standard = map[string]string{"ns/op": "lower", "B/op": "lower", "allocs/op": "lower", "MB/s": "higher"}

// samples takes the figures of a match.
func (r *Report) samples(m match, old, new *resultfile.File) []sample {
	if a, b := len(m.old.lines), len(m.new.lines); a != b {
		r.unclear("%s: %d runs in the old file, %d in the new: a run is missing; finish it, or take out as many (mtobench check)", m.old.name, a, b)
		return nil
	}
	paired := r.pair(m)
	if n := len(m.old.lines); paired && n < minPairs {
		r.unclear("%s: %d pairs: an interval needs at least %d; run more seeds", m.old.name, n, minPairs)
		return nil
	} else if !paired && n < minValues {
		r.unclear("%s: %d runs without seeds to pair them: an interval needs at least %d; repeat with -count", m.old.name, n, minValues)
		return nil
	}
	var list []sample
	for _, v := range m.old.lines[0].Values {
		s := sample{name: m.old.name, unit: v.Unit, place: m.old.config.Values["cpu"] != "", paired: paired}
		for i := range m.old.lines {
			x, okOld := m.old.lines[i].Value(v.Unit)
			y, okNew := m.new.lines[i].Value(v.Unit)
			if !okOld || !okNew {
				r.unclear("%s: no figure in %s in some of its lines: the two files aren't of one benchmark", m.old.name, v.Unit)
				return nil
			}
			s.old, s.new = append(s.old, x), append(s.new, y)
		}
		a, b := direction(old, v.Unit), direction(new, v.Unit)
		if a != "" && b != "" && a != b {
			r.unclear("%s: better=%s in the old file, better=%s in the new", v.Unit, a, b)
			return nil
		}
		s.better = max(a, b) // one may be empty
		list = append(list, s)
	}
	return list
}

func direction(f *resultfile.File, unit string) string {
	if better := f.Better[unit]; better != "" {
		return better
	}
	return standard[unit]
}

// pair puts the lines of both sides into the order of their seeds and reports whether they can be paired.
func (r *Report) pair(m match) bool {
	var seeds [2][]int
	for side, g := range []*group{m.old, m.new} {
		for _, l := range g.lines {
			if !l.Seeded {
				r.note("lines without a seed are compared unpaired, by Welch's interval of the logarithms")
				return false
			}
		}
		slices.SortStableFunc(g.lines, func(a, b *resultfile.Line) int { return a.Seed - b.Seed })
		for _, l := range g.lines {
			seeds[side] = append(seeds[side], l.Seed)
		}
	}
	if !slices.Equal(seeds[0], seeds[1]) {
		r.unclear("%s: seeds %v in the old file, %v in the new: the same seeds must run on both sides", m.old.name, seeds[0], seeds[1])
	}
	return true
}
