package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The float32 functions of internal/detmath, on groups. Order of operations and constants are theirs.

const (
	expMin     = -0x1.5d589ep+6
	expMax     = 0x1.62e42ep+6
	roundMagic = 0x1.8p23
	log2E      = 0x1.715476p+0
	ln2High    = 0x1.62e430p-1
	ln2Low     = -0x1.05c610p-29
	signBit    = 1 << 31
)

// Polynomials: the highest power first.
var (
	expPolynomial  = []float32{0x1.6ac74ep-10, 0x1.123de0p-7, 0x1.555858p-5, 0x1.55548cp-3, 0x1.fffffcp-2, 1, 1}
	expConstants   = []float32{log2E, roundMagic, -ln2High, -ln2Low}
	expSpecials    = []float32{expMin, expMax, float32(math.Inf(1))}
	tanhPolynomial = []float32{-0x1.750ce4p-8, 0x1.51f8cep-6, -0x1.b835a4p-5, 0x1.1106f6p-3, -0x1.555532p-2}
	erfPolynomial  = []float32{0x1.4c344ep-14, -0x1.a50b0ep-11, 0x1.542e10p-8, -0x1.b7fe90p-6, 0x1.ce2d50p-4, -0x1.812740p-2, 0x1.06eba8p-3}
	tailPolynomial = []float32{-0x1.bf4032p-6, 0x1.3f3e5cp-3, -0x1.5a8f64p-2, 0x1.3f30cap-2, -0x1.f5102ep-4, 0x1.3a9db4p-3, 0x1.9ec178p-4, 0x1.12c2bep-3, 0x1.0d292ep-3, 0x1.26512cp-17}
	logPolynomial  = []float32{0x1.b7c318p-5, -0x1.bf691cp-4, 0x1.efeb0ep-4, -0x1.010456p-3, 0x1.23036ep-3, -0x1.552f18p-3, 0x1.99a540p-3, -0x1.000070p-2, 0x1.555548p-2}
	logConstants   = []float32{1, -0.5, ln2Low, ln2High}
	logSpecials    = []float32{0x1p-126, 0x1p23, 23, math.MaxFloat32, 0, float32(math.Inf(-1))}
	logBits        = []uint32{0x3f3504f3, 0x7fffff, 0x7fc00000}
	erfConstants   = []float32{1, 9, -2, 0x1.dde41cp-2}
	tanhConstants  = []float32{0.625, 1, 2}
)

// horner evaluates a polynomial at x into a new group.
func (g *rowGen) horner(x group, coefficients []float32) group {
	p := g.new()
	g.set(p, coefficients[0])
	for _, c := range coefficients[1:] {
		g.multiplyAdd(p, x, g.c(c))
	}
	return p
}

// multiplyAdd computes p = p·x + c.
func (g *rowGen) multiplyAdd(p, x group, c Op) {
	for i := range p {
		VFMADD213PS(c, x[i], p[i])
	}
}

// addProduct computes x = a·b + x. One of a, b may be in memory.
func addProduct(x, a group, b Op) {
	for i := range x {
		VFMADD231PS(b, a[i], x[i])
	}
}

// expInside is e^x for Exp32Min <= x <= Exp32Max. It uses up x.
func (g *rowGen) expInside(x group) group {
	t, n := g.new(), g.new()
	for i := range x {
		VMOVUPS(g.c(roundMagic), t[i])
		VFMADD231PS(g.c(log2E), x[i], t[i])
		VSUBPS(g.c(roundMagic), t[i], n[i])
	}
	addProduct(x, n, g.c(-ln2High))
	addProduct(x, n, g.c(-ln2Low))
	p := g.horner(x, expPolynomial)
	for i := range p {
		VPSLLD(U8(23), t[i], t[i])
		VPADDD(t[i], p[i], p[i])
	}
	return p
}

// Predicates of VCMPPS that raise nothing for quiet NaNs; those that begin with not, and isUnordered, hold for NaN.
const (
	isEqual      = U8(0x00)
	isLess       = U8(0x11)
	isNotLess    = U8(0x15)
	isNotAtMost  = U8(0x16)
	isGreater    = U8(0x1e)
	isNotGreater = U8(0x1a)
	isUnordered  = U8(0x03)
	isNotEqual   = U8(0x04)
)

// exp is detmath.Exp32. It uses up x.
func (g *rowGen) exp(x group) group {
	kept := g.new()
	copyGroup(x, kept)
	p := g.expInside(x)
	for i := range p {
		if g.wide() {
			k := K()
			VCMPPS(isNotLess, g.c(expMin), kept[i], k)
			VMOVUPS_Z(p[i], k, p[i])
			k = K()
			VCMPPS(isNotAtMost, g.c(expMax), kept[i], k)
			VADDPS(g.c(float32(math.Inf(1))), kept[i], k, p[i])
			continue
		}
		m := YMM()
		VCMPPS(isNotLess, g.c(expMin), kept[i], m)
		VANDPS(m, p[i], p[i])
		VCMPPS(isNotAtMost, g.c(expMax), kept[i], m)
		VADDPS(g.c(float32(math.Inf(1))), kept[i], kept[i])
		VBLENDVPS(m, kept[i], p[i], p[i])
	}
	return p
}

// selectPart writes y to x where a compares true with b. y may be in memory.
func (g *rowGen) selectPart(x reg.VecVirtual, predicate Op, a reg.VecVirtual, b, y Op) {
	if g.wide() {
		k := K()
		VCMPPS(predicate, b, a, k)
		VMOVUPS(y, k, x)
		return
	}
	m := YMM()
	VCMPPS(predicate, b, a, m)
	VBLENDVPS(m, y, x, x)
}

// logInside is detmath.Log32 for normal finite x > 0. It uses up x. less, if not nil, is subtracted from the exponent.
func (g *rowGen) logInside(x, less group) group {
	e, z := g.new(), g.new()
	for i := range x {
		VPSUBD(g.operand(0x3f3504f3), x[i], x[i])
		VPSRAD(U8(23), x[i], e[i])
		VCVTDQ2PS(e[i], e[i])
		if less != nil {
			VSUBPS(less[i], e[i], e[i])
		}
		if g.wide() {
			VPANDD(g.operand(0x7fffff), x[i], x[i])
		} else {
			VPAND(g.operand(0x7fffff), x[i], x[i])
		}
		VPADDD(g.operand(0x3f3504f3), x[i], x[i])
		VSUBPS(g.c(1), x[i], x[i])
		VMULPS(x[i], x[i], z[i])
	}
	y := g.horner(x, logPolynomial)
	for i := range x {
		t := g.v.new()
		VMULPS(z[i], x[i], t)
		VMULPS(t, y[i], y[i])
	}
	addProduct(y, e, g.c(ln2Low))
	addProduct(y, z, g.c(-0.5))
	for i := range x {
		VADDPS(x[i], y[i], y[i])
	}
	addProduct(y, e, g.c(ln2High))
	return y
}

// log is detmath.Log32. It uses up x.
func (g *rowGen) log(x group) group {
	kept, less := g.new(), g.new()
	for i := range x {
		VMOVUPS(x[i], kept[i])
		// Subnormal: times 2^23.
		if g.wide() {
			k := K()
			VCMPPS(isLess, g.c(0x1p-126), x[i], k)
			VMULPS(g.c(0x1p23), x[i], k, x[i])
			VMOVUPS_Z(g.c(23), k, less[i])
			continue
		}
		m, t := YMM(), YMM()
		VCMPPS(isLess, g.c(0x1p-126), x[i], m)
		VMULPS(g.c(0x1p23), x[i], t)
		VBLENDVPS(m, t, x[i], x[i])
		VANDPS(g.c(23), m, less[i])
	}
	y := g.logInside(x, less)
	for i := range y {
		g.selectPart(y[i], isNotGreater, kept[i], g.c(0), g.operand(0x7fc00000))
		g.selectPart(y[i], isEqual, kept[i], g.c(0), g.c(float32(math.Inf(-1))))
		g.selectPart(y[i], isGreater, kept[i], g.c(math.MaxFloat32), kept[i])
	}
	return y
}

// splitSign returns |x| and the sign bits of x, which it uses up.
func (g *rowGen) splitSign(x group) (a, sign group) {
	a = g.new()
	for i := range x {
		if g.wide() {
			VPANDD(g.operand(signBit), x[i], a[i])
			VPXORD(a[i], x[i], x[i])
		} else {
			VANDPS(g.operand(signBit), x[i], a[i])
			VXORPS(a[i], x[i], x[i])
		}
	}
	return x, a
}

func (g *rowGen) orSign(x, sign group) {
	for i := range x {
		if g.wide() {
			VPORD(sign[i], x[i], x[i])
		} else {
			VORPS(sign[i], x[i], x[i])
		}
	}
}

// tanh is detmath.Tanh32. It uses up x.
func (g *rowGen) tanh(x group) group {
	a, sign := g.splitSign(x)
	z := g.new()
	for i := range a {
		VMULPS(a[i], a[i], z[i])
	}
	small := g.horner(z, tanhPolynomial)
	for i := range a {
		VMULPS(a[i], z[i], z[i])
		VFMADD213PS(a[i], z[i], small[i]) // small = z·small + a
	}
	twice := g.new()
	for i := range a {
		VADDPS(a[i], a[i], twice[i])
	}
	y := g.exp(twice)
	for i := range y {
		t := g.v.new()
		VADDPS(g.c(1), y[i], y[i])
		VMOVUPS(g.c(2), t)
		VDIVPS(y[i], t, y[i])
		VMOVUPS(g.c(1), t)
		VSUBPS(y[i], t, y[i])
		g.selectPart(y[i], isLess, a[i], g.c(0.625), small[i])
	}
	g.orSign(y, sign)
	return y
}

// normalTail is Q(1/(1 + p·z)), p a constant.
func (g *rowGen) normalTail(z group, p float32) group {
	t := g.new()
	for i := range z {
		d := g.v.new()
		VMOVUPS(g.c(p), d)
		VFMADD213PS(g.c(1), z[i], d)
		VMOVUPS(g.c(1), t[i])
		VDIVPS(d, t[i], t[i])
	}
	return g.horner(t, tailPolynomial)
}

// erf is detmath.Erf32. It uses up x.
func (g *rowGen) erf(x group) group {
	a, sign := g.splitSign(x)
	z := g.new()
	for i := range a {
		VMULPS(a[i], a[i], z[i])
	}
	small := g.horner(z, erfPolynomial)
	for i := range a {
		VFMADD213PS(a[i], a[i], small[i]) // small = a·small + a
	}
	c := z
	for i := range a {
		VMOVUPS(g.c(9), c[i])
		VMINPS(a[i], c[i], c[i]) // 9 < a ? 9 : a
	}
	q := g.normalTail(c, 0x1.dde41cp-2)
	for i := range c {
		// -(c·c): the sign changes after rounding.
		VMULPS(c[i], c[i], c[i])
		if g.wide() {
			VPXORD(g.operand(signBit), c[i], c[i])
		} else {
			VXORPS(g.operand(signBit), c[i], c[i])
		}
	}
	y := g.expInside(c)
	for i := range y {
		VMULPS(g.c(-2), y[i], y[i])
		VFMADD213PS(g.c(1), q[i], y[i])
		g.selectPart(y[i], isLess, a[i], g.c(1), small[i])
	}
	g.orSign(y, sign)
	return y
}
