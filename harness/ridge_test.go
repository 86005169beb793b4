package harness

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
)

// clusters makes n labelled points around class centres that overlap.
func clusters(seed uint64, n, d, classes int) ([]float32, []uint8) {
	centres := nn.NewStream(seed, "test/centres")
	points := nn.NewStream(seed, "test/points")
	x, labels := make([]float32, n*d), make([]uint8, n)
	for i := range labels {
		c := i % classes
		labels[i] = uint8(c)
		centre, noise := centres.At(0, uint32(c)), points.At(0, uint32(i))
		for j := 0; j < d; j++ {
			x[i*d+j] = float32(j) + centre.Normal() + 1.5*noise.Normal()
		}
	}
	return x, labels
}

// TestRidgeAgreesWithGonum compares the probe with gonum's Cholesky.
func TestRidgeAgreesWithGonum(t *testing.T) {
	const n, nv, d, classes, lambda = 301, 203, 17, 5, 1e-2
	pool := simd.NewPool(2)
	defer pool.Close()
	x, labels := clusters(1, n+nv, d, classes)
	s := newStandardiser(x[:n*d], d)
	bank, val := s.apply(x[:n*d], labels[:n]), s.apply(x[n*d:], labels[n:])
	got, err := ridgeTop1(pool, bank, val, classes, lambda)
	require.NoError(t, err)

	z := mat.NewDense(d, n, bank.columns)
	var gram mat.SymDense
	gram.SymOuterK(1, z)
	for j := 0; j < d; j++ {
		gram.SetSym(j, j, gram.At(j, j)+lambda*n)
	}
	y := mat.NewDense(n, classes, nil)
	prior := make([]float64, classes)
	for _, c := range bank.labels {
		prior[c] += 1.0 / n
	}
	for i, c := range bank.labels {
		for k := range prior {
			y.Set(i, k, -prior[k])
		}
		y.Set(i, int(c), 1-prior[c])
	}
	var rhs, w, scores mat.Dense
	rhs.Mul(z, y)
	var chol mat.Cholesky
	require.True(t, chol.Factorize(&gram))
	require.NoError(t, chol.SolveTo(&w, &rhs))
	scores.Mul(mat.NewDense(d, nv, val.columns).T(), &w)
	hits := 0
	for i := 0; i < nv; i++ {
		row := scores.RawRowView(i)
		for k := range row {
			row[k] += prior[k]
		}
		if slices.Index(row, slices.Max(row)) == int(val.labels[i]) {
			hits++
		}
	}
	require.InDelta(t, 100*float64(hits)/nv, got, 1e-9)
	require.Greater(t, got, 40.0, "the clusters are separable in part, chance is 20 %%")
	require.Less(t, got, 99.0)
}

func TestCholeskySolvesExactly(t *testing.T) {
	a := []float64{4, 0, 0, 2, 5, 0, 1, 3, 6} // lower triangle of a positive definite matrix
	full := mat.NewSymDense(3, []float64{4, 2, 1, 2, 5, 3, 1, 3, 6})
	b := []float64{1, 2, 3}
	var want mat.VecDense
	require.NoError(t, want.SolveVec(full, mat.NewVecDense(3, slices.Clone(b))))
	require.NoError(t, choleskyFactor(a, 3))
	choleskySolve(a, b)
	require.InDeltaSlice(t, want.RawVector().Data, b, 1e-14)
}

func TestProbesRefuseNonFiniteFeatures(t *testing.T) {
	pool := simd.NewPool(1)
	defer pool.Close()
	x, labels := clusters(1, 40, 3, 2)
	x[7] = float32(math.NaN())
	f := newStandardiser(x, 3).apply(x, labels)
	_, err := ridgeTop1(pool, f, f, 2, 1e-2)
	require.ErrorContains(t, err, "non-finite")
}

// TestProbesDoNotDependOnThreads is the bit-identity contract of the probes.
func TestProbesDoNotDependOnThreads(t *testing.T) {
	const n, nv, d, classes = 400, 300, 12, 6
	x, labels := clusters(3, n+nv, d, classes)
	s := newStandardiser(x[:n*d], d)
	bank, val := s.apply(x[:n*d], labels[:n]), s.apply(x[n*d:], labels[n:])
	var ridge, knn []float64
	for threads := 1; threads <= 3; threads++ {
		pool := simd.NewPool(threads)
		r, err := ridgeTop1(pool, bank, val, classes, 1e-2)
		require.NoError(t, err)
		ridge, knn = append(ridge, r), append(knn, knnTop1(pool, bank, val, classes, 20, 0.07))
		pool.Close()
	}
	require.Equal(t, ridge[0], ridge[1])
	require.Equal(t, ridge[0], ridge[2])
	require.Equal(t, knn[0], knn[1])
	require.Equal(t, knn[0], knn[2])
}

// TestKNNAgreesWithExhaustiveSearch scores by sorting every similarity in float64.
func TestKNNAgreesWithExhaustiveSearch(t *testing.T) {
	const n, nv, d, classes, k, temperature = 150, 130, 9, 4, 20, 0.07
	pool := simd.NewPool(2)
	defer pool.Close()
	x, labels := clusters(5, n+nv, d, classes)
	s := newStandardiser(x[:n*d], d)
	bank, val := s.apply(x[:n*d], labels[:n]), s.apply(x[n*d:], labels[n:])

	cosine := func(i, j int) float64 {
		var ab, aa, bb float64
		for q := 0; q < d; q++ {
			a, b := val.columns[q*nv+i], bank.columns[q*n+j]
			ab, aa, bb = ab+a*b, aa+a*a, bb+b*b
		}
		return ab / math.Sqrt(aa*bb)
	}
	hits := 0
	for i := 0; i < nv; i++ {
		order := make([]int, n)
		for j := range order {
			order[j] = j
		}
		slices.SortFunc(order, func(a, b int) int {
			if cosine(i, a) > cosine(i, b) {
				return -1
			}
			return 1
		})
		votes := make([]float64, classes)
		for _, j := range order[:k] {
			votes[bank.labels[j]] += math.Exp(cosine(i, j) / temperature)
		}
		if slices.Index(votes, slices.Max(votes)) == int(val.labels[i]) {
			hits++
		}
	}
	require.InDelta(t, 100*float64(hits)/nv, knnTop1(pool, bank, val, classes, k, temperature), 1e-9)
}
