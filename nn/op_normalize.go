package nn

import "math"

// NormalizeAttr are the numbers of a [KindNormalizePatches].
type NormalizeAttr struct {
	Cols int
	Eps  float32 // what the caller gave
}

// NormalizePatches subtracts from each patch of x [...,P] its mean and divides
// by sqrt(var + eps), with the unbiased variance over all P values: MAE's
// norm-pix target (methods.md 3). It has no gradient; P must be at least 2.
//
// It is computed as a LayerNorm of the biased variance with eps·(P-1)/P, times
// sqrt((P-1)/P), which is the same.
func (p *Program) NormalizePatches(x Tensor, eps float32) Tensor {
	cols := x.Dim(-1)
	rows := x.Len() / cols
	check(cols >= 2, KindNormalizePatches, "patches %v: need at least 2 values a patch", x)
	ratio := float64(cols-1) / float64(cols)
	layerEps, factor := float32(float64(eps)*ratio), float32(math.Sqrt(ratio))
	y := p.value("normalized", x.Shape()...)
	mean, rstd := p.value("mean", rows), p.value("rstd", rows)
	p.record(Op{
		Kind: KindNormalizePatches, Reads: []Tensor{x}, Writes: []Tensor{y, mean, rstd}, Attr: NormalizeAttr{cols, eps},
		CPU: func(m *Memory) func() {
			dst, mu, rs, src := m.F32(y), m.F32(mean), m.F32(rstd), m.F32(x)
			return func() {
				m.Pool.LayerNorm(dst, mu, rs, src, nil, nil, cols, layerEps)
				m.Pool.Scale(dst, dst, factor)
			}
		},
	})
	return y
}
