package simd

// GELU computes dst = x·Phi(x), in the form asked for. Both forms are x times a sigmoid or Phi of their own, without
// the cancellation of 1 + tanh and 1 + erf.
func (p *Pool) GELU(dst, x []float32, form GELUForm) {
	equal("gelu", "x", x, len(dst))
	p.elements(len(dst), operands{dst: dst, x: x, form: form}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		if o.form == GELUErf {
			kernels.GELUErf(o.dst[lo:hi], o.x[lo:hi])
		} else {
			kernels.GELUTanh(o.dst[lo:hi], o.x[lo:hi])
		}
	})
}

// GELUGrad computes dx = dy times the derivative of GELU at x. dx may be dy.
func (p *Pool) GELUGrad(dx, dy, x []float32, form GELUForm) {
	equal("gelu gradient", "dy", dy, len(dx))
	equal("gelu gradient", "x", x, len(dx))
	p.elements(len(dx), operands{dst: dx, y: dy, x: x, form: form}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		if o.form == GELUErf {
			kernels.GELUErfGrad(o.dst[lo:hi], o.y[lo:hi], o.x[lo:hi])
		} else {
			kernels.GELUTanhGrad(o.dst[lo:hi], o.y[lo:hi], o.x[lo:hi])
		}
	})
}

// GELUAndGrad computes y = GELU(x) and dx = dy times the derivative of GELU at x, with the bits of GELU and GELUGrad
// and in little more time than the latter. dx may be dy; y overlaps nothing.
func (p *Pool) GELUAndGrad(y, dx, dy, x []float32, form GELUForm) {
	const op = "gelu and gradient"
	equal(op, "dx", dx, len(y))
	equal(op, "dy", dy, len(y))
	equal(op, "x", x, len(y))
	p.elements(len(y), operands{dst: y, z: dx, y: dy, x: x, form: form}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		raceWrite(o.z, lo, hi-lo)
		if o.form == GELUErf {
			kernels.GELUErfAndGrad(o.dst[lo:hi], o.z[lo:hi], o.y[lo:hi], o.x[lo:hi])
		} else {
			kernels.GELUTanhAndGrad(o.dst[lo:hi], o.z[lo:hi], o.y[lo:hi], o.x[lo:hi])
		}
	})
}
