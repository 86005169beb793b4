package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// entryLoss is L_e of methods.md 11.3 for images of n visible vectors.
func entryLoss(e []float64, visible []tokens, distance, kappa float64) float64 {
	var sum float64
	for _, v := range visible {
		centre := v.mean()
		var square float64
		for i := range len(v.x) / v.d {
			o := minus(v.row(i), centre)
			square += dot(o, o) / float64(len(v.x)/v.d)
		}
		hinge := max(0, 1-norm(minus(e, centre))/(kappa*math.Sqrt(square)))
		sum += 1 - entropy(e, v, true, 0.1, 1e-6) + distance*hinge*hinge
	}
	return sum / float64(len(visible))
}

// entry records L_e of the token e against images of visible vectors.
func entry(t *testing.T, e []float64, visible []tokens, distance, kappa float32) (*mtoProgram, Tensor) {
	images, n, d := len(visible), len(visible[0].x)/len(e), len(e)
	p := newMTOProgram(t, map[string][]int{"a": {1, 1, d}, "b": {images, n, d}})
	direction := make([]float32, d)
	direction[0] = 1
	h := p.Heterogeneity(TokenRows{X: p.Param("a")}, TokenRows{X: p.Param("b")}, 0.1, 1e-6)
	loss := p.EntryLoss(h, p.Param("a"), p.Const("direction", direction, d), distance, kappa)
	p.Backward(loss)
	var x []float64
	for _, v := range visible {
		x = append(x, v.x...)
	}
	p.replay(map[string][]float64{"a": e, "b": x}, nil)
	return p, loss
}

// Invariant 3 of methods.md 11.8, and the gradient on the token itself.
func TestEntryLossGradientGoesToTheTokenAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const d = 7
	e := normals(r, d)
	var visible []tokens
	for i := range 5 {
		v := tokens{d: d, x: normals(r, 6*d)}
		for k := range v.x {
			v.x[k] = float64(float32(v.x[k] * (0.4 + 0.3*float64(i)))) // near and far from e
		}
		visible = append(visible, v)
	}
	for _, c := range []struct{ distance, kappa float64 }{{1, 1}, {0.5, 1.5}, {0, 1}} {
		p, loss := entry(t, e, visible, float32(c.distance), float32(c.kappa))
		f := func() float64 { return entryLoss(e, visible, c.distance, c.kappa) }
		require.InEpsilon(t, f(), p.get(loss)[0], 1e-5)
		requireClose(t, slope(e, f), p.gradient("a"), 1e-4)
		requireClose(t, make([]float64, 5*6*d), p.gradient("b"), 0)
	}
}

// The distance term closes the loophole of the visible mean: there H is 1, and
// the loss is the distance weight, with a gradient that leads away.
func TestEntryLossAtTheVisibleMean(t *testing.T) {
	v := tokens{d: 2, x: []float64{1, 0, -1, 0, 0, 1, 0, -1}} // mean exactly 0, d_v = 1
	p, loss := entry(t, []float64{0, 0}, []tokens{v}, 1, 1)
	require.InDelta(t, 1, p.get(loss)[0], 1e-6)
	g := p.gradient("a")
	require.InDelta(t, -2, g[0], 1e-5, "-2 (1-rho)/(kappa d_v) along the given direction")
	require.InDelta(t, 0, g[1], 1e-5)
}

func TestEntryLossOfEqualVisibleVectorsIsZero(t *testing.T) {
	v := tokens{d: 2, x: []float64{1, 2, 1, 2, 1, 2, 1, 2}}
	for _, e := range [][]float64{{3, 1}, {1, 2}} { // apart from them, and equal to them
		p, loss := entry(t, e, []tokens{v}, 1, 1)
		require.InDelta(t, 0, p.get(loss)[0], 1e-6)
		requireClose(t, []float64{0, 0}, p.gradient("a"), 0)
	}
}
