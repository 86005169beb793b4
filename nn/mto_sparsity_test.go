package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/internal/detmath"
)

// freeRow is the row of one visible query whose logits are trained on their own:
// n visible keys, then m masked ones, which share one logit as mask tokens share
// one vector.
type freeRow struct {
	op              sparsityOp
	visible, masked []int32
	s, d            []float64 // logits, their gradient
	a, lna          []float32
}

func newFreeRow(attr SparsityAttr, visible []float64, m int, c float64) *freeRow {
	n := len(visible)
	f := &freeRow{s: append([]float64{}, visible...), d: make([]float64, n+m), a: make([]float32, n+m), lna: make([]float32, n+m)}
	f.op = sparsityOp{SparsityAttr: attr, images: 1, heads: 1, keys: n + m, rows: n}
	f.op.lnMass, f.op.lnKeys = detmath.Log(float64(n+m)/float64(n)), detmath.Log(float64(n+m))
	for i := range n {
		f.visible = append(f.visible, int32(i))
	}
	for i := range m {
		f.s = append(f.s, c)
		f.masked = append(f.masked, int32(n+i))
	}
	return f
}

// cost returns masked mass and cost of the row and leaves the gradient in d.
func (f *freeRow) cost() (mass, cost float32) {
	for j, q := range softmax(f.s) {
		f.a[j], f.lna[j] = float32(q), float32(math.Log(q))
	}
	mass, entropy, cost := f.op.row(f.a, f.lna, f.masked)
	ds := make([]float32, len(f.s))
	f.op.rowGrad(ds, f.a, f.lna, f.visible, f.masked, entropy, mass, 1)
	f.d = widen(ds)
	return mass, cost
}

// descend runs gradient descent and returns masked mass and normalised entropy.
func (f *freeRow) descend(steps int, rate float64) (mass, entropy float64) {
	for range steps {
		f.cost()
		n, masked := f.op.rows, 0.0
		for _, d := range f.d[n:] {
			masked += d
		}
		for j, d := range f.d {
			if j >= n {
				d = masked
			}
			f.s[j] -= rate * d
		}
	}
	m, _ := f.cost()
	return float64(m), shannon(softmax(f.s)) / f.op.lnKeys
}

// visibleLogits are 16 standard normal numbers. The largest is 0.93; the mask
// logit from which masked keys win rises and falls with it.
func visibleLogits() []float64 {
	return normals(rand.New(rand.NewPCG(7, 48)), 16)
}

// few is n, or 2 in short mode: emulators run that, slowly.
func few(n int) int {
	if testing.Short() {
		return 2
	}
	return n
}

// The finding that decides the design of L_spa (methods.md 11.3; vector 9 of
// section 13): lowering the entropy of a row does not exclude masked keys. Where
// 48 of them score as high as the visible ones, all attention ends on them.
func TestRowEntropyAloneDoesNotExcludeMaskedKeys(t *testing.T) {
	for _, c := range []struct{ logit, mass float64 }{
		{0.5, 0}, {1, 1}, {-2, 0}, {-1, 0}, {0, 0}, {1.5, 1}, {2, 1}, {3, 1},
	}[:few(8)] {
		f := newFreeRow(SparsityAttr{Entropy: 1, Eps: 1e-6}, visibleLogits(), 48, c.logit)
		mass, _ := f.descend(3000, 1)
		require.InDelta(t, c.mass, mass, 0.01, "mask logit %v", c.logit)
	}
}

// The same rows under the masked mass: it goes to 0 from everywhere, and the
// visible keys keep their attention among themselves.
func TestMaskedMassExcludesMaskedKeys(t *testing.T) {
	for _, c := range []float64{5, -2, -1, 0, 0.5, 1, 1.5, 2, 3, 4}[:few(10)] {
		f := newFreeRow(SparsityAttr{Mass: 1, Eps: 1e-6}, visibleLogits(), 48, c)
		mass, _ := f.descend(3000, 5)
		require.LessOrEqual(t, mass, 0.0004, "mask logit %v", c)
		require.Equal(t, visibleLogits(), f.s[:16], "visible logits are stopped")

		f = newFreeRow(SparsityAttr{Mass: 1, Centred: true, Eps: 1e-6}, visibleLogits(), 48, c)
		mass, _ = f.descend(3000, 5)
		require.LessOrEqual(t, mass, 0.0004, "centred, mask logit %v", c)
		for i, v := range visibleLogits() {
			require.InDelta(t, v-visibleLogits()[0], f.s[i]-f.s[0], 1e-6, "visible logits keep their differences")
		}
		f.cost()
		var sum float64
		for _, d := range f.d {
			sum += d
		}
		require.InDelta(t, 0, sum, 1e-9)
	}
}

// With a quarter of the entropy beside it (preset on), the mass still goes to 0,
// and the entropy to its floor, not below: 0.28 where descent overshoots.
func TestEntropyStaysAtItsFloor(t *testing.T) {
	for _, c := range []float64{-1, 1, 3}[:few(3)] {
		f := newFreeRow(SparsityAttr{Mass: 1, Entropy: 0.25, Floor: 0.3, Eps: 1e-6}, visibleLogits(), 48, c)
		mass, entropy := f.descend(3000, 5)
		require.LessOrEqual(t, mass, 0.0004, "mask logit %v", c)
		require.Greater(t, entropy, 0.26, "mask logit %v", c)
		require.Less(t, entropy, 0.31, "mask logit %v", c)
	}
}

// Invariant 5 of methods.md 11.8.
func TestUniformAttentionCostsOne(t *testing.T) {
	const n, m = 5, 11
	for _, c := range []struct{ mass, entropy, want float32 }{{1, 0, 1}, {0, 1, 1}, {0.5, 0.25, 0.75}} {
		f := newFreeRow(SparsityAttr{Mass: c.mass, Entropy: c.entropy, Eps: 1e-6}, make([]float64, n), m, 0)
		mass, cost := f.cost()
		require.InDelta(t, float64(m)/(n+m), mass, 1e-6)
		require.InDelta(t, c.want, cost, 1e-6)
		if c.entropy == 0 {
			require.Equal(t, make([]float64, n), f.d[:n], "no gradient on visible logits")
			require.Positive(t, f.d[n])
		}
	}
}

// sparsityNet is an attention with logits of its own making: queries and keys
// are parameters, class tokens come first.
type sparsityNet struct {
	images, heads, keys, width, classTokens int
	visible, masked                         []int32
	attr                                    SparsityAttr
}

// logits returns those of query i in image b and head h, from qkv [B,N,3D].
func (n sparsityNet) logits(qkv []float64, b, h, i int) []float64 {
	hd := n.width / n.heads
	at := func(token, part int) []float64 { return qkv[(b*n.keys+token)*3*n.width+part*n.width+h*hd:][:hd] }
	s := make([]float64, n.keys)
	for j := range s {
		s[j] = dot(at(i, 0), at(j, 1)) / math.Sqrt(float64(hd))
	}
	return s
}

// loss is L_spa of methods.md 11.3 for one block. In U, visible logits come from
// stopped; if Centred, their mean over a row doesn't.
func (n sparsityNet) loss(qkv, stopped []float64) float64 {
	var sum float64
	rows := n.classTokens + len(n.visible)/n.images
	for b := range n.images {
		hidden := map[int]bool{}
		for _, j := range n.masked[b*len(n.masked)/n.images:][:len(n.masked)/n.images] {
			hidden[n.classTokens+int(j)] = true
		}
		for h := range n.heads {
			for i := range n.keys {
				if hidden[i] {
					continue
				}
				s, u := n.logits(qkv, b, h, i), n.logits(stopped, b, h, i)
				var shift float64
				for j := range u {
					if hidden[j] {
						u[j] = s[j]
					} else if n.attr.Centred {
						shift += (s[j] - u[j]) / float64(rows)
					}
				}
				for j := range u {
					if !hidden[j] {
						u[j] += shift
					}
				}
				var mass float64
				for j, a := range softmax(u) {
					if hidden[j] {
						mass += a
					}
				}
				e := shannon(softmax(s)) / math.Log(float64(n.keys))
				sum += float64(n.attr.Mass)*-math.Log(max(1-mass, float64(n.attr.Eps)))/math.Log(float64(n.keys)/float64(rows)) +
					float64(n.attr.Entropy)*max(0, e-float64(n.attr.Floor))
			}
		}
	}
	return sum / float64(n.images*n.heads*rows)
}

func TestSparsityGradient(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	n := sparsityNet{images: 2, heads: 2, width: 6, visible: []int32{1, 4, 5, 0, 1, 3}, masked: []int32{0, 2, 3, 2, 4, 5}}
	for _, classTokens := range []int{0, 1} {
		n.classTokens, n.keys = classTokens, classTokens+6
		qkv := normals(r, n.images*n.keys*3*n.width)
		for _, a := range []SparsityAttr{{Mass: 1, Eps: 1e-6}, {Entropy: 1, Eps: 1e-6}, {Mass: 1, Entropy: 0.25, Floor: 0.8, Eps: 1e-6}, {Mass: 0.5, Centred: true, Eps: 1e-6}} {
			n.attr = a
			n.attr.ClassTokens = classTokens
			p := newMTOProgram(t, map[string][]int{"a": {n.images, n.keys, 3 * n.width}})
			vis, hid := p.IndexInput("visible", n.images, 3), p.IndexInput("masked", n.images, 3)
			_, tap := p.Attention(p.Param("a"), n.heads, AttentionOptions{Tap: true})
			s := p.SparsityLoss(tap, vis, hid, n.attr)
			p.Backward(s.Loss)
			p.replay(map[string][]float64{"a": qkv}, map[Tensor][]int32{vis: n.visible, hid: n.masked})
			require.InEpsilon(t, n.loss(qkv, qkv), p.get(s.Loss)[0], 1e-5)
			stopped := append([]float64{}, qkv...)
			requireClose(t, slope(qkv, func() float64 { return n.loss(qkv, stopped) }), p.gradient("a"), 1e-4)
		}
	}
}

// The first half of invariant 6 of methods.md 11.8, and the gate's own formula.
func TestGate(t *testing.T) {
	const images, heads, width = 2, 2, 6
	r := rand.New(rand.NewPCG(31, 32))
	visible, masked := []int32{1, 4, 0, 3}, []int32{0, 2, 3, 1, 2, 4}
	h := []float64{0.5, 0.99999, 1, 0, 0.25, 0.75}
	for _, classTokens := range []int{0, 1} {
		keys := classTokens + 5
		for _, mode := range []string{"hard", "image", "token"} {
			p := newMTOProgram(t, map[string][]int{"a": {images, keys, 3 * width}, "b": {images, 3}, "c": {images, 1}})
			vis, hid := p.IndexInput("visible", images, 2), p.IndexInput("masked", images, 3)
			source := map[string]Tensor{"hard": {}, "image": p.Param("c"), "token": p.Param("b")}[mode]
			bias := p.Gate(source, vis, hid, GateAttr{Floor: 1e-4, ClassTokens: classTokens})
			_, plain := p.Attention(p.Param("a"), heads, AttentionOptions{})
			_, gated := p.Attention(p.Param("a"), heads, AttentionOptions{Bias: bias, Tap: true})
			s := p.SparsityLoss(gated, vis, hid, SparsityAttr{Mass: 1, Entropy: 1, Eps: 1e-6, ClassTokens: classTokens})
			p.Backward(s.Loss)
			values := map[string][]float64{"a": normals(r, images*keys*3*width), "b": h, "c": {0.5, 0}}
			p.replay(values, map[Tensor][]int32{vis: {0, 1, 2, 3}, hid: {2, 3, 4, 0, 1, 4}}) // another step, which leaves no trace
			p.replay(values, map[Tensor][]int32{vis: visible, hid: masked})

			got, before, after := p.get(bias), p.get(plain.Probs), p.get(gated.Probs)
			for b := range images {
				want := make([]float64, keys*keys)
				isMasked := map[int]int{} // and which
				for k, j := range masked[b*3:][:3] {
					isMasked[classTokens+int(j)] = k
				}
				for i := range keys {
					if _, ok := isMasked[i]; ok {
						continue
					}
					for j, k := range isMasked {
						g := map[string]float64{"hard": 0, "image": 1 - []float64{0.5, 0}[b], "token": max(1-h[b*3+k], 1e-4)}[mode]
						want[i*keys+j] = math.Log(g)
					}
				}
				for i, w := range want {
					if math.IsInf(w, -1) {
						require.Equal(t, w, got[b*keys*keys+i])
					} else {
						require.InDelta(t, w, got[b*keys*keys+i], 1e-5)
					}
				}
				for h := range heads {
					for i := range keys {
						row := ((b*heads+h)*keys + i) * keys
						if _, ok := isMasked[i]; ok {
							require.Equal(t, before[row:][:keys], after[row:][:keys], "masked queries are untouched")
							continue
						}
						for j := range isMasked {
							if mode == "hard" {
								require.Zero(t, after[row+j])
							}
						}
					}
				}
			}
			if mode == "hard" {
				require.Equal(t, make([]float64, len(p.get(s.Mass))), p.get(s.Mass))
			}
			for _, d := range p.gradient("a") {
				require.False(t, math.IsNaN(d))
			}
		}
	}
}
