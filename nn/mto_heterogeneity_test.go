package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// hetero records the heterogeneity of m tokens against n for one image, as
// parameters "a" [1,m,D] and "b" [1,n,D], and the gradient of its sum.
func hetero(t *testing.T, masked, visible tokens, tau, eps float32) (*mtoProgram, Heterogeneity) {
	m, n, d := len(masked.x)/masked.d, len(visible.x)/visible.d, masked.d
	p := newMTOProgram(t, map[string][]int{"a": {1, m, d}, "b": {1, n, d}})
	h := p.Heterogeneity(TokenRows{X: p.Param("a")}, TokenRows{X: p.Param("b")}, tau, eps)
	p.Backward(p.sumOf(h.H))
	p.replay(map[string][]float64{"a": masked.x, "b": visible.x}, nil)
	return p, h
}

// sumOf records the sum of x's elements as a linear map to one number.
func (p *Program) sumOf(x Tensor) Tensor {
	ones := make([]float32, x.Len())
	for i := range ones {
		ones[i] = 1
	}
	return p.Linear(p.Reshape(x, 1, x.Len()), p.Const("ones/"+x.Name(), ones, 1, x.Len()), Tensor{})
}

// Vector 2 of methods.md 13: q = (0.7, 0.1, 0.1, 0.1). A token in the direction
// of one corner of a regular tetrahedron has cosines 1 and -1/3.
func TestHeterogeneityOfKnownDistribution(t *testing.T) {
	visible := tokens{d: 3, x: []float64{1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, 1}}
	tau := 4 / (3 * math.Log(7))
	p, h := hetero(t, tokens{d: 3, x: []float64{2, 2, 2}}, visible, float32(tau), 1e-6)
	require.InDelta(t, 0.678390, p.get(h.H)[0], 1e-6)
	require.InDelta(t, 1, p.get(h.Cosine)[0], 1e-6)

	// w holds the derivative of H by each cosine, which is that by s over tau.
	var w Tensor
	for _, o := range p.Ops() {
		if o.Kind == KindHeterogeneityGrad {
			w = o.Writes[1]
		}
	}
	want := []float64{0.294772, -0.098257, -0.098257, -0.098257} // of 1-H
	size := norm([]float64{2, 2, 2}) * math.Sqrt(3)
	for v, got := range p.get(w) {
		require.InDelta(t, want[v], -got*size*tau, 1e-5)
	}
}

// Invariant 2 of methods.md 11.8. The visible tokens share a mean, which
// centring takes away; they come in pairs around it, so that it is exact.
func TestHeterogeneityOfACopyIsLowAndOfEqualCosinesOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n, d, mean = 16, 128, 3
	visible := tokens{d: d}
	for range n / 2 {
		x := normals(r, d)
		for _, sign := range []float64{1, -1} {
			for _, v := range x {
				visible.x = append(visible.x, mean+sign*math.Round(64*v)/64)
			}
		}
	}
	masked := tokens{d: d, x: append([]float64{}, visible.row(5)...)}
	for range d {
		masked.x = append(masked.x, mean)
	}
	masked.x = append(masked.x, normals(r, d)...)
	p, h := hetero(t, masked, visible, 0.1, 1e-6)
	got := p.get(h.H)
	require.Less(t, got[0], 0.05, "a copy of a visible token")
	require.GreaterOrEqual(t, got[0], 0.0)
	require.InDelta(t, 1, got[1], 1e-6, "the visible mean: all cosines are 0")
	require.Greater(t, got[2], 0.5, "an independent vector")
	require.InDelta(t, 1, p.get(h.Cosine)[0], 1e-6)
}

func TestHeterogeneityOfOneVisibleTokenIsOne(t *testing.T) {
	p, h := heteroIndexed(t, 1, 3)
	require.Equal(t, []float64{1, 1, 1}, p.get(h.H)[:3])
	require.False(t, h.H.info().needs, "no gradient")
}

// heteroIndexed records tokens [2, c+n+m, D] of one parameter with shuffled
// index sets and a class token, as a network has them.
func heteroIndexed(t *testing.T, n, m int) (*mtoProgram, Heterogeneity) {
	const images, d = 2, 5
	r := rand.New(rand.NewPCG(3, 4))
	p := newMTOProgram(t, map[string][]int{"a": {images, 1 + n + m, d}})
	vis, hid := p.IndexInput("visible", images, n), p.IndexInput("masked", images, m)
	h := p.Heterogeneity(TokenRows{p.Param("a"), hid, 1}, TokenRows{p.Param("a"), vis, 1}, 0.1, 1e-6)
	if n > 1 {
		p.Backward(p.sumOf(h.H))
	}
	var visible, hidden []int32
	for range images {
		for k, i := range r.Perm(n + m) {
			if k < n {
				visible = append(visible, int32(i))
			} else {
				hidden = append(hidden, int32(i))
			}
		}
	}
	x := normals(r, images*(1+n+m)*d)
	p.replay(map[string][]float64{"a": x}, map[Tensor][]int32{vis: visible, hid: hidden})

	pick := func(b int, set []int32) tokens {
		picked := tokens{d: d}
		for _, i := range set[b*len(set)/images:][:len(set)/images] {
			picked.x = append(picked.x, tokens{x, d}.row(b*(1+n+m)+1+int(i))...)
		}
		return picked
	}
	if n > 1 {
		want := make([]float64, len(x))
		for b := range images {
			v, masked := pick(b, visible), pick(b, hidden)
			for i := range m {
				row := masked.row(i)
				require.InDelta(t, entropy(row, v, true, 0.1, 1e-6), p.get(h.H)[b*m+i], 1e-5)
				copy(want[(b*(1+n+m)+1+int(hidden[b*m+i]))*d:], slope(row, func() float64 { return entropy(row, v, true, 0.1, 1e-6) }))
			}
		}
		requireClose(t, want, p.gradient("a"), 1e-4) // zero for visible and class tokens
	}
	return p, h
}

func TestHeterogeneityGradientGoesToMaskedTokensAlone(t *testing.T) {
	heteroIndexed(t, 4, 6)
	heteroIndexed(t, 33, 2)
}

func TestHeterogeneityGradientWhereNormsAreClamped(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	visible, masked := tokens{d: 4, x: normals(r, 24)}, tokens{d: 4, x: normals(r, 12)}
	const tau, eps = 0.3, 4 // about half of the products of norms are below eps
	clamped := 0
	for i := range 3 {
		for v := range 6 {
			a, b := minus(masked.row(i), visible.mean()), minus(visible.row(v), visible.mean())
			if norm(a)*norm(b) < eps {
				clamped++
			}
		}
	}
	require.Greater(t, clamped, 3)
	require.Less(t, clamped, 15)

	p, h := hetero(t, masked, visible, tau, eps)
	var want []float64
	for i := range 3 {
		row := masked.row(i)
		require.InDelta(t, entropy(row, visible, true, tau, eps), p.get(h.H)[i], 1e-5)
		want = append(want, slope(row, func() float64 { return entropy(row, visible, true, tau, eps) })...)
	}
	requireClose(t, want, p.gradient("a"), 1e-4)
	requireClose(t, make([]float64, 24), p.gradient("b"), 0)
}

// A token shared by all images, as at entry: its gradient is the sum.
func TestHeterogeneityOfASharedToken(t *testing.T) {
	const images, n, d = 70, 5, 6 // more than one block of 64 rows
	r := rand.New(rand.NewPCG(7, 8))
	e, x := normals(r, d), normals(r, images*n*d)
	p := newMTOProgram(t, map[string][]int{"a": {1, 1, d}, "b": {images, n, d}})
	h := p.Heterogeneity(TokenRows{X: p.Param("a")}, TokenRows{X: p.Param("b")}, 0.1, 1e-6)
	p.Backward(p.sumOf(h.H))
	p.replay(map[string][]float64{"a": e, "b": x}, nil)
	want := make([]float64, d)
	for b := range images {
		v := tokens{x[b*n*d:][:n*d], d}
		require.InDelta(t, entropy(e, v, true, 0.1, 1e-6), p.get(h.H)[b], 1e-5)
		for k, s := range slope(e, func() float64 { return entropy(e, v, true, 0.1, 1e-6) }) {
			want[k] += s
		}
	}
	requireClose(t, want, p.gradient("a"), 1e-4)
}

// Vector 9 of methods.md 13, second half: a fresh mask token against independent
// visible vectors, uncentred. Vectors in opposite pairs have mean 0, so centring
// changes nothing. H depends on D.
func TestHeterogeneityOfAFreshTokenByWidth(t *testing.T) {
	for _, c := range []struct {
		d        int
		low, top float64
	}{{64, 0.76, 0.81}, {128, 0.88, 0.90}, {192, 0.91, 0.93}} {
		r := rand.New(rand.NewPCG(9, uint64(c.d)))
		var plain, paired float64
		const draws, n = 200, 24
		for range draws {
			e := tokens{d: c.d, x: normals(r, c.d)}
			for i := range e.x {
				e.x[i] *= 0.02
			}
			plain += entropy(e.x, tokens{normals(r, n*c.d), c.d}, false, 0.1, 1e-6)
			v := tokens{d: c.d, x: normals(r, n/2*c.d)}
			for i := range n / 2 {
				for _, x := range v.row(i) {
					v.x = append(v.x, -x)
				}
			}
			if paired == 0 {
				p, h := hetero(t, e, v, 0.1, 1e-6)
				paired = entropy(e.x, v, false, 0.1, 1e-6)
				require.InDelta(t, paired, p.get(h.H)[0], 1e-5)
			}
		}
		require.Greater(t, plain/draws, c.low, "D = %d", c.d)
		require.Less(t, plain/draws, c.top, "D = %d", c.d)
	}
}
