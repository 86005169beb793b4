package statistics

import (
	"math"
	"slices"
	"sync"

	"github.com/mtobench/mtobench/nn"
)

// Resamples is the number of bootstrap resamples (methodology b.5).
const Resamples = 10_000

// resampled holds what resamples returned, by n: they are the same in every study.
var resampled sync.Map

// resamples lists the indices of all resamples of n, one resample after the other. Resample b draws its
// n with replacement from the stream "bootstrap" at (0, b).
func resamples(n int) []int {
	if list, ok := resampled.Load(n); ok {
		return list.([]int)
	}
	stream := nn.NewStream(0, "bootstrap")
	list := make([]int, 0, Resamples*n)
	for b := range uint32(Resamples) {
		draw := stream.At(0, b)
		for range n {
			list = append(list, draw.IntN(n))
		}
	}
	resampled.Store(n, list)
	return list
}

// Bootstrap returns the sorted values of a statistic of n items over the [Resamples] resamples. The
// statistic is given the resampled indices and may not keep them.
func Bootstrap(n int, statistic func(index []int) float64) []float64 {
	values := make([]float64, Resamples)
	list := resamples(n)
	for b := range values {
		values[b] = statistic(list[b*n : (b+1)*n])
	}
	slices.Sort(values)
	return values
}

// Quantile of sorted values, linear between the order statistics (Hyndman and Fan's type 7).
func Quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 1 {
		return sorted[0]
	}
	at := float64(p * float64(len(sorted)-1))
	i := min(int(at), len(sorted)-2)
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}

// Percentile is the plain bootstrap interval of sorted resample values.
func Percentile(sorted []float64) Interval {
	return Interval{Quantile(sorted, 0.025), Quantile(sorted, 0.975)}
}

// BCaMean is the bias-corrected and accelerated bootstrap interval of the mean of x (Efron, "Better
// bootstrap confidence intervals", 1987), acceleration by jackknife. Where all of x are equal the
// interval is that point.
func BCaMean(x []float64) Interval {
	n, theta := len(x), Mean(x)
	if slices.Min(x) == slices.Max(x) {
		return Interval{x[0], x[0]}
	}
	values := Bootstrap(n, func(index []int) float64 {
		sum := 0.0
		for _, i := range index {
			sum += x[i]
		}
		return sum / float64(n)
	})
	rounding := float64(1e-12 * max(math.Abs(slices.Max(x)), math.Abs(slices.Min(x))))
	below := 0.0 // share of resamples below theta; ties half: those that are a permutation of x, whose sums differ by rounding
	for _, v := range values {
		switch {
		case math.Abs(v-theta) <= rounding:
			below += 0.5
		case v < theta:
			below++
		}
	}
	z0 := NormalQuantile(below / float64(len(values)))
	a := acceleration(x)
	corrected := func(z float64) float64 {
		return NormalCDF(z0 + (z0+z)/(1-float64(a*(z0+z))))
	}
	z := NormalQuantile(0.975)
	return Interval{Quantile(values, corrected(-z)), Quantile(values, corrected(z))}
}

// acceleration of the mean: sum d^3 / (6 (sum d^2)^1.5), d = mean of the leave-one-out means minus
// each of them, which is (x_i - mean)/(n-1).
func acceleration(x []float64) float64 {
	m := Mean(x)
	var cubes, squares float64
	for _, v := range x {
		d := (v - m) / float64(len(x)-1)
		squares += float64(d * d)
		cubes += float64(float64(d*d) * d)
	}
	return cubes / (6 * squares * math.Sqrt(squares))
}
