package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["softmax"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			softmaxRows(v)
			softmaxRowsGrad(v)
			logSoftmaxRows(v)
		}
	}
}

var negativeInfinity = float32(math.Inf(-1))

// nextRow moves pointers on by a row.
func nextRow(c columns, pointers ...reg.GPVirtual) {
	for _, p := range pointers {
		ADDQ(c.bytes, p)
	}
}

// rowMaximum is the maximum of x·scale over a row in all lanes, 0 where it is -Inf. scale may be nil for 1.
func (g *rowGen) rowMaximum(c columns, x reg.GPVirtual, scale group) group {
	m := g.new()
	g.set(m, negativeInfinity)
	g.row(c, func() {
		y := g.load(x, c.index)
		for i := range y {
			if scale != nil {
				VMULPS(scale[i], y[i], y[i])
			}
			g.maxInto(m, y, i)
		}
	})
	return g.zeroIf(g.spread(g.tree(m, maxOp)), isEqual, negativeInfinity)
}

// maxInto is m = y > m ? y : m for part i, whose lanes past the end of the row stay.
func (g *rowGen) maxInto(m, y group, i int) {
	switch {
	case !g.partial:
		VMAXPS(m[i], y[i], m[i])
	case g.wide():
		VMAXPS(m[i], y[i], g.k, m[i])
	default:
		t := g.v.new()
		VMAXPS(m[i], y[i], t)
		mask := g.v.new()
		VMOVUPS(Mem{Base: g.masks, Disp: 32 * i}, mask)
		VBLENDVPS(mask, t, m[i], m[i])
	}
}

// zeroIf makes x, whose parts are one register, +0 where it compares true with limit.
func (g *rowGen) zeroIf(x group, predicate Op, limit float32) group {
	if g.wide() {
		k := K()
		zero := g.v.new()
		VPXORD(zero, zero, zero)
		VCMPPS(predicate, g.c(limit), x[0], k)
		VMOVUPS(zero, k, x[0])
	} else {
		m := g.v.new()
		VCMPPS(predicate, g.c(limit), x[0], m)
		VANDNPS(x[0], m, x[0])
	}
	return x
}

// expSum is the sum of e^(x·scale - m) over a row, in lane 0. each, if not nil, gets the exponentials.
func (g *rowGen) expSum(c columns, x reg.GPVirtual, scale, m group, each func(e group)) reg.VecVirtual {
	sum := g.new()
	g.set(sum, 0)
	g.row(c, func() {
		y := g.load(x, c.index)
		for i := range y {
			if scale != nil {
				VMULPS(scale[i], y[i], y[i])
			}
			VSUBPS(m[i], y[i], y[i])
		}
		e := g.exp(y)
		if each != nil {
			each(e)
		}
		g.clearTail(e)
		for i := range e {
			VADDPS(e[i], sum[i], sum[i])
		}
	})
	return g.tree(sum, addOp)
}

func softmaxRows(v vectors) {
	g := rowKernel(v, "softmaxRows", "dst, x []float32, cols int, scale float32", "is the meaning of the same name.")
	g.holdExp()
	g.hold([]float32{1, 0, negativeInfinity})
	scale := g.argument("scale")
	dst, x, left := pointer("dst"), pointer("x"), length("x")
	c := g.columns(integer("cols"))
	SHLQ(U8(2), left)
	g.untilEmpty(left, c, func() {
		m := g.rowMaximum(c, x, scale)
		sum := g.expSum(c, x, scale, m, func(e group) { g.store(e, dst, c.index) })
		s := g.spread(sum)
		inverse := g.v.new()
		VMOVUPS(g.c(1), inverse)
		VDIVPS(s[0], inverse, inverse)
		// 1/0 counts as 0.
		if g.wide() {
			k := K()
			VCMPPS(isNotEqual, g.c(0), s[0], k)
			VMOVUPS_Z(inverse, k, inverse)
		} else {
			zero := g.v.new()
			VXORPS(zero, zero, zero)
			VCMPPS(isNotEqual, zero, s[0], s[0])
			VANDPS(s[0], inverse, inverse)
		}
		g.row(c, func() {
			y := g.load(dst, c.index)
			for i := range y {
				VMULPS(inverse, y[i], y[i])
			}
			g.store(y, dst, c.index)
		})
		nextRow(c, dst, x)
	})
	g.end()
}

// untilEmpty writes a loop over rows while left, the bytes not yet treated, isn't 0.
func (g *rowGen) untilEmpty(left reg.GPVirtual, c columns, body func()) {
	loop, done := g.label("row"), g.label("end")
	TESTQ(left, left)
	JZ(LabelRef(done))
	Label(loop)
	body()
	SUBQ(c.bytes, left)
	JNZ(LabelRef(loop))
	Label(done)
}

func logSoftmaxRows(v vectors) {
	g := rowKernel(v, "logSoftmaxRows", "dst, x []float32, cols int", "is the meaning of the same name.")
	g.holdExp()
	g.hold([]float32{0, negativeInfinity})
	dst, x, left := pointer("dst"), pointer("x"), length("x")
	c := g.columns(integer("cols"))
	SHLQ(U8(2), left)
	g.untilEmpty(left, c, func() {
		m := g.rowMaximum(c, x, nil)
		sum := g.expSum(c, x, nil, m, nil)
		one := &rowGen{v: g.v, parts: 1, constants: g.constants}
		s := one.spread(sum)
		kept := g.v.new()
		VMOVUPS(s[0], kept)
		ln := one.logInside(s, nil)
		// The logarithm of 0 counts as 0, that of NaN is NaN; other sums are normal.
		if g.wide() {
			k := K()
			VCMPPS(isNotEqual, g.c(0), kept, k)
			VMOVUPS_Z(ln[0], k, ln[0])
		} else {
			mask := g.v.new()
			VXORPS(mask, mask, mask)
			VCMPPS(isNotEqual, mask, kept, mask)
			VANDPS(mask, ln[0], ln[0])
		}
		one.selectPart(ln[0], isUnordered, kept, kept, kept)
		g.row(c, func() {
			y := g.load(x, c.index)
			for i := range y {
				VSUBPS(m[i], y[i], y[i])
				VSUBPS(ln[0], y[i], y[i])
			}
			g.store(y, dst, c.index)
		})
		nextRow(c, dst, x)
	})
	g.end()
}

func softmaxRowsGrad(v vectors) {
	g := rowKernel(v, "softmaxRowsGrad", "dx, dy, y []float32, cols int, scale float32", "is the meaning of the same name.")
	scale := g.argument("scale")
	dx, dy, y, left := pointer("dx"), pointer("dy"), pointer("y"), length("y")
	c := g.columns(integer("cols"))
	SHLQ(U8(2), left)
	g.untilEmpty(left, c, func() {
		sum := g.new()
		g.set(sum, 0)
		g.row(c, func() {
			a, b := g.load(y, c.index), g.load(dy, c.index)
			for i := range a {
				VFMADD231PS(a[i], b[i], sum[i])
			}
		})
		d := g.spread(g.tree(sum, addOp))
		g.row(c, func() {
			a, b := g.load(y, c.index), g.load(dy, c.index)
			for i := range a {
				VSUBPS(d[i], b[i], b[i])
				VMULPS(a[i], b[i], b[i])
				VMULPS(scale[i], b[i], b[i])
			}
			g.store(b, dx, c.index)
		})
		nextRow(c, dx, dy, y)
	})
	g.end()
}
