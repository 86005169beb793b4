package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["attention"] = func() {
		for _, shape := range stripShapes {
			strip(shape.vectors, shape.columns, shape.mostRows)
		}
		for _, v := range []vectors{avx512, avx2} {
			attentionSoftmax(v)
			attentionSoftmaxGrad(v)
		}
	}
	stripOffset = argumentStruct("Strip", "K", "A", "ARow", "AStep", "B", "BStep", "C", "CRow", "Tiles", "Rows", "Higher", "Scale", "Scaled", "Ahead", "AheadLeft")
}

// stripOffset is where the fields of kernel.Strip lie.
var stripOffset map[string]int

// stripShapes are the strips, by the number of vectors in a row, with the most rows of a tile that registers allow.
// Half a ZMM is a YMM; a strip of one ZMM is made of two YMM, see tileShapes.
var stripShapes = []struct {
	vectors
	columns, mostRows int
}{
	{avx512, 3, 9}, {avx512, 2, 14}, {half, 2, 14}, {half, 1, 14},
	{avx2, 3, 4}, {avx2, 2, 6}, {avx2, 1, 6},
}

// strip writes the product of all rows and some vectors of columns: tiles of rows one under another.
func strip(v vectors, columns, mostRows int) {
	name := fmt.Sprintf("strip%d%s", columns*v.bytes/4, v.name)
	TEXT(name, NOSPLIT, "func(s *Strip)")
	Doc(fmt.Sprintf("%s is the meaning of Strip for %d columns, in tiles of at most %d rows.", name, columns*v.bytes/4, mostRows))
	Pragma("noescape")
	g := stripGen{v: v, columns: columns, s: Load(Param("s"), GP64()).(reg.GPVirtual)}
	g.a, g.c, g.tiles, g.higher, g.rows = AllocLocal(8), AllocLocal(8), AllocLocal(8), AllocLocal(8), AllocLocal(8)
	for _, f := range []struct {
		name string
		to   Mem
	}{{"A", g.a}, {"C", g.c}, {"Tiles", g.tiles}, {"Higher", g.higher}} {
		MOVQ(g.field(f.name), f.to)
	}
	Label("tile")
	rows := g.field("Rows")
	zero := GP64()
	XORQ(zero, zero)
	DECQ(g.higher)
	SETGE(zero.As8())
	ADDQ(zero, rows)
	MOVQ(rows, g.rows)
	g.choose(rows, 1, mostRows)
	for r := 1; r <= mostRows; r++ {
		g.tile(r)
	}
	Label("next")
	n, move := GP64(), GP64()
	MOVQ(g.rows, n)
	MOVQ(n, move)
	IMULQ(g.mem("ARow"), n)
	ADDQ(n, g.a)
	IMULQ(g.mem("CRow"), move)
	ADDQ(move, g.c)
	DECQ(g.tiles)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// stripGen is a strip being written.
type stripGen struct {
	v       vectors
	columns int
	s       reg.GPVirtual

	a, c, tiles, higher, rows Mem // of the next tile, or the one at work
}

func (g *stripGen) mem(name string) Mem { return Mem{Base: g.s, Disp: stripOffset[name]} }

func (g *stripGen) field(name string) reg.GPVirtual {
	r := GP64()
	MOVQ(g.mem(name), r)
	return r
}

// choose jumps to the tile of so many rows, lo <= rows <= hi.
func (g *stripGen) choose(rows reg.GPVirtual, lo, hi int) {
	if lo == hi {
		JMP(LabelRef(fmt.Sprintf("rows%d", lo)))
		return
	}
	middle := (lo + hi) / 2
	right := fmt.Sprintf("above%d", middle)
	CMPQ(rows, I32(int32(middle)))
	JGT(LabelRef(right))
	g.choose(rows, lo, middle)
	Label(right)
	g.choose(rows, middle+1, hi)
}

// tile writes a tile of so many rows.
func (g *stripGen) tile(rows int) {
	label := func(what string) string { return fmt.Sprintf("%s%d", what, rows) }
	Label(label("rows"))
	ahead := [2]reg.GPVirtual{GP64(), GP64()}
	step := [2]reg.GPVirtual{GP64(), GP64()}
	a := GP64()
	MOVQ(g.a, a)
	for i := range ahead {
		MOVQ(a, ahead[i])
		XORQ(step[i], step[i])
	}
	left := g.field("AheadLeft")
	SUBQ(Imm(2), left)
	JL(LabelRef(label("none")))
	MOVQ(left, g.mem("AheadLeft"))
	list := g.field("Ahead")
	for i := range ahead {
		MOVQ(Mem{Base: list, Disp: 16 * i}, ahead[i])
		MOVQ(Mem{Base: list, Disp: 16*i + 8}, step[i])
	}
	ADDQ(Imm(32), list)
	MOVQ(list, g.mem("Ahead"))
	Label(label("none"))

	row, aStep := g.field("ARow"), g.field("AStep")
	b, bStep, k := g.field("B"), g.field("BStep"), g.field("K")
	bases, row3 := rowBases(rows, a, row)
	x := make([][]reg.VecVirtual, rows)
	for i := range x {
		for range g.columns {
			t := g.v.new()
			VXORPS(t, t, t)
			x[i] = append(x[i], t)
		}
	}
	right := make([]reg.VecVirtual, g.columns)
	for j := range right {
		right[j] = g.v.new()
	}
	factor := g.v.new()
	Label(label("loop"))
	for j := range right {
		VMOVUPS(Mem{Base: b, Disp: j * g.v.bytes}, right[j])
	}
	ADDQ(bStep, b)
	for i := range ahead {
		PREFETCHT1(Mem{Base: ahead[i]})
		ADDQ(step[i], ahead[i])
	}
	for i := range x {
		VBROADCASTSS(rowMem(bases, row, row3, i), factor)
		for j := range right {
			VFMADD231PS(right[j], factor, x[i][j])
		}
	}
	for _, p := range bases {
		ADDQ(aStep, p)
	}
	DECQ(k)
	JNZ(LabelRef(label("loop")))

	c, cRow := GP64(), g.field("CRow")
	MOVQ(g.c, c)
	store := func() {
		for i := range x {
			for j, t := range x[i] {
				VMOVUPS(t, Mem{Base: c, Disp: j * g.v.bytes})
			}
			if i < rows-1 {
				ADDQ(cRow, c)
			}
		}
		JMP(LabelRef("next"))
	}
	CMPQ(g.mem("Scaled"), Imm(0))
	JNE(LabelRef(label("scaled")))
	store()
	Label(label("scaled"))
	VBROADCASTSS(g.mem("Scale"), factor)
	for i := range x {
		for _, t := range x[i] {
			VMULPS(factor, t, t)
		}
	}
	store()
}
