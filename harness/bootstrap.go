package harness

import (
	"math"
	"slices"

	"github.com/mtobench/mtobench/nn"
)

// resamples is the number of bootstrap resamples (methodology b.5).
const resamples = 10_000

// bootstrap returns the sorted values of a statistic of n pairs over the resamples. Resample b draws
// its pairs with replacement from the stream "bootstrap" at (0, b), the same in every study.
func bootstrap(n int, statistic func(pairs []int) float64) []float64 {
	stream := nn.NewStream(0, "bootstrap")
	values := make([]float64, resamples)
	pairs := make([]int, n)
	for b := range values {
		draw := stream.At(0, uint32(b))
		for i := range pairs {
			pairs[i] = draw.IntN(n)
		}
		values[b] = statistic(pairs)
	}
	slices.Sort(values)
	return values
}

// quantile of sorted values, linear between the order statistics (Hyndman and Fan, type 7).
func quantile(sorted []float64, p float64) float64 {
	at := float64(p * float64(len(sorted)-1))
	i := min(int(at), len(sorted)-2)
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}

// percentileInterval is the plain bootstrap interval of sorted resample values.
func percentileInterval(sorted []float64) Interval {
	return Interval{quantile(sorted, 0.025), quantile(sorted, 0.975)}
}

// bcaMean is the bias-corrected and accelerated interval of the mean of x (Efron, "Better bootstrap
// confidence intervals", 1987), acceleration by jackknife. Where all of x are equal the interval is
// that point.
func bcaMean(x []float64) Interval {
	n, theta := len(x), mean(x)
	if slices.Min(x) == slices.Max(x) {
		return Interval{x[0], x[0]}
	}
	values := bootstrap(n, func(pairs []int) float64 {
		sum := 0.0
		for _, i := range pairs {
			sum += x[i]
		}
		return sum / float64(n)
	})
	below := 0.0 // share of resamples below theta, ties half
	for _, v := range values {
		switch {
		case v < theta:
			below++
		case v == theta:
			below += 0.5
		}
	}
	z0 := normalQuantile(below / float64(len(values)))
	a := acceleration(x)
	corrected := func(z float64) float64 {
		return normalCDF(z0 + (z0+z)/(1-float64(a*(z0+z))))
	}
	z := normalQuantile(0.975)
	return Interval{quantile(values, corrected(-z)), quantile(values, corrected(z))}
}

// acceleration of the mean: sum d^3 / (6 (sum d^2)^1.5), d = mean of the leave-one-out means minus
// each of them, which is (x_i - mean)/(n-1).
func acceleration(x []float64) float64 {
	m := mean(x)
	var cubes, squares float64
	for _, v := range x {
		d := (v - m) / float64(len(x)-1)
		squares += float64(d * d)
		cubes += float64(float64(d*d) * d)
	}
	return cubes / (6 * squares * math.Sqrt(squares))
}
