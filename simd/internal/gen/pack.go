package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["pack"] = func() {
		packRows(avx512)
		packRows(avx2)
		packTiles(avx2, 6, 4)
		packColumnsAVX512()
		packColumnsAVX2()
	}
}

// packRows writes the copy of k rows of one vector of columns, of which the first cols are copied and the rest are
// zero. Strides are in bytes.
func packRows(v vectors) {
	name := "packRowsVector" + v.name
	TEXT(name, NOSPLIT, "func(dst *float32, dstStep int, src *float32, srcStep int, k, cols int)")
	Doc(fmt.Sprintf("%s copies, for k rows, the first cols of %d elements and sets the others to +0. Steps are in bytes.", name, v.bytes/4))
	Pragma("noescape")
	dst, dstStep := Load(Param("dst"), GP64()).(reg.GPVirtual), Load(Param("dstStep"), GP64()).(reg.GPVirtual)
	src, srcStep := Load(Param("src"), GP64()).(reg.GPVirtual), Load(Param("srcStep"), GP64()).(reg.GPVirtual)
	k, cols := Load(Param("k"), GP64()).(reg.GPVirtual), Load(Param("cols"), GP64()).(reg.GPVirtual)
	load := partialLoad(v, cols)
	const unroll = 4
	copyRow := func(x reg.VecVirtual) {
		load(Mem{Base: src}, x)
		ADDQ(srcStep, src)
	}
	storeRow := func(x reg.VecVirtual) {
		VMOVUPS(x, Mem{Base: dst})
		ADDQ(dstStep, dst)
	}
	SUBQ(I32(unroll), k)
	JL(LabelRef("rest"))
	Label("unrolled")
	var x [unroll]reg.VecVirtual
	for i := range x {
		x[i] = v.new()
		copyRow(x[i])
	}
	for i := range x {
		storeRow(x[i])
	}
	SUBQ(I32(unroll), k)
	JGE(LabelRef("unrolled"))
	Label("rest")
	ADDQ(I32(unroll), k)
	JZ(LabelRef("done"))
	Label("loop")
	copyRow(x[0])
	storeRow(x[0])
	DECQ(k)
	JNZ(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// packTiles writes the copy of k rows of tiles x rows columns, where each tile gets a panel of its own, one vector wide:
// one pass over memory instead of one for each tile. It reads a vector from each tile's first column on.
func packTiles(v vectors, rows, tiles int) {
	name := "packTiles" + v.name
	TEXT(name, NOSPLIT, "func(dst *float32, tileStep int, src *float32, srcStep int, k int)")
	Doc(fmt.Sprintf("%s copies, for k rows, %d elements from every %d-th of the first %d on, to panels tileStep bytes apart.", name, v.bytes/4, rows, rows*tiles))
	Pragma("noescape")
	dst, tileStep := Load(Param("dst"), GP64()).(reg.GPVirtual), Load(Param("tileStep"), GP64()).(reg.GPVirtual)
	src, srcStep := Load(Param("src"), GP64()).(reg.GPVirtual), Load(Param("srcStep"), GP64()).(reg.GPVirtual)
	k := Load(Param("k"), GP64()).(reg.GPVirtual)
	to := []reg.GPVirtual{dst}
	for len(to) < tiles {
		p := GP64()
		LEAQ(Mem{Base: to[len(to)-1], Index: tileStep, Scale: 1}, p)
		to = append(to, p)
	}
	Label("loop")
	for i, p := range to {
		x := v.new()
		VMOVUPS(Mem{Base: src, Disp: 4 * rows * i}, x)
		VMOVUPS(x, Mem{Base: p})
		ADDQ(I32(int32(v.bytes)), p)
	}
	ADDQ(srcStep, src)
	DECQ(k)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// ones returns a register whose lowest count bits are ones, the others zeros. It uses RCX.
func ones(count reg.GPVirtual) reg.GPVirtual {
	m := GP64()
	MOVQ(count, reg.RCX)
	MOVQ(I32(1), m)
	SHLQ(reg.CL, m)
	DECQ(m)
	return m
}

// partialLoad returns a function that writes a load of the first n elements of a vector, 1 <= n <= all, the others
// being zero.
func partialLoad(v vectors, n reg.GPVirtual) func(m Mem, x reg.VecVirtual) {
	if v.opmask {
		mask, k := ones(n), K()
		KMOVW(mask.As32(), k)
		return func(m Mem, x reg.VecVirtual) { VMOVUPS_Z(m, k, x) }
	}
	table, index, mask := GP64(), GP64(), YMM()
	LEAQ(laneMask(), table)
	MOVQ(n, index)
	NEGQ(index)
	VMOVUPS(Mem{Base: table, Index: index, Scale: 4, Disp: 32}, mask)
	return func(m Mem, x reg.VecVirtual) { VMASKMOVPS(m, mask, x) }
}

// packColumns writes the transposition of cols rows of k elements into k rows of one vector. transpose turns a square
// of registers.
func packColumns(v vectors, transpose func(x []reg.VecVirtual) []reg.VecVirtual) {
	name := "packColumnsVector" + v.name
	lanes := v.bytes / 4
	TEXT(name, NOSPLIT, "func(dst *float32, dstStep int, src *float32, srcStep int, k, cols int)")
	Doc(fmt.Sprintf("%s writes, for k rows of dst, a column of cols elements of src and +0 up to %d. Steps are in bytes.", name, lanes))
	Pragma("noescape")
	dst, dstStep := Load(Param("dst"), GP64()).(reg.GPVirtual), Load(Param("dstStep"), GP64()).(reg.GPVirtual)
	src, srcStep := Load(Param("src"), GP64()).(reg.GPVirtual), Load(Param("srcStep"), GP64()).(reg.GPVirtual)
	k := Load(Param("k"), GP64()).(reg.GPVirtual)
	zero := v.new()
	VXORPS(zero, zero, zero)
	Label("block")
	n := GP64()
	MOVQ(k, n)
	most := GP64()
	MOVQ(I32(int32(lanes)), most)
	CMPQ(n, most)
	CMOVQGT(most, n)
	load := partialLoad(v, n)
	p, cols := GP64(), Load(Param("cols"), GP64()).(reg.GPVirtual)
	MOVQ(src, p)
	x := make([]reg.VecVirtual, lanes)
	for i := range x {
		x[i] = v.new()
		VMOVAPS(zero, x[i])
	}
	for i := range x {
		load(Mem{Base: p}, x[i])
		if i < lanes-1 {
			ADDQ(srcStep, p)
			DECQ(cols)
			JZ(LabelRef("loaded"))
		}
	}
	Label("loaded")
	for i, y := range transpose(x) {
		VMOVUPS(y, Mem{Base: dst})
		ADDQ(dstStep, dst)
		if i < lanes-1 {
			DECQ(n)
			JZ(LabelRef("stored"))
		}
	}
	Label("stored")
	ADDQ(I32(int32(v.bytes)), src)
	SUBQ(I32(int32(lanes)), k)
	JG(LabelRef("block"))
	VZEROUPPER()
	RET()
}

func packColumnsAVX512() {
	packColumns(avx512, func(x []reg.VecVirtual) []reg.VecVirtual {
		x = unpack(avx512, x)
		// x[4*i+j] now holds, in its four quarters q, elements 4*q+j of rows 4*i .. 4*i+3.
		halves := make([]reg.VecVirtual, 16)
		for j := range 4 {
			for i := range 2 {
				lo, hi := ZMM(), ZMM()
				VSHUFF32X4(U8(0x88), x[8*i+4+j], x[8*i+j], lo) // quarters 0, 2 of both
				VSHUFF32X4(U8(0xdd), x[8*i+4+j], x[8*i+j], hi) // quarters 1, 3 of both
				halves[8*i+j], halves[8*i+4+j] = lo, hi
			}
		}
		y := make([]reg.VecVirtual, 16)
		for j := range 4 {
			for odd := range 2 {
				a, b := halves[4*odd+j], halves[8+4*odd+j]
				lo, hi := ZMM(), ZMM()
				VSHUFF32X4(U8(0x88), b, a, lo)
				VSHUFF32X4(U8(0xdd), b, a, hi)
				y[4*odd+j], y[8+4*odd+j] = lo, hi
			}
		}
		return y
	})
}

func packColumnsAVX2() {
	packColumns(avx2, func(x []reg.VecVirtual) []reg.VecVirtual {
		x = unpack(avx2, x)
		// x[4*i+j] now holds, in its two halves q, elements 4*q+j of rows 4*i .. 4*i+3.
		y := make([]reg.VecVirtual, 8)
		for j := range 4 {
			lo, hi := YMM(), YMM()
			VPERM2F128(U8(0x20), x[4+j], x[j], lo)
			VPERM2F128(U8(0x31), x[4+j], x[j], hi)
			y[j], y[4+j] = lo, hi
		}
		return y
	})
}

// unpack transposes, in each 128 bits of each four registers, 4x4 elements.
func unpack(v vectors, x []reg.VecVirtual) []reg.VecVirtual {
	y := make([]reg.VecVirtual, len(x))
	for i := 0; i < len(x); i += 4 {
		var t [4]reg.VecVirtual
		for j := range t {
			t[j] = v.new()
		}
		VUNPCKLPS(x[i+1], x[i], t[0])
		VUNPCKHPS(x[i+1], x[i], t[1])
		VUNPCKLPS(x[i+3], x[i+2], t[2])
		VUNPCKHPS(x[i+3], x[i+2], t[3])
		for j := range t {
			y[i+j] = v.new()
		}
		VUNPCKLPD(t[2], t[0], y[i])
		VUNPCKHPD(t[2], t[0], y[i+1])
		VUNPCKLPD(t[3], t[1], y[i+2])
		VUNPCKHPD(t[3], t[1], y[i+3])
	}
	return y
}
