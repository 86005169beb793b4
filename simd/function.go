package simd

// Exp computes dst = e^x as detmath.Exp32 does: at most 0.9 ulp off, +0 below 2^-126.
func (p *Pool) Exp(dst, x []float32) {
	equal("exp", "x", x, len(dst))
	p.elements(len(dst), operands{dst: dst, x: x}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.Exp(o.dst[lo:hi], o.x[lo:hi])
	})
}

// Log computes the natural logarithm of x as detmath.Log32 does: at most 1 ulp off.
func (p *Pool) Log(dst, x []float32) {
	equal("log", "x", x, len(dst))
	p.elements(len(dst), operands{dst: dst, x: x}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.Log(o.dst[lo:hi], o.x[lo:hi])
	})
}

// Tanh computes the hyperbolic tangent of x as detmath.Tanh32 does: at most 1.5 ulp off.
func (p *Pool) Tanh(dst, x []float32) {
	equal("tanh", "x", x, len(dst))
	p.elements(len(dst), operands{dst: dst, x: x}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.Tanh(o.dst[lo:hi], o.x[lo:hi])
	})
}

// Erf computes the error function of x as detmath.Erf32 does: at most 1.3 ulp off.
func (p *Pool) Erf(dst, x []float32) {
	equal("erf", "x", x, len(dst))
	p.elements(len(dst), operands{dst: dst, x: x}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.Erf(o.dst[lo:hi], o.x[lo:hi])
	})
}
