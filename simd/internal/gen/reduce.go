package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["reduce"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			rowSum(v)
			rowMax(v)
			rowPair(v, "rowDot", func(g *rowGen, x, y, sum group) {
				for i := range x {
					VFMADD231PS(x[i], y[i], sum[i])
				}
			})
			rowPair(v, "rowL1", func(g *rowGen, x, y, sum group) {
				for i := range x {
					VSUBPS(y[i], x[i], x[i])
					if g.wide() {
						VPANDD(g.operand(^uint32(signBit)), x[i], x[i])
					} else {
						VANDPS(g.operand(^uint32(signBit)), x[i], x[i])
					}
					VADDPS(x[i], sum[i], sum[i])
				}
			})
			rowPair(v, "rowL2", func(g *rowGen, x, y, sum group) {
				for i := range x {
					VSUBPS(y[i], x[i], x[i])
					VFMADD231PS(x[i], x[i], sum[i])
				}
			})
			columnAdd(v)
		}
	}
}

func rowSum(v vectors) {
	g := rowKernel(v, "rowSum", "dst, x []float32, cols int", "is the meaning of the same name.")
	dst, rows, x := pointer("dst"), length("dst"), pointer("x")
	c := g.columns(integer("cols"))
	g.rows(rows, func() {
		sum := g.new()
		g.set(sum, 0)
		g.row(c, func() {
			y := g.load(x, c.index)
			for i := range y {
				VADDPS(y[i], sum[i], sum[i])
			}
		})
		g.storeFirst(g.tree(sum, addOp), dst)
		nextRow(c, x)
	})
	g.end()
}

func rowMax(v vectors) {
	g := rowKernel(v, "rowMax", "dst, x []float32, cols int", "is the meaning of the same name.")
	g.hold([]float32{negativeInfinity})
	dst, rows, x := pointer("dst"), length("dst"), pointer("x")
	c := g.columns(integer("cols"))
	g.rows(rows, func() {
		m := g.new()
		g.set(m, negativeInfinity)
		g.row(c, func() {
			y := g.load(x, c.index)
			for i := range y {
				g.maxInto(m, y, i)
			}
		})
		g.storeFirst(g.tree(m, maxOp), dst)
		nextRow(c, x)
	})
	g.end()
}

// rowPair writes a sum over the rows of two matrices. step adds a group; lanes past the end are 0 in both.
func rowPair(v vectors, name string, step func(g *rowGen, x, y, sum group)) {
	g := rowKernel(v, name, "dst, x, y []float32, cols int", "is the meaning of the same name.")
	g.holdBits(^uint32(signBit))
	dst, rows, x, y := pointer("dst"), length("dst"), pointer("x"), pointer("y")
	c := g.columns(integer("cols"))
	g.rows(rows, func() {
		sum := g.new()
		g.set(sum, 0)
		g.row(c, func() { step(g, g.load(x, c.index), g.load(y, c.index), sum) })
		g.storeFirst(g.tree(sum, addOp), dst)
		nextRow(c, x, y)
	})
	g.end()
}

// storeFirst writes lane 0 of x to *p and moves p on.
func (g *rowGen) storeFirst(x reg.VecVirtual, p reg.GPVirtual) {
	VMOVSS(x.AsX(), Mem{Base: p})
	ADDQ(I32(4), p)
}

// columnAdd goes down the rows for some vectors of columns at a time, whose sums stay in registers: eight while there
// are as many, then four, two and one.
func columnAdd(v vectors) {
	g := elementKernel(v, "columnAdd", "dst, x []float32, cols int", "is the meaning of the same name.")
	dst, x, end := pointer("dst"), pointer("x"), length("x")
	LEAQ(Mem{Base: x, Index: end, Scale: 4}, end)
	left, step := integer("cols"), GP64()
	MOVQ(left, step)
	SHLQ(U8(2), step)
	down := func() {
		sums := g.load(dst, nil)
		p, loop, done := GP64(), g.label("down"), g.label("bottom")
		MOVQ(x, p)
		CMPQ(p, end)
		JCC(LabelRef(done))
		Label(loop)
		for i := range sums {
			if g.partial {
				VADDPS(g.load(p, nil)[i], sums[i], sums[i])
			} else {
				VADDPS(g.at(p, nil, i), sums[i], sums[i])
			}
		}
		ADDQ(step, p)
		CMPQ(p, end)
		JCS(LabelRef(loop))
		Label(done)
		g.store(sums, dst, nil)
	}
	for g.parts = 8; g.parts > 0; g.parts /= 2 {
		loop, done := g.label("across"), g.label("narrower")
		Label(loop)
		CMPQ(left, I32(g.lanes()))
		JLT(LabelRef(done))
		down()
		ADDQ(I32(g.bytes()), dst)
		ADDQ(I32(g.bytes()), x)
		ADDQ(I32(g.bytes()), end) // rows are counted from x
		SUBQ(I32(g.lanes()), left)
		JMP(LabelRef(loop))
		Label(done)
	}
	g.parts = 1
	done := g.label("done")
	TESTQ(left, left)
	JZ(LabelRef(done))
	g.tail(left)
	g.partial = true
	down()
	g.partial = false
	Label(done)
	g.end()
}
