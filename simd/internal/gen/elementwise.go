package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["elementwise"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			binary(v, "add", "dst = a + b", VADDPS)
			binary(v, "sub", "dst = a - b", VSUBPS)
			binary(v, "mul", "dst = a·b", VMULPS)
			scaled(v)
			addScaled(v)
			ema(v)
			allFinite(v)
		}
	}
	families["function"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			unary(v, "exp", "detmath.Exp32", (*rowGen).holdExp, (*rowGen).exp)
			unary(v, "log", "detmath.Log32", func(g *rowGen) {
				g.hold(logPolynomial, logConstants, logSpecials)
				g.holdBits(logBits...)
			}, (*rowGen).log)
			unary(v, "tanh", "detmath.Tanh32", func(g *rowGen) {
				g.holdExp()
				g.hold(tanhPolynomial, tanhConstants)
				g.holdBits(signBit)
			}, (*rowGen).tanh)
			unary(v, "erf", "detmath.Erf32", func(g *rowGen) {
				g.holdBits(signBit)
				g.hold(expPolynomial, expConstants, erfConstants)
				g.hold(erfPolynomial[:4])
			}, (*rowGen).erf)
		}
	}
}

func (g *rowGen) holdExp() { g.hold(expPolynomial, expConstants, expSpecials) }

func binary(v vectors, name, doc string, op func(...Op)) {
	g := elementKernel(v, name, "dst, a, b []float32", "computes "+doc+".")
	dst, n, a, b := pointer("dst"), length("dst"), pointer("a"), pointer("b")
	g.elements(n, 1, []reg.GPVirtual{dst, a, b}, func() {
		x := g.load(a, nil)
		y := g.load(b, nil)
		op(y[0], x[0], x[0])
		g.store(x, dst, nil)
	})
	g.end()
}

func scaled(v vectors) {
	g := elementKernel(v, "scale", "dst, a []float32, s float32", "computes dst = a·s.")
	s := g.argument("s")
	dst, n, a := pointer("dst"), length("dst"), pointer("a")
	g.elements(n, 1, []reg.GPVirtual{dst, a}, func() {
		x := g.load(a, nil)
		VMULPS(s[0], x[0], x[0])
		g.store(x, dst, nil)
	})
	g.end()
}

func addScaled(v vectors) {
	g := elementKernel(v, "addScaled", "dst, a []float32, s float32", "computes dst = fma(s, a, dst).")
	s := g.argument("s")
	dst, n, a := pointer("dst"), length("dst"), pointer("a")
	g.elements(n, 1, []reg.GPVirtual{dst, a}, func() {
		x := g.load(a, nil)
		y := g.load(dst, nil)
		VFMADD231PS(s[0], x[0], y[0])
		g.store(y, dst, nil)
	})
	g.end()
}

func ema(v vectors) {
	g := elementKernel(v, "ema", "dst, src []float32, d float32", "computes dst = fma(d, dst, (1-d)·src).")
	g.hold([]float32{1})
	d := g.argument("d")
	c := g.new()
	g.set(c, 1)
	VSUBPS(d[0], c[0], c[0])
	dst, n, src := pointer("dst"), length("dst"), pointer("src")
	g.elements(n, 1, []reg.GPVirtual{dst, src}, func() {
		x := g.load(src, nil)
		y := g.load(dst, nil)
		VMULPS(c[0], x[0], x[0])
		VFMADD213PS(x[0], d[0], y[0])
		g.store(y, dst, nil)
	})
	g.end()
}

// allFinite gathers, for each lane, whether an exponent was all ones.
func allFinite(v vectors) {
	const exponent = 0x7f800000
	g := elementKernel(v, "allFinite", "x []float32) (ok bool", "reports whether x holds neither infinities nor NaNs.")
	g.holdBits(exponent)
	x, n := pointer("x"), length("x")
	var found reg.Register
	if g.wide() {
		found = K()
		KXORW(found, found, found)
	} else {
		found = YMM()
		VPXOR(found, found, found)
	}
	g.elements(n, 1, []reg.GPVirtual{x}, func() {
		y := g.load(x, nil)[0]
		if g.wide() {
			k := K()
			VPANDD(g.operand(exponent), y, y)
			VPCMPEQD(g.operand(exponent), y, k)
			KORW(k, found, found)
		} else {
			VPAND(g.operand(exponent), y, y)
			VPCMPEQD(g.operand(exponent), y, y)
			VPOR(y, found, found)
		}
	})
	r, ok := GP32(), GP8()
	if g.wide() {
		KMOVW(found, r)
	} else {
		VMOVMSKPS(found, r)
	}
	TESTL(r, r)
	SETEQ(ok)
	Store(ok, Return("ok"))
	g.end()
}

func unary(v vectors, name, meaning string, hold func(g *rowGen), f func(g *rowGen, x group) group) {
	g := elementKernel(v, name, "dst, x []float32", "computes "+meaning+" of each element.")
	hold(g)
	dst, n, x := pointer("dst"), length("dst"), pointer("x")
	g.elements(n, 1, []reg.GPVirtual{dst, x}, func() {
		g.store(f(g, g.load(x, nil)), dst, nil)
	})
	g.end()
}
