package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["gelu"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			geluForward(v, "geluTanh", (*rowGen).holdGELUTanh, (*rowGen).geluTanh)
			geluForward(v, "geluErf", (*rowGen).holdGELUErf, (*rowGen).geluErf)
			geluBackward(v, "geluTanhGrad", (*rowGen).holdGELUTanh, (*rowGen).geluTanhSlope)
			geluBackward(v, "geluErfGrad", (*rowGen).holdGELUErf, (*rowGen).geluErfSlope)
			geluBoth(v, "geluTanhAndGrad", (*rowGen).holdGELUTanh, (*rowGen).geluTanhAndSlope)
			geluBoth(v, "geluErfAndGrad", (*rowGen).holdGELUErf, (*rowGen).geluErfAndSlope)
		}
	}
}

const (
	geluA       = 0x1.988454p+0
	geluB       = 0x1.2444f2p-4
	gelu3B      = 0x1.b6676cp-3
	geluTanhX   = 10
	geluErfX    = 12.5
	inverseRoot = 0x1.988454p-2
	tailP       = 0x1.51eb86p-2
)

func (g *rowGen) holdGELUTanh() {
	g.hold(expPolynomial, expConstants, []float32{geluA, geluB, gelu3B, geluTanhX, -geluTanhX})
	g.holdBits(signBit)
}

func (g *rowGen) holdGELUErf() {
	g.hold(expPolynomial, expConstants, []float32{-geluErfX, geluErfX, -0.5, tailP, 1, 0})
	g.holdBits(signBit)
	g.hold(tailPolynomial[:3])
}

func geluForward(v vectors, name string, hold func(*rowGen), f func(g *rowGen, x group) group) {
	g := elementKernel(v, name, "dst, x []float32", "is the meaning of the same name.")
	hold(g)
	dst, n, x := pointer("dst"), length("dst"), pointer("x")
	g.elements(n, g.abreast(), []reg.GPVirtual{dst, x}, func() {
		g.store(f(g, g.load(x, nil)), dst, nil)
	})
	g.end()
}

func geluBackward(v vectors, name string, hold func(*rowGen), slope func(g *rowGen, x group) group) {
	g := elementKernel(v, name, "dx, dy, x []float32", "is the meaning of the same name.")
	hold(g)
	dx, n, dy, x := pointer("dx"), length("dx"), pointer("dy"), pointer("x")
	g.elements(n, g.abreast(), []reg.GPVirtual{dx, dy, x}, func() {
		y := slope(g, g.load(x, nil))
		up := g.load(dy, nil)
		for i := range y {
			VMULPS(up[i], y[i], y[i])
		}
		g.store(y, dx, nil)
	})
	g.end()
}

func geluBoth(v vectors, name string, hold func(*rowGen), both func(g *rowGen, x group) (y, slope group)) {
	g := elementKernel(v, name, "y, dx, dy, x []float32", "is the meaning of the same name.")
	hold(g)
	y, n, dx, dy, x := pointer("y"), length("y"), pointer("dx"), pointer("dy"), pointer("x")
	g.elements(n, g.abreast(), []reg.GPVirtual{y, dx, dy, x}, func() {
		value, slope := both(g, g.load(x, nil))
		g.store(value, y, nil)
		up := g.load(dy, nil)
		for i := range slope {
			VMULPS(up[i], slope[i], slope[i])
		}
		g.store(slope, dx, nil)
	})
	g.end()
}

// clampLow is x unless limit > x, clampHigh unless limit < x: then limit. NaN stays.
func (g *rowGen) clampLow(x group, limit float32) group {
	y := g.new()
	for i := range x {
		VMOVUPS(g.c(limit), y[i])
		VMAXPS(x[i], y[i], y[i])
	}
	return y
}

func (g *rowGen) clampHigh(x group, limit float32) group {
	y := g.new()
	for i := range x {
		VMOVUPS(g.c(limit), y[i])
		VMINPS(x[i], y[i], y[i])
	}
	return y
}

// negate flips the signs of x.
func (g *rowGen) negate(x group) {
	for i := range x {
		if g.wide() {
			VPXORD(g.operand(signBit), x[i], x[i])
		} else {
			VXORPS(g.operand(signBit), x[i], x[i])
		}
	}
}

// expMinus2u is e^(-x·fma(x², b, a)).
func (g *rowGen) expMinus2u(x, square group) group {
	q := g.new()
	for i := range x {
		VMOVUPS(g.c(geluB), q[i])
		VFMADD213PS(g.c(geluA), square[i], q[i])
		VMULPS(x[i], q[i], q[i])
	}
	g.negate(q)
	return g.expInside(q)
}

func (g *rowGen) geluTanh(x group) group {
	low := g.clampLow(x, -geluTanhX)
	c := g.clampHigh(low, geluTanhX)
	square := g.new()
	for i := range c {
		VMULPS(c[i], c[i], square[i])
	}
	e := g.expMinus2u(c, square)
	for i := range e {
		VADDPS(g.c(1), e[i], e[i])
		VDIVPS(e[i], low[i], e[i])
	}
	return e
}

func (g *rowGen) geluTanhSlope(x group) group {
	_, slope := g.geluTanhSlopes(x, false)
	return slope
}

func (g *rowGen) geluTanhAndSlope(x group) (y, slope group) { return g.geluTanhSlopes(x, true) }

// geluTanhSlopes returns the slope, and the value if asked for.
func (g *rowGen) geluTanhSlopes(x group, value bool) (y, slope group) {
	low := g.clampLow(x, -geluTanhX)
	c := g.clampHigh(low, geluTanhX)
	square := g.new()
	for i := range c {
		VMULPS(c[i], c[i], square[i])
	}
	e := g.expMinus2u(c, square)
	for i := range e {
		s, denominator, d := g.v.new(), g.v.new(), g.v.new()
		VMOVUPS(g.c(1), s)
		VADDPS(e[i], s, denominator)
		if value {
			VDIVPS(denominator, low[i], low[i])
		}
		VDIVPS(denominator, s, s)
		VMOVUPS(g.c(gelu3B), d)
		VFMADD213PS(g.c(geluA), square[i], d)
		VMULPS(d, c[i], d)
		VMULPS(s, e[i], e[i])        // 1 - s
		VFMADD213PS(g.c(1), d, e[i]) // fma(d, 1-s, 1)
		VMULPS(s, e[i], e[i])
	}
	return low, e
}

// phi is Phi(x) and e^(-x²/2) for |x| <= geluErfX.
func (g *rowGen) phi(x group) (p, e group) {
	z, q := g.new(), g.new()
	for i := range x {
		if g.wide() {
			VPANDND(x[i], g.operand(signBit).(reg.VecVirtual), z[i])
		} else {
			VMOVUPS(g.operand(signBit), z[i])
			VANDNPS(x[i], z[i], z[i])
		}
		VMULPS(g.c(-0.5), z[i], q[i])
		VMULPS(z[i], q[i], q[i])
	}
	e = g.expInside(q)
	p = g.normalTail(z, tailP)
	for i := range p {
		VMULPS(e[i], p[i], p[i]) // the tail
		t := g.v.new()
		VMOVUPS(g.c(1), t)
		VSUBPS(p[i], t, t)
		if g.wide() {
			k := K()
			VCMPPS(isNotLess, g.c(0), x[i], k)
			VMOVUPS(t, k, p[i])
			continue
		}
		zero := g.v.new()
		VXORPS(zero, zero, zero)
		VCMPPS(isNotLess, zero, x[i], zero)
		VBLENDVPS(zero, t, p[i], p[i])
	}
	return p, e
}

func (g *rowGen) geluErf(x group) group {
	low := g.clampLow(x, -geluErfX)
	p, _ := g.phi(g.clampHigh(low, geluErfX))
	for i := range p {
		VMULPS(low[i], p[i], p[i])
	}
	return p
}

func (g *rowGen) geluErfSlope(x group) group {
	_, slope := g.geluErfSlopes(x, false)
	return slope
}

func (g *rowGen) geluErfAndSlope(x group) (y, slope group) { return g.geluErfSlopes(x, true) }

// geluErfSlopes returns the slope, and the value if asked for.
func (g *rowGen) geluErfSlopes(x group, value bool) (y, slope group) {
	low := g.clampLow(x, -geluErfX)
	c := g.clampHigh(low, geluErfX)
	p, e := g.phi(c)
	for i := range p {
		if value {
			VMULPS(p[i], low[i], low[i])
		}
		VMULPS(g.c(inverseRoot), c[i], c[i])
		VFMADD231PS(e[i], c[i], p[i])
	}
	return low, p
}

// abreast is how many vectors at a time pay: registers allow two with AVX-512.
func (g *rowGen) abreast() int {
	if g.wide() {
		return 2
	}
	return 1
}
