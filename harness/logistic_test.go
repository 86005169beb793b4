package harness

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// lattice is a labelled data set of 600 points in 5 dimensions that any program can make: whole numbers modulo primes.
func lattice() (x []float32, labels []uint8) {
	const n, d = 600, 5
	for i := range n {
		for j := range d {
			x = append(x, float32(float64((i*(37+11*j)+17*j*j+5*i*i)%101)/101))
		}
		a, b := float64((i*37+5*i*i)%101), float64((i*13)%97)
		labels = append(labels, uint8(min(2, 3*(float64(float64(0.7*a)/101)+float64(0.3*b/97)))))
	}
	return x, labels
}

// TestLogisticProbeAgreesWithScikitLearn: values of scikit-learn 1.9.1, LogisticRegression(C=1/(0.01*500), tol=1e-13,
// solver="lbfgs") behind StandardScaler, both fitted on the first 500 points; its intercepts shifted to sum 0.
func TestLogisticProbeAgreesWithScikitLearn(t *testing.T) {
	const n, d, classes, lambda = 500, 5, 3, 1e-2
	x, labels := lattice()
	s := newStandardiser(x[:n*d], d)
	bank, rest := s.apply(x[:n*d], labels[:n]), s.apply(x[n*d:], labels[n:])
	pool := simd.NewPool(2)
	defer pool.Close()
	l, err := fitLogistic(pool, bank, classes, lambda, 1e-9)
	require.NoError(t, err)
	mean := 0.0
	for c := range classes {
		mean += l.weights[classes*d+c] / classes
	}
	for c := range classes {
		l.weights[classes*d+c] -= mean
	}
	require.InDeltaSlice(t, []float64{
		-2.7099916233, -0.0264123074, -0.0750097753, -0.0959625376, -0.0052778653,
		-0.0983378826, -0.0301727022, -0.0058658911, -0.0355863502, -0.0693552135,
		2.808329506, 0.0565850096, 0.0808756664, 0.1315488878, 0.0746330788,
		-0.94267398, 1.5000045499, -0.5573305699,
	}, l.weights, 1e-6)
	require.InDelta(t, 79, l.top1(pool, rest), 1e-9)
	require.InDelta(t, 81.6, l.top1(pool, bank), 1e-9)
	j := newLogisticJob(pool, bank, classes, lambda)
	require.InDelta(t, 0.49916317919316205, j.evaluate(l.weights, make([]float64, len(l.weights))), 1e-9)
}

func TestLogisticGradientAgreesWithFiniteDifferences(t *testing.T) {
	const n, d, classes = 700, 6, 4 // two blocks, the second not full
	x, labels := clusters(3, n, d, classes)
	pool := simd.NewPool(2)
	defer pool.Close()
	j := newLogisticJob(pool, newStandardiser(x, d).apply(x, labels), classes, 0.1)
	at := make([]float64, classes*(d+1))
	for i := range at {
		at[i] = math.Mod(0.37*float64(i), 1) - 0.5
	}
	gradient, scratch := make([]float64, len(at)), make([]float64, len(at))
	j.evaluate(at, gradient)
	const h = 1e-5
	for i := range at {
		v := at[i]
		at[i] = v + h
		up := j.evaluate(at, scratch)
		at[i] = v - h
		down := j.evaluate(at, scratch)
		at[i] = v
		require.InDelta(t, (up-down)/(2*h), gradient[i], 1e-8, "element %d", i)
	}
}

func TestLogisticProbeHasTheSameBitsForAnyNumberOfThreads(t *testing.T) {
	x, labels := clusters(2, 1300, 9, 5)
	bank := newStandardiser(x, 9).apply(x, labels)
	var want []float64
	for _, threads := range []int{1, 2, 5} {
		pool := simd.NewPool(threads)
		l, err := fitLogistic(pool, bank, 5, 1e-3, logisticTolerance)
		require.NoError(t, err)
		if want == nil {
			want = l.weights
		}
		require.Equal(t, want, l.weights, "%d threads", threads)
		pool.Close()
	}
}

func TestLogisticProbeNamesFeaturesThatAreNotFinite(t *testing.T) {
	x, labels := clusters(2, 60, 3, 2)
	bank := newStandardiser(x, 3).apply(x, labels)
	bank.columns[7] = math.NaN()
	pool := simd.NewPool(1)
	defer pool.Close()
	_, err := fitLogistic(pool, bank, 2, 1e-3, logisticTolerance)
	require.ErrorContains(t, err, "features hold non-finite values")
}

func BenchmarkLogistic(b *testing.B) {
	x, labels := clusters(2, 10000, 48, 10)
	bank := newStandardiser(x, 48).apply(x, labels)
	pool := simd.NewPool(2)
	defer pool.Close()
	for b.Loop() {
		_, err := fitLogistic(pool, bank, 10, 1e-3, logisticTolerance)
		require.NoError(b, err)
	}
}
