package statistics

import (
	"encoding/json"
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// An Interval is a two-sided 95 % confidence interval. A side that the data don't bound is infinite.
type Interval struct{ Lo, Hi float64 }

// Everything is the interval of data that bound nothing.
var Everything = Interval{math.Inf(-1), math.Inf(1)}

// Contains reports whether x lies in the interval, ends included.
func (i Interval) Contains(x float64) bool { return i.Lo <= x && x <= i.Hi }

// Exp takes an interval of logarithms to one of ratios.
func (i Interval) Exp() Interval { return Interval{exp(i.Lo), exp(i.Hi)} }

func exp(x float64) float64 {
	if math.IsInf(x, 0) {
		return max(0, x)
	}
	return detmath.Exp(x)
}

// MarshalJSON writes [lo, hi], null for a side without bound.
func (i Interval) MarshalJSON() ([]byte, error) {
	var ends [2]*float64
	for k, end := range []float64{i.Lo, i.Hi} {
		if !math.IsInf(end, 0) && !math.IsNaN(end) {
			ends[k] = &end
		}
	}
	return json.Marshal(ends)
}
