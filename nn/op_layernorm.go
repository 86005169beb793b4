package nn

const (
	KindLayerNorm     Kind = "layernorm"      // y [R,D], mean [R], rstd [R] <- x [R,D], gamma [D], beta [D]; both or neither absent
	KindLayerNormGrad Kind = "layernorm-grad" // dx [R,D] or absent; dgamma [D], dbeta [D] += or absent <- dy, x, mean, rstd, gamma
)

// LayerNormAttr are the numbers of a [KindLayerNorm] or [KindLayerNormGrad].
type LayerNormAttr struct {
	Cols int
	Eps  float32
	Add  bool // KindLayerNormGrad: add to dx
}

// LayerNorm normalises each row of x [...,D] to mean 0 and variance 1 (biased,
// plus eps) and applies gamma [D] and beta [D]; without them (both absent) it is
// LN0 of methods.md.
func (p *Program) LayerNorm(x, gamma, beta Tensor, eps float32) Tensor {
	cols := x.Dim(-1)
	rows := x.Len() / cols
	check(gamma.Valid() == beta.Valid(), KindLayerNorm, "gamma %v, beta %v: give both or neither", gamma, beta)
	check(!gamma.Valid() || gamma.Len() == cols && beta.Len() == cols, KindLayerNorm, "x %v, gamma %v, beta %v: need %d elements each", x, gamma, beta, cols)
	y := p.value("layernorm", x.Shape()...)
	mean, rstd := p.value("mean", rows), p.value("rstd", rows)
	p.record(Op{
		Kind: KindLayerNorm, Reads: []Tensor{x, gamma, beta}, Writes: []Tensor{y, mean, rstd},
		Attr: LayerNormAttr{Cols: cols, Eps: eps},
		CPU: func(m *Memory) func() {
			dst, mu, rs, src, ga, be := m.F32(y), m.F32(mean), m.F32(rstd), m.F32(x), m.F32(gamma), m.F32(beta)
			return func() { m.Pool.LayerNorm(dst, mu, rs, src, ga, be, cols, eps) }
		},
		Grad: func(g *Gradients) {
			var dx, dgamma, dbeta Tensor
			add := false
			if g.Needed(gamma) {
				dgamma = g.adding(gamma)
			}
			if g.Needed(beta) {
				dbeta = g.adding(beta)
			}
			if g.Needed(x) {
				dx, add = g.Into(x)
			}
			p.layerNormGrad(dx, dgamma, dbeta, g.Of(y), x, mean, rstd, gamma, LayerNormAttr{cols, eps, add})
		},
	})
	return y
}

func (p *Program) layerNormGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma Tensor, a LayerNormAttr) {
	if !dx.Valid() {
		// The kernel always writes dx: give it a place to write to.
		dx = p.value("scratch", x.Shape()...)
	}
	p.record(Op{
		Kind: KindLayerNormGrad, Reads: []Tensor{dy, x, mean, rstd, gamma}, Writes: []Tensor{dx, dgamma, dbeta}, Attr: a,
		CPU: func(m *Memory) func() {
			d, dg, db, u := m.F32(dx), m.F32(dgamma), m.F32(dbeta), m.F32(dy)
			v, mu, rs, ga := m.F32(x), m.F32(mean), m.F32(rstd), m.F32(gamma)
			return func() { m.Pool.LayerNormGrad(d, dg, db, u, v, mu, rs, ga, a.Cols, a.Add) }
		},
	})
}
