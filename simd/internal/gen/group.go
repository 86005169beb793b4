package main

import (
	"fmt"
	"math"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// group is what a loop treats at once: one vector of AVX-512; with AVX2 two of them for rows, so that a group is the
// 16 lanes of numerics rule 4, and one where elements don't meet, for want of registers.
type group []reg.VecVirtual

// rowGen is a row or vector kernel being written.
type rowGen struct {
	v         vectors
	parts     int                       // vectors in a group
	constants map[uint32]reg.VecVirtual // by bits, in registers: AVX-512 only

	// The last elements of a row, less than a group: a mask register, or where the lane masks lie.
	partial bool
	k       reg.OpmaskVirtual
	masks   reg.GPVirtual
	labels  int
}

// rowKernel begins a function called name + ISA with the signature args, whose groups are 16 elements.
func rowKernel(v vectors, name, args, doc string) *rowGen {
	g := elementKernel(v, name, args, doc)
	g.parts = 64 / v.bytes
	return g
}

// elementKernel begins one whose groups are a vector.
func elementKernel(v vectors, name, args, doc string) *rowGen {
	name += v.name
	TEXT(name, NOSPLIT, "func("+args+")")
	Doc(name + " " + doc)
	Pragma("noescape")
	return &rowGen{v: v, parts: 1, constants: map[uint32]reg.VecVirtual{}}
}

func (g *rowGen) end() {
	VZEROUPPER()
	RET()
}

func (g *rowGen) wide() bool { return g.v.bytes == 64 }

// bytes and lanes are those of a group; shift is log2 lanes.
func (g *rowGen) bytes() int32 { return int32(g.parts * g.v.bytes) }
func (g *rowGen) lanes() int32 { return g.bytes() / 4 }
func (g *rowGen) shift() uint8 { return uint8(bits.TrailingZeros32(uint32(g.lanes()))) }

func (g *rowGen) new() group {
	x := make(group, g.parts)
	for i := range x {
		x[i] = g.v.new()
	}
	return x
}

// label returns a name that no other label of the function has.
func (g *rowGen) label(name string) string {
	g.labels++
	return fmt.Sprintf("%s%d", name, g.labels)
}

func pointer(name string) reg.GPVirtual { return Load(Param(name).Base(), GP64()).(reg.GPVirtual) }
func length(name string) reg.GPVirtual  { return Load(Param(name).Len(), GP64()).(reg.GPVirtual) }
func integer(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// argument broadcasts a float32 parameter.
func (g *rowGen) argument(name string) group {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return g.broadcast(p.Addr)
}

// broadcast copies the element at m to all lanes.
func (g *rowGen) broadcast(m Mem) group {
	x := make(group, g.parts)
	x[0] = g.v.new()
	VBROADCASTSS(m, x[0])
	for i := range x {
		x[i] = x[0]
	}
	return x
}

// vectorData are the constants that lie in memory, a vector of equal elements each.
var vectorData = map[uint32]Mem{}

// operand returns the vector of elements with the given bits: a register if it is held in one, else memory.
func (g *rowGen) operand(pattern uint32) Op {
	if x, ok := g.constants[pattern]; ok {
		return x
	}
	m, ok := vectorData[pattern]
	if !ok {
		m = GLOBL(fmt.Sprintf("all%08x", pattern), RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(pattern))
		}
		vectorData[pattern] = m
	}
	return m
}

// hold puts constants into registers, for AVX-512: as many of those used most as there is room for. With 16 registers
// there is none.
func (g *rowGen) hold(sets ...[]float32) {
	for _, set := range sets {
		for _, c := range set {
			g.holdBits(math.Float32bits(c))
		}
	}
}

func (g *rowGen) holdBits(patterns ...uint32) {
	if !g.wide() {
		return
	}
	for _, p := range patterns {
		if _, ok := g.constants[p]; ok {
			continue
		}
		x := g.v.new()
		if p == 0 {
			VPXORD(x, x, x)
		} else {
			r := GP32()
			MOVL(U32(p), r)
			VPBROADCASTD(r, x)
		}
		g.constants[p] = x
	}
}

func (g *rowGen) c(x float32) Op { return g.operand(math.Float32bits(x)) }

// set fills x with a constant.
func (g *rowGen) set(x group, c float32) {
	for i := range x {
		if c == 0 && !math.Signbit(float64(c)) {
			VXORPS(x[i].AsY(), x[i].AsY(), x[i].AsY()) // clears the upper half, too
		} else {
			VMOVUPS(g.c(c), x[i])
		}
	}
}

func copyGroup(from, to group) {
	for i := range from {
		VMOVUPS(from[i], to[i])
	}
}

// at is part i of the group at a base, or at a base and an index in bytes.
func (g *rowGen) at(base, index reg.GPVirtual, i int) Mem {
	m := Mem{Base: base, Disp: i * g.v.bytes}
	if index != nil {
		m.Index, m.Scale = index, 1
	}
	return m
}

// load reads a group; lanes past the end of the row become +0 and aren't read.
func (g *rowGen) load(base, index reg.GPVirtual) group {
	x := g.new()
	for i := range x {
		m := g.at(base, index, i)
		switch {
		case !g.partial:
			VMOVUPS(m, x[i])
		case g.wide():
			VMOVUPS_Z(m, g.k, x[i])
		default:
			mask := YMM()
			VMOVUPS(Mem{Base: g.masks, Disp: 32 * i}, mask)
			VMASKMOVPS(m, mask, x[i])
		}
	}
	return x
}

// store writes a group; lanes past the end of the row aren't written.
func (g *rowGen) store(x group, base, index reg.GPVirtual) {
	for i := range x {
		m := g.at(base, index, i)
		switch {
		case !g.partial:
			VMOVUPS(x[i], m)
		case g.wide():
			VMOVUPS(x[i], g.k, m)
		default:
			mask := YMM()
			VMOVUPS(Mem{Base: g.masks, Disp: 32 * i}, mask)
			VMASKMOVPS(x[i], mask, m)
		}
	}
}

// clearTail makes the lanes past the end of the row +0.
func (g *rowGen) clearTail(x group) {
	if !g.partial {
		return
	}
	for i := range x {
		if g.wide() {
			VMOVUPS_Z(x[i], g.k, x[i])
		} else {
			VANDPS(Mem{Base: g.masks, Disp: 32 * i}, x[i], x[i])
		}
	}
}

// groupMask is 16 lanes of ones, then 16 of zeros: where the masks of the last 1..15 elements begin.
var groupMaskData Mem

func groupMask() Mem {
	if groupMaskData.Symbol.Name == "" {
		groupMaskData = GLOBL("groupMask", RODATA|NOPTR)
		for i := range 32 {
			word := uint32(0)
			if i < 16 {
				word = 0xffffffff
			}
			DATA(4*i, U32(word))
		}
	}
	return groupMaskData
}

// tail prepares the masks for rest elements, 0 <= rest < 16.
func (g *rowGen) tail(rest reg.GPVirtual) {
	if g.wide() {
		mask := ones(rest)
		g.k = K()
		KMOVW(mask.As32(), g.k)
		return
	}
	g.masks = GP64()
	n := GP64()
	LEAQ(groupMask(), g.masks)
	MOVQ(rest, n)
	NEGQ(n)
	LEAQ(Mem{Base: g.masks, Index: n, Scale: 4, Disp: 64}, g.masks)
}

// elements writes a loop over n elements: body for each whole group, then for the rest, if any. body uses the
// pointers, which are moved on. With abreast above 1, groups are first taken that many at a time, which hides latency.
func (g *rowGen) elements(n reg.GPVirtual, abreast int, pointers []reg.GPVirtual, body func()) {
	if abreast > 1 {
		g.wholeGroups(n, abreast, pointers, body)
	}
	g.wholeGroups(n, 1, pointers, body)
	done := g.label("done")
	TESTQ(n, n)
	JZ(LabelRef(done))
	g.tail(n)
	g.partial = true
	body()
	g.partial = false
	Label(done)
}

// wholeGroups treats groups of parts vectors while n has so many elements, and counts n down.
func (g *rowGen) wholeGroups(n reg.GPVirtual, parts int, pointers []reg.GPVirtual, body func()) {
	before := g.parts
	g.parts = parts
	loop, done := g.label("loop"), g.label("rest")
	SUBQ(I32(g.lanes()), n)
	JLT(LabelRef(done))
	Label(loop)
	body()
	for _, p := range pointers {
		ADDQ(I32(g.bytes()), p)
	}
	SUBQ(I32(g.lanes()), n)
	JGE(LabelRef(loop))
	Label(done)
	ADDQ(I32(g.lanes()), n)
	g.parts = before
}

// columns are the columns of a row: bytes of whole groups, and the rest.
type columns struct {
	whole, rest, index reg.GPVirtual
	bytes              reg.GPVirtual // of a row
}

// columns splits cols, once for all rows.
func (g *rowGen) columns(cols reg.GPVirtual) columns {
	c := columns{whole: GP64(), rest: GP64(), index: GP64(), bytes: GP64()}
	MOVQ(cols, c.rest)
	ANDQ(I32(g.lanes()-1), c.rest)
	MOVQ(cols, c.bytes)
	SHLQ(U8(2), c.bytes)
	MOVQ(cols, c.whole)
	SHRQ(U8(g.shift()), c.whole)
	SHLQ(U8(g.shift()+2), c.whole)
	g.tail(c.rest)
	return c
}

// row writes a loop over the columns of one row: body for each whole group, then for the rest, if any. c.index is
// the offset in bytes.
func (g *rowGen) row(c columns, body func()) {
	last, loop, done := g.label("rest"), g.label("loop"), g.label("done")
	XORQ(c.index, c.index)
	CMPQ(c.index, c.whole)
	JGE(LabelRef(last))
	Label(loop)
	body()
	ADDQ(I32(g.bytes()), c.index)
	CMPQ(c.index, c.whole)
	JLT(LabelRef(loop))
	Label(last)
	TESTQ(c.rest, c.rest)
	JZ(LabelRef(done))
	g.partial = true
	body()
	g.partial = false
	Label(done)
}

// rows writes a loop over n rows.
func (g *rowGen) rows(n reg.GPVirtual, body func()) {
	loop, done := g.label("row"), g.label("end")
	TESTQ(n, n)
	JZ(LabelRef(done))
	Label(loop)
	body()
	DECQ(n)
	JNZ(LabelRef(loop))
	Label(done)
}

// tree joins the 16 lanes of x: i+8, i+4, i+2, i+1. The result is lane 0 of what it returns; x is used up. op has the
// operands of VADDPS and VMAXPS: low, high, destination, for a maximum that is high > low ? high : low.
func (g *rowGen) tree(x group, op func(low, high, dst Op)) reg.VecVirtual {
	y := x[0].AsY()
	if g.wide() {
		high := YMM()
		VEXTRACTF64X4(U8(1), x[0], high)
		op(y, high, y)
	} else {
		op(y, x[1], y)
	}
	low, high := x[0].AsX(), XMM()
	if g.wide() {
		VEXTRACTF32X4(U8(1), y, high)
	} else {
		VEXTRACTF128(U8(1), y, high)
	}
	op(low, high, low)
	VMOVHLPS(low, low, high)
	op(low, high, low)
	VMOVSHDUP(low, high)
	op(low, high, low)
	return x[0]
}

func addOp(low, high, dst Op) { VADDPS(low, high, dst) }
func maxOp(low, high, dst Op) { VMAXPS(low, high, dst) }

// spread copies lane 0 of x to all lanes.
func (g *rowGen) spread(x reg.VecVirtual) group {
	y := make(group, g.parts)
	y[0] = g.v.new()
	VBROADCASTSS(x.AsX(), y[0])
	for i := range y {
		y[i] = y[0]
	}
	return y
}
