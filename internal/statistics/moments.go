package statistics

import (
	"math"
	"slices"

	"github.com/mtobench/mtobench/internal/detmath"
)

// Sum of x in its order.
func Sum(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum
}

// Mean of x, summed in order; NaN of none.
func Mean(x []float64) float64 { return Sum(x) / float64(len(x)) }

// Logs returns ln x element by element.
func Logs(x []float64) []float64 {
	logs := make([]float64, len(x))
	for i, v := range x {
		logs[i] = detmath.Log(v)
	}
	return logs
}

// GeometricMean is exp of the mean of the logarithms of x, all positive; NaN of none.
func GeometricMean(x []float64) float64 { return detmath.Exp(Mean(Logs(x))) }

// StdDev is the sample standard deviation (divisor n-1), NaN below two values.
func StdDev(x []float64) float64 {
	m, sum := Mean(x), 0.0
	for _, v := range x {
		d := v - m
		sum += float64(d * d)
	}
	return math.Sqrt(sum / float64(len(x)-1))
}

// Median of x, the mean of the two middle values where their number is even.
func Median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// Correlation is Pearson's, NaN where a side is constant.
func Correlation(x, y []float64) float64 {
	mx, my := Mean(x), Mean(y)
	var xx, yy, xy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx += float64(dx * dx)
		yy += float64(dy * dy)
		xy += float64(dx * dy)
	}
	return xy / math.Sqrt(float64(xx*yy))
}
