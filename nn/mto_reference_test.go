package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// The tests of MTO's operations compare them with the formulas of methods.md
// 11.3, written here in float64, and their gradients with central differences of
// those. B images, n visible, m masked tokens of D numbers.

// mtoProgram is a program over parameters with given values, replayed on one
// thread.
type mtoProgram struct {
	t  *testing.T
	ps *Params
	*Program
	dev Device
}

func newMTOProgram(t *testing.T, shapes map[string][]int) *mtoProgram {
	var specs []ParamSpec
	for _, name := range []string{"a", "b", "c"} {
		if s, ok := shapes[name]; ok {
			specs = append(specs, ParamSpec{Name: name, Shape: s})
		}
	}
	ps, err := NewParams(specs)
	require.NoError(t, err)
	pool := simd.NewPool(1)
	t.Cleanup(pool.Close)
	dev := NewCPU(pool)
	dev.separate = true // so that get finds every value
	return &mtoProgram{t: t, ps: ps, Program: NewProgram(ps), dev: dev}
}

// replay runs one step with the given parameters and index inputs.
func (p *mtoProgram) replay(values map[string][]float64, indices map[Tensor][]int32) {
	p.t.Helper()
	flat := make([]float32, p.ps.Len())
	for name, v := range values {
		copy(p.ps.Slice(flat, name), narrow(v))
	}
	require.NoError(p.t, p.dev.Load(p.Program))
	require.NoError(p.t, p.dev.UploadState(p.ps, Weights, flat))
	for t, v := range indices {
		require.NoError(p.t, p.dev.UploadIndex(t, v))
	}
	require.NoError(p.t, p.dev.Step(p.Program))
}

func (p *mtoProgram) get(x Tensor) []float64 {
	p.t.Helper()
	data := make([]float32, x.Len())
	require.NoError(p.t, p.dev.Download(data, x))
	return widen(data)
}

func (p *mtoProgram) gradient(name string) []float64 {
	p.t.Helper()
	flat := make([]float32, p.ps.Len())
	require.NoError(p.t, p.dev.DownloadState(flat, p.ps, Grads))
	return widen(p.ps.Slice(flat, name))
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// normals returns n standard normal numbers, rounded to float32.
func normals(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(float32(r.NormFloat64()))
	}
	return x
}

// slope returns the central difference of f by each x.
func slope(x []float64, f func() float64) []float64 {
	const h = 1e-5
	d := make([]float64, len(x))
	for i, v := range x {
		x[i] = v + h
		up := f()
		x[i] = v - h
		d[i] = (up - f()) / (2 * h)
		x[i] = v
	}
	return d
}

// requireClose requires equal vectors up to tolerance times the size of want.
func requireClose(t *testing.T, want, got []float64, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	var size, off float64
	for i := range want {
		size += want[i] * want[i]
		off += (want[i] - got[i]) * (want[i] - got[i])
	}
	require.LessOrEqual(t, math.Sqrt(off), tolerance*math.Sqrt(size)+1e-12, "want %.6g, got %.6g", want, got)
}

// tokens is a matrix [n,D].
type tokens struct {
	x []float64
	d int
}

func (t tokens) row(i int) []float64 { return t.x[i*t.d:][:t.d] }

func (t tokens) mean() []float64 {
	mean := make([]float64, t.d)
	for i, v := range t.x {
		mean[i%t.d] += v / float64(len(t.x)/t.d)
	}
	return mean
}

func dot(x, y []float64) float64 {
	var s float64
	for i := range x {
		s += x[i] * y[i]
	}
	return s
}

func minus(x, y []float64) []float64 {
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i] - y[i]
	}
	return d
}

func norm(x []float64) float64 { return math.Sqrt(dot(x, x)) }

// entropy is the normalised entropy of one vector x against visible tokens, 11.3;
// the centre is taken from the visible tokens, or is 0.
func entropy(x []float64, visible tokens, centred bool, tau, eps float64) float64 {
	centre := make([]float64, visible.d)
	if centred {
		centre = visible.mean()
	}
	n := len(visible.x) / visible.d
	s := make([]float64, n)
	for v := range s {
		a, b := minus(x, centre), minus(visible.row(v), centre)
		s[v] = dot(a, b) / max(norm(a)*norm(b), eps) / tau
	}
	return shannon(softmax(s)) / math.Log(float64(n))
}

func softmax(s []float64) []float64 {
	q := make([]float64, len(s))
	top, sum := math.Inf(-1), 0.0
	for _, v := range s {
		top = max(top, v)
	}
	for i, v := range s {
		q[i] = math.Exp(v - top)
		sum += q[i]
	}
	for i := range q {
		q[i] /= sum
	}
	return q
}

// shannon is the raw entropy of q.
func shannon(q []float64) float64 {
	var h float64
	for _, v := range q {
		if v > 0 {
			h -= v * math.Log(v)
		}
	}
	return h
}
