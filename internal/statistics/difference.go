package statistics

import (
	"encoding/json"
	"math"
)

// A Difference is a paired comparison of means, in the unit of its arguments (methodology b.6).
type Difference struct {
	Pairs    int
	Mean     float64
	StdDev   float64  // of the differences; NaN below two pairs
	Interval Interval // two-sided 95 %, Student's t
	Lower    float64  // one-sided 95 % lower limit: above it lies the true mean in 95 % of studies
	Upper    float64  // one-sided 95 % upper limit
}

// MarshalJSON writes mean and limits, null for one that the data don't give.
func (d Difference) MarshalJSON() ([]byte, error) {
	limits := Interval{d.Lower, d.Upper}
	return json.Marshal(map[string]any{"pairs": d.Pairs, "mean": d.Mean, "interval": d.Interval, "one_sided_limits": limits})
}

// PairedDifference compares x[i] - y[i] by Student's t: for non-inferiority with margin delta ask
// whether Lower > -delta. Limits are infinite below two pairs.
func PairedDifference(x, y []float64) Difference {
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i] - y[i]
	}
	r := Difference{Pairs: len(d), Mean: Mean(d), StdDev: StdDev(d), Interval: StudentInterval(d), Lower: math.Inf(-1), Upper: math.Inf(1)}
	if len(d) >= 2 {
		half := studentHalf(0.90, d)
		r.Lower, r.Upper = r.Mean-half, r.Mean+half
	}
	return r
}
