package harness

import (
	"fmt"
	"slices"

	"github.com/mtobench/mtobench/internal/statistics"
	"github.com/mtobench/mtobench/nn"
)

// What a study for a claim has (methodology b.3 and 1.8): with fewer pairs there is no verdict, with fewer
// validation images a note.
const (
	minPairs      = 6
	minValidation = 5000
)

// judge compares the finished pairs at every target and applies the rule of b.5.
func (r *Report) judge() error {
	lock := r.Study.Lock
	both := r.Pairs()
	if err := r.check(both); err != nil {
		return err
	}
	for i, t := range lock.Targets {
		if t.C == lock.Primary {
			r.Primary = i
		}
		tr := TargetReport{Target: t}
		if len(both) > 0 {
			tr.Comparison = compare(crossings(both, t.Tau), t)
		}
		r.Targets = append(r.Targets, tr)
	}
	primary := r.Targets[r.Primary]
	e := evidence{
		comparison: primary.Comparison, c: lock.Primary, checks: len(r.Checks),
		guard: slices.Clone(primary.Refused), guards: guards(primary.Target, r.probe(), r.Study.Config.Train.Schedule, len(lock.Seeds)),
	}
	for _, c := range r.Checks {
		if !c.OK {
			e.failed = append(e.failed, c.Name+": "+c.Found)
		}
	}
	refused := len(e.guard)
	if schedule := r.Study.Config.Train.Schedule; schedule != string(nn.Constant) {
		e.guard = append(e.guard, fmt.Sprintf("under a %s schedule a crossing is no epoch reduction (train.schedule=constant measures one)", schedule))
	}
	if n := len(lock.Seeds); n < minPairs {
		e.guard = append(e.guard, fmt.Sprintf("%d pairs are too few for a verdict (at least %d)", n, minPairs))
	}
	r.unfit = len(e.guard) > refused
	r.Verdict = judge(e)
	if len(both) > 0 {
		r.compareUnits(both, primary.Target)
		r.raw(both, primary.Tau)
	}
	if n := lock.Data.Validation; n < minValidation {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d validation images: fewer than the 5,000 that a study for a claim should have", n))
	}
	return nil
}

// crossings reads each pair at one target.
func crossings(both [][2]*Finished, tau float64) []Pair {
	var pairs []Pair
	for _, p := range both {
		pairs = append(pairs, Pair{p[0].Outcome(tau).Crossing, p[1].Outcome(tau).Crossing})
	}
	return pairs
}

// raw reads the secondary number.
func (r *Report) raw(both [][2]*Finished, tau float64) {
	var off, on []float64
	for _, p := range both {
		a, b := p[0].Outcome(tau).Raw, p[1].Outcome(tau).Raw
		off, on = append(off, a.At), append(on, b.At)
		if a.Hit {
			r.Secondary.HitsOff++
		}
		if b.Hit {
			r.Secondary.HitsOn++
		}
	}
	r.Secondary.MedianOff, r.Secondary.MedianOn = statistics.Median(off), statistics.Median(on)
}

// Shown reports whether the statistics at a target may be shown: not those of a void study, and none but a
// reason where b.4 finds the target not measurable ("not a number"). c = 1.00 is reported whatever the guard says.
func (r *Report) Shown(t TargetReport) bool {
	return r.compared() && !r.unfit && t.Pairs > 0 && (len(t.Refused) == 0 || t.converged())
}

// ShownPrimary is Shown of the target that the verdict is about.
func (r *Report) ShownPrimary() bool { return r.Shown(r.Targets[r.Primary]) }
