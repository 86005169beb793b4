package harness

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// An Interval is a two-sided 95 % interval.
type Interval struct{ Lo, Hi float64 }

// logRatios returns ln(on/off) pair by pair; both sides positive.
func logRatios(on, off []float64) []float64 {
	d := make([]float64, len(on))
	for i := range on {
		d[i] = detmath.Log(on[i] / off[i])
	}
	return d
}

// logsOf returns ln x element by element, x positive.
func logsOf(x []float64) []float64 {
	d := make([]float64, len(x))
	for i, v := range x {
		d[i] = detmath.Log(v)
	}
	return d
}

// expInterval takes an interval of logs to ratios.
func expInterval(i Interval) Interval { return Interval{detmath.Exp(i.Lo), detmath.Exp(i.Hi)} }

// geometricMean returns exp of the mean of logs: the paired geometric-mean ratio rho of b.5.
func geometricMean(logs []float64) float64 { return detmath.Exp(mean(logs)) }

// tInterval is exp of the t-interval of the mean of logs. Below two values it is (0, +Inf).
func tInterval(logs []float64) Interval {
	n := len(logs)
	if n < 2 {
		return Interval{0, math.Inf(1)}
	}
	m := mean(logs)
	half := tQuantile975(n-1) * stdDev(logs) / math.Sqrt(float64(n))
	return expInterval(Interval{m - half, m + half})
}
