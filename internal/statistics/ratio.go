package statistics

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// LogRatios returns ln(x/y) pair by pair; all values positive. Exp of their mean is the paired
// geometric-mean ratio.
func LogRatios(x, y []float64) []float64 {
	logs := make([]float64, len(x))
	for i := range x {
		logs[i] = detmath.Log(x[i] / y[i])
	}
	return logs
}

// StudentInterval is Student's interval of the mean of x. Two values are the least that bound anything.
func StudentInterval(x []float64) Interval {
	if len(x) < 2 {
		return Everything
	}
	m, half := Mean(x), studentHalf(0.95, x)
	return Interval{m - half, m + half}
}

// studentHalf is the half width of Student's interval of that central coverage; two values or more.
func studentHalf(central float64, x []float64) float64 {
	n := len(x)
	return StudentQuantile(central, n-1) * StdDev(x) / math.Sqrt(float64(n))
}
