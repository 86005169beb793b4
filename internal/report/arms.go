package report

import (
	"slices"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// Classes of the arms in style.css, and their names in words.
const (
	armOff = harness.ArmOff
	armOn  = harness.ArmOn
)

var armText = map[string]string{armOff: "without MTO", armOn: "with MTO"}

var arms = []string{armOff, armOn}

// runsOf lists the finished runs of an arm.
func runsOf(r *harness.Report, arm string) []*harness.Finished {
	var list []*harness.Finished
	for _, f := range r.Runs {
		if f.Job.Arm == arm {
			list = append(list, f)
		}
	}
	return list
}

// epochsOf is the grid that all runs share; nil without a run.
func epochsOf(r *harness.Report) []float64 {
	if len(r.Runs) == 0 {
		return nil
	}
	return column(r.Runs[0].Curve, func(p harness.Point) float64 { return p.Epochs })
}

func column(c harness.Curve, of func(harness.Point) float64) []float64 {
	list := make([]float64, len(c))
	for i, p := range c {
		list[i] = of(p)
	}
	return list
}

func top1(p harness.Point) float64 { return p.Top1 }

// A spread is how several curves over one grid lie, point by point.
type spread struct {
	n                       int
	lo, q1, median, q3, top []float64
}

// minQuartiles is the number of curves from which quartiles say something.
const minQuartiles = 5

// spreadOf summarises one quantity over the runs of an arm. A point that some run lacks ends it: later
// ones aren't of the same runs.
func spreadOf(runs []*harness.Finished, of func(harness.Point) (float64, bool)) spread {
	s := spread{n: len(runs)}
	if len(runs) == 0 {
		return s
	}
	for i := range runs[0].Curve {
		var values []float64
		for _, f := range runs {
			if v, ok := of(f.Curve[i]); ok {
				values = append(values, v)
			}
		}
		if len(values) < len(runs) {
			break
		}
		slices.Sort(values)
		s.lo, s.top = append(s.lo, values[0]), append(s.top, values[len(values)-1])
		s.q1, s.q3 = append(s.q1, statistics.Quantile(values, 0.25)), append(s.q3, statistics.Quantile(values, 0.75))
		s.median = append(s.median, statistics.Median(values))
	}
	return s
}

// draw puts the bands and the median of an arm into a plot.
func (s spread) draw(p *plot, arm string, x []float64) {
	x = x[:len(s.median)]
	p.band("range "+arm, x, s.lo, s.top)
	if s.n >= minQuartiles {
		p.band("quartiles "+arm, x, s.q1, s.q3)
	}
	p.curve("median "+arm, x, s.median)
}

// reach widens lo and hi to the spread.
func (s spread) reach(lo, hi float64) (float64, float64) {
	for i := range s.lo {
		lo, hi = min(lo, s.lo[i]), max(hi, s.top[i])
	}
	return lo, hi
}

// crossings reads one arm at a target.
func crossings(runs []*harness.Finished, tau float64) []statistics.Crossing {
	list := make([]statistics.Crossing, len(runs))
	for i, f := range runs {
		list[i] = f.Outcome(tau).Crossing
	}
	return list
}
