package nn

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

const KindGate Kind = "gate" // bias [B,1,N,N] <- h [B,m] or [B,1] or absent, visible [B,n], masked [B,m]

// GateAttr holds the numbers of a gate.
type GateAttr struct {
	Floor       float32 // least 1-H
	ClassTokens int
}

// Gate records the forward recalibration of methods.md 11.3 for one block: a bias
// [B,1,N,N] for the attention logits, 0 but where a visible query meets a masked
// key j. There it is ln(max(1-H_j, Floor)), or -Inf if h is absent. h is [B,m],
// or [B,1] for all masked tokens of an image. Queries of class tokens count as
// visible. The bias has no gradient.
func (p *Program) Gate(h, visible, masked Tensor, a GateAttr) Tensor {
	b, n, k := visible.Dim(0), visible.Dim(1), masked.Dim(1)
	keys := a.ClassTokens + n + k
	checkSplit(KindGate, visible, masked, b, n+k)
	each := 0 // H of an image
	if h.Valid() {
		each = h.Dim(-1)
		check(h.Len() == b*each && (each == 1 || each == k) && a.Floor > 0, KindGate, "h %v, floor %v: need [%d,%d] or [%d,1], and a number above 0", h, a.Floor, b, k, b)
	}
	bias := p.value("gate", b, 1, keys, keys)
	p.record(Op{
		Kind: KindGate, Attr: a, Reads: []Tensor{h, visible, masked}, Writes: []Tensor{bias},
		CPU: func(m *Memory) func() {
			dst, het, vis, hidden := m.F32(bias), m.F32(h), m.I32(visible), m.I32(masked)
			image := func(b, _ int) {
				out, vis, hidden := dst[b*keys*keys:][:keys*keys], vis[b*n:][:n], hidden[b*k:][:k]
				clear(out)
				for j, key := range hidden {
					add := float32(math.Inf(-1))
					if each > 0 {
						add = float32(detmath.Log(float64(max(1-het[b*each+min(j, each-1)], a.Floor))))
					}
					for i := range a.ClassTokens + n {
						out[visibleRow(vis, a.ClassTokens, i)*keys+a.ClassTokens+int(key)] = add
					}
				}
			}
			return func() { m.Pool.For(b, image) }
		},
	})
	return bias
}
