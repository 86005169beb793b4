package harness

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/simd"
)

// n samples, d feature dimensions, k classes.

// features are the frozen features of a labelled set of images, standardised
// and stored by dimension, so that every sum over samples reads memory in order.
type features struct {
	n, d    int
	columns []float64 // [d][n]
	labels  []uint8   // [n]
}

// standardiser holds the mean and the standard deviation (divisor n) of each
// feature dimension over the probe's bank.
type standardiser struct{ mean, scale []float64 }

// newStandardiser measures x [n,d] row-major. A constant dimension gets scale 0,
// so that it contributes nothing instead of noise.
func newStandardiser(x []float32, d int) standardiser {
	n := len(x) / d
	s := standardiser{mean: make([]float64, d), scale: make([]float64, d)}
	for i := 0; i < n; i++ {
		for j := 0; j < d; j++ {
			s.mean[j] += float64(x[i*d+j])
		}
	}
	for j := range s.mean {
		s.mean[j] /= float64(n)
	}
	for i := 0; i < n; i++ {
		for j := 0; j < d; j++ {
			c := float64(x[i*d+j]) - s.mean[j]
			s.scale[j] += float64(c * c)
		}
	}
	for j := range s.scale {
		if sd := math.Sqrt(s.scale[j] / float64(n)); sd > 1e-12 {
			s.scale[j] = 1 / sd
		} else {
			s.scale[j] = 0
		}
	}
	return s
}

// apply standardises x [n,d]; it reads x only and keeps labels.
func (s standardiser) apply(x []float32, labels []uint8) features {
	d := len(s.mean)
	n := len(x) / d
	f := features{n: n, d: d, columns: make([]float64, n*d), labels: labels}
	for i := 0; i < n; i++ {
		for j := 0; j < d; j++ {
			f.columns[j*n+i] = (float64(x[i*d+j]) - s.mean[j]) * s.scale[j]
		}
	}
	return f
}

// ridgeTop1 is the primary probe (methodology.md 2.3): one-hot ridge regression
// with an unpenalised intercept, fitted on bank and scored on val. The penalty is
// lambda*n. It returns the accuracy on val in percent. Everything is float64 in
// a fixed order: the same bits on every machine and for any number of threads.
func ridgeTop1(p *simd.Pool, bank, val features, classes int, lambda float64) (float64, error) {
	d, n := bank.d, bank.n
	gram := make([]float64, d*d)
	p.For(d, func(i, _ int) {
		ci := bank.columns[i*n : (i+1)*n]
		for j := 0; j <= i; j++ {
			gram[i*d+j] = dot64(ci, bank.columns[j*n:(j+1)*n])
		}
		gram[i*d+i] += float64(lambda * float64(n))
	})
	prior := make([]float64, classes)
	for _, c := range bank.labels {
		prior[c]++
	}
	for c := range prior {
		prior[c] /= float64(n)
	}
	weights := make([]float64, classes*d) // [k][d]: right-hand sides, then solutions
	for j := 0; j < d; j++ {
		total := 0.0
		sums := make([]float64, classes)
		for i, c := range bank.labels {
			z := bank.columns[j*n+i]
			sums[c] += z
			total += z
		}
		for c := range sums {
			weights[c*d+j] = sums[c] - float64(prior[c]*total)
		}
	}
	if err := choleskyFactor(gram, d); err != nil {
		return 0, fmt.Errorf("ridge probe: %w", err)
	}
	for c := 0; c < classes; c++ {
		choleskySolve(gram, weights[c*d:(c+1)*d])
	}

	const block = 64 // validation images a task
	hits := make([]int, (val.n+block-1)/block)
	p.For(len(hits), func(task, _ int) {
		for i := task * block; i < min((task+1)*block, val.n); i++ {
			best, bestScore := 0, math.Inf(-1)
			for c := 0; c < classes; c++ {
				score := prior[c]
				for j := 0; j < d; j++ {
					score += float64(weights[c*d+j] * val.columns[j*val.n+i])
				}
				if score > bestScore { // ties go to the lower class
					best, bestScore = c, score
				}
			}
			if best == int(val.labels[i]) {
				hits[task]++
			}
		}
	})
	return percent(hits, val.n), nil
}

func percent(hits []int, n int) float64 {
	total := 0
	for _, h := range hits {
		total += h
	}
	return 100 * float64(total) / float64(n)
}

// dot64 sums x*y in four interleaved chains: element i goes to chain i mod 4,
// and the chains are added as (0+1)+(2+3).
func dot64(x, y []float64) float64 {
	var s0, s1, s2, s3 float64
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s0 += float64(x[i] * y[i])
		s1 += float64(x[i+1] * y[i+1])
		s2 += float64(x[i+2] * y[i+2])
		s3 += float64(x[i+3] * y[i+3])
	}
	switch len(x) - i {
	case 3:
		s2 += float64(x[i+2] * y[i+2])
		fallthrough
	case 2:
		s1 += float64(x[i+1] * y[i+1])
		fallthrough
	case 1:
		s0 += float64(x[i] * y[i])
	}
	return (s0 + s1) + (s2 + s3)
}

// choleskyFactor overwrites the lower triangle of the symmetric positive
// definite a [d,d] with L, a = L·Lᵀ, row by row.
func choleskyFactor(a []float64, d int) error {
	for i := 0; i < d; i++ {
		for j := 0; j <= i; j++ {
			s := a[i*d+j]
			for k := 0; k < j; k++ {
				s -= float64(a[i*d+k] * a[j*d+k])
			}
			if i != j {
				a[i*d+j] = s / a[j*d+j]
				continue
			}
			if !(s > 0) { // also NaN
				return fmt.Errorf("cholesky: pivot %d of %d is %g, want > 0: features hold non-finite values or lambda is 0", i, d, s)
			}
			a[i*d+i] = math.Sqrt(s)
		}
	}
	return nil
}

// choleskySolve overwrites b [d] with the solution of L·Lᵀ·x = b.
func choleskySolve(l []float64, b []float64) {
	d := len(b)
	for i := 0; i < d; i++ {
		s := b[i]
		for k := 0; k < i; k++ {
			s -= float64(l[i*d+k] * b[k])
		}
		b[i] = s / l[i*d+i]
	}
	for i := d - 1; i >= 0; i-- {
		s := b[i]
		for k := i + 1; k < d; k++ {
			s -= float64(l[k*d+i] * b[k])
		}
		b[i] = s / l[i*d+i]
	}
}
