package harness

import "github.com/mtobench/mtobench/internal/statistics"

// A Crossing is the first place where a quality curve reaches a target (methodology b.5): At in epochs
// or in another unit of the budget; where Hit is false the run is right-censored and At is the budget.
type Crossing = statistics.Crossing

// An Interval is a two-sided 95 % confidence interval with fields Lo and Hi.
type Interval = statistics.Interval

// Pair is the crossings of one seed.
type Pair struct{ Off, On Crossing }

// arms separates pairs into the two arms, in their order.
func arms(pairs []Pair) (off, on []Crossing) {
	for _, p := range pairs {
		off, on = append(off, p.Off), append(on, p.On)
	}
	return off, on
}

// collapseDrop is the fall, in points, of the raw end value below the run's own maximum from which
// on a run counts as collapsed (methodology b.3).
const collapseDrop = 3.0

// collapsed reports whether the raw end value lies more than collapseDrop below the maximum.
func collapsed(q []float64) bool {
	top := q[0]
	for _, v := range q {
		top = max(top, v)
	}
	return q[len(q)-1] < top-collapseDrop
}
