package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["loss"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			rowL1Grad(v)
			rowL2Grad(v)
		}
	}
}

func rowL1Grad(v vectors) {
	g := lossGrad(v, "rowL1Grad", func(g *rowGen, c reg.VecVirtual) func(d group) group {
		minus := g.v.new()
		VXORPS(g.operand(signBit), c, minus)
		return func(d group) group {
			y := g.new()
			for i := range d {
				VSUBPS(d[i], d[i], y[i])
				if g.wide() {
					k := K()
					VCMPPS(isGreater, g.c(0), d[i], k)
					VMOVUPS(c, k, y[i])
					k = K()
					VCMPPS(isLess, g.c(0), d[i], k)
					VMOVUPS(minus, k, y[i])
					continue
				}
				zero, m := g.v.new(), g.v.new()
				VXORPS(zero, zero, zero)
				VCMPPS(isGreater, zero, d[i], m)
				VBLENDVPS(m, c, y[i], y[i])
				VCMPPS(isLess, zero, d[i], m)
				VBLENDVPS(m, minus, y[i], y[i])
			}
			return y
		}
	})
	g.end()
}

func rowL2Grad(v vectors) {
	g := lossGrad(v, "rowL2Grad", func(g *rowGen, c reg.VecVirtual) func(d group) group {
		VADDPS(c, c, c)
		return func(d group) group {
			for i := range d {
				VMULPS(c, d[i], d[i])
			}
			return d
		}
	})
	g.end()
}

// lossGrad writes a loop over rows. start gets s·w[row] in all lanes, and returns what makes the gradient of x - y.
func lossGrad(v vectors, name string, start func(g *rowGen, c reg.VecVirtual) func(d group) group) *rowGen {
	g := rowKernel(v, name, "dx, x, y, w []float32, cols int, s float32", "is the meaning of the same name.")
	g.hold([]float32{0})
	g.holdBits(signBit)
	s := g.argument("s")
	dx, x, y, w, rows := pointer("dx"), pointer("x"), pointer("y"), pointer("w"), length("w")
	c := g.columns(integer("cols"))
	g.rows(rows, func() {
		scale := g.broadcast(Mem{Base: w})[0]
		VMULPS(s[0], scale, scale)
		gradient := start(g, scale)
		g.row(c, func() {
			d, b := g.load(x, c.index), g.load(y, c.index)
			for i := range d {
				VSUBPS(b[i], d[i], d[i])
			}
			g.store(gradient(d), dx, c.index)
		})
		ADDQ(I32(4), w)
		nextRow(c, dx, x, y)
	})
	return g
}
