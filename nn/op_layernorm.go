package nn

const (
	KindLayerNorm      Kind = "layernorm"       // y [R,D], mean [R], rstd [R] <- x [R,D], gamma [D], beta [D]; both or neither absent
	KindLayerNormGrad  Kind = "layernorm-grad"  // dx [R,D]; dgamma [D], dbeta [D] += or absent <- dy, x, mean, rstd, gamma
	KindLayerNormAgain Kind = "layernorm-again" // the same and y [R,D], mean [R], rstd [R] <- dy, x, gamma, beta
)

// LayerNormAttr are the numbers of a [KindLayerNorm], [KindLayerNormGrad] or
// [KindLayerNormAgain].
type LayerNormAttr struct {
	Cols int
	Eps  float32
	Add  bool // of the gradient: add to dx
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
	o := p.layerNorm(y, mean, rstd, x, gamma, beta, eps)
	done := false // the gradient, together with Again
	grad := func(g *Gradients, again Tensor) {
		a := LayerNormAttr{Cols: cols, Eps: eps}
		r := layerNormGrads{dy: g.Of(y), x: x, mean: mean, rstd: rstd, gamma: gamma}
		if again.Valid() {
			r.again, r.beta, r.mean, r.rstd = again, beta, p.value("mean", rows), p.value("rstd", rows)
		}
		if g.Needed(gamma) {
			r.dgamma = g.adding(gamma)
		}
		if g.Needed(beta) {
			r.dbeta = g.adding(beta)
		}
		if g.Needed(x) {
			r.dx, a.Add = g.Into(x)
		} else { // the kernel always writes dx: give it a place to write to
			r.dx = p.value("scratch", x.Shape()...)
		}
		p.layerNormGrad(r, a)
	}
	o.Grad = func(g *Gradients) {
		if !done {
			grad(g, Tensor{})
		}
	}
	o.Again = func(g *Gradients, again Tensor) {
		if done = g.complete(y); done {
			grad(g, again)
		} else {
			p.record(p.layerNorm(again, p.value("mean", rows), p.value("rstd", rows), x, gamma, beta, eps))
		}
	}
	p.record(o)
	return y
}

// layerNorm is the operation without a gradient.
func (p *Program) layerNorm(y, mean, rstd, x, gamma, beta Tensor, eps float32) Op {
	cols := x.Dim(-1)
	return Op{
		Kind: KindLayerNorm, Reads: []Tensor{x, gamma, beta}, Writes: []Tensor{y, mean, rstd},
		Attr: LayerNormAttr{Cols: cols, Eps: eps},
		CPU: func(m *Memory) func() {
			dst, mu, rs, src, ga, be := m.F32(y), m.F32(mean), m.F32(rstd), m.F32(x), m.F32(gamma), m.F32(beta)
			return func() { m.Pool.LayerNorm(dst, mu, rs, src, ga, be, cols, eps) }
		},
	}
}

// layerNormGrads are the tensors of a [KindLayerNormGrad], or with again and beta
// those of a [KindLayerNormAgain].
type layerNormGrads struct {
	dx, dgamma, dbeta, dy, x, mean, rstd, gamma, again, beta Tensor
}

func (p *Program) layerNormGrad(t layerNormGrads, a LayerNormAttr) {
	o := Op{
		Kind: KindLayerNormGrad, Attr: a,
		Reads: []Tensor{t.dy, t.x, t.mean, t.rstd, t.gamma}, Writes: []Tensor{t.dx, t.dgamma, t.dbeta},
		CPU: func(m *Memory) func() {
			dx, dg, db, dy := m.F32(t.dx), m.F32(t.dgamma), m.F32(t.dbeta), m.F32(t.dy)
			x, mu, rs, ga := m.F32(t.x), m.F32(t.mean), m.F32(t.rstd), m.F32(t.gamma)
			return func() { m.Pool.LayerNormGrad(dx, dg, db, dy, x, mu, rs, ga, a.Cols, a.Add) }
		},
	}
	if t.again.Valid() {
		o.Kind = KindLayerNormAgain
		o.Reads, o.Writes = []Tensor{t.dy, t.x, t.gamma, t.beta}, []Tensor{t.dx, t.dgamma, t.dbeta, t.again, t.mean, t.rstd}
		o.CPU = func(m *Memory) func() {
			dx, dg, db, dy := m.F32(t.dx), m.F32(t.dgamma), m.F32(t.dbeta), m.F32(t.dy)
			y, x, mu, rs, ga, be := m.F32(t.again), m.F32(t.x), m.F32(t.mean), m.F32(t.rstd), m.F32(t.gamma), m.F32(t.beta)
			return func() { m.Pool.LayerNormAndGrad(y, mu, rs, dx, dg, db, dy, x, ga, be, a.Cols, a.Eps, a.Add) }
		}
	}
	p.record(o)
}
