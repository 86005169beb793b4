package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
)

// bf16 is AVX-512 with pairs of bfloat16 in 32 bits.
var bf16 = vectors{name: "BF16", bytes: 64, opmask: true, unroll: 1, pairs: true, new: ZMM}

func init() {
	families["bf16"] = func() {
		withBF16()
		for columns := 3; columns >= 1; columns-- {
			mostRows := 14
			if columns == 3 {
				mostRows = 7
			}
			for rows := 1; rows <= mostRows; rows++ {
				tile(bf16, rows, columns)
			}
		}
		pairRow()
		pairRows()
	}
}

// withBF16 makes a family able to use the instructions for bfloat16.
func withBF16() { pass.Compile = pass.Concat(pass.Compile, pass.FunctionPass(encodeBF16)) }

// VDPBF16PS adds to x the sums of products of a's and b's pairs.
func VDPBF16PS(ops ...Op) {
	Instruction(&ir.Instruction{Opcode: "VDPBF16PS", Operands: ops, Inputs: ops, Outputs: ops[2:], ISA: []string{"AVX512BF16"}})
}

// VCVTNE2PS2BF16 rounds lo to the lower half of dst and hi to the upper.
func VCVTNE2PS2BF16(lo, hi, dst Op) {
	ops := []Op{lo, hi, dst}
	Instruction(&ir.Instruction{Opcode: "VCVTNE2PS2BF16", Operands: ops, Inputs: ops[:2], Outputs: ops[2:], ISA: []string{"AVX512BF16"}})
}

// encodeBF16 writes as bytes the instructions that Go's assembler doesn't know: EVEX.512.0F38.W0 with three registers.
func encodeBF16(f *ir.Function) error {
	var nodes []ir.Node
	for _, n := range f.Nodes {
		i, ok := n.(*ir.Instruction)
		if !ok || i.Opcode != "VDPBF16PS" && i.Opcode != "VCVTNE2PS2BF16" {
			nodes = append(nodes, n)
			continue
		}
		prefix, opcode := uint32(2), uint32(0x52) // F3
		if i.Opcode == "VCVTNE2PS2BF16" {
			prefix, opcode = 3, 0x72 // F2
		}
		var number [3]uint32 // rm, vvvv, reg in Intel's terms
		for k, op := range i.Operands {
			r, ok := op.(reg.Physical)
			if !ok {
				return fmt.Errorf("%s: operand %d is %v, want a register", i.Opcode, k, op)
			}
			number[k] = uint32(r.PhysicalIndex())
		}
		rm, v, dst := number[0], number[1], number[2]
		not := func(x, bit uint32) uint32 { return ^x >> bit & 1 }
		p0 := not(dst, 3)<<7 | not(rm, 4)<<6 | not(rm, 3)<<5 | not(dst, 4)<<4 | 2
		p1 := ^v&15<<3 | 1<<2 | prefix
		p2 := uint32(2)<<5 | not(v, 4)<<3
		modrm := 3<<6 | dst&7<<3 | rm&7
		nodes = append(nodes,
			ir.NewComment(fmt.Sprintf("%s %s", i.Opcode, registers(i.Operands))),
			&ir.Instruction{Opcode: "LONG", Operands: []Op{U32(p2<<24 | p1<<16 | p0<<8 | 0x62)}},
			&ir.Instruction{Opcode: "WORD", Operands: []Op{U16(modrm<<8 | opcode)}})
	}
	f.Nodes = nodes
	return nil
}

func registers(ops []Op) string {
	return fmt.Sprintf("%s, %s, %s", ops[0].Asm(), ops[1].Asm(), ops[2].Asm())
}

// pairRow writes the rounding of one row, two elements beside each other a pair.
func pairRow() {
	TEXT("pairRowBF16", NOSPLIT, "func(dst, src *float32, n int)")
	Doc("pairRowBF16 is GEMMKernels.PairRow for n > 0 elements.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()).(reg.GPVirtual), Load(Param("src"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	lo, hi := ZMM(), ZMM()
	SUBQ(I32(32), n)
	JL(LabelRef("rest"))
	Label("loop")
	VMOVUPS(Mem{Base: src}, lo)
	VMOVUPS(Mem{Base: src, Disp: 64}, hi)
	VCVTNE2PS2BF16(lo, hi, lo)
	VMOVUPS(lo, Mem{Base: dst})
	ADDQ(I32(128), src)
	ADDQ(I32(64), dst)
	SUBQ(I32(32), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(I32(32), n)
	JZ(LabelRef("done"))
	Comment("ones in n bits, for elements; in (n+1)/2 bits, for pairs")
	elements, k := ones(n), K()
	KMOVW(elements.As32(), k)
	VMOVUPS_Z(Mem{Base: src}, k, lo)
	SHRQ(Imm(16), elements)
	KMOVW(elements.As32(), k)
	VMOVUPS_Z(Mem{Base: src, Disp: 64}, k, hi)
	VCVTNE2PS2BF16(lo, hi, lo)
	INCQ(n)
	SHRQ(Imm(1), n)
	KMOVW(ones(n).As32(), k)
	VMOVUPS(lo, k, Mem{Base: dst})
	Label("done")
	VZEROUPPER()
	RET()
}

// pairRows writes the rounding of k rows of one vector of columns, two rows beneath each other a pair.
func pairRows() {
	TEXT("pairRowsVectorBF16", NOSPLIT, "func(dst *float32, dstStep int, src *float32, srcStep int, k, cols int)")
	Doc("pairRowsVectorBF16 is GEMMKernels.PairRows for the first cols of 16 columns, the others being +0. Steps are in bytes.")
	Pragma("noescape")
	dst, dstStep := Load(Param("dst"), GP64()).(reg.GPVirtual), Load(Param("dstStep"), GP64()).(reg.GPVirtual)
	src, srcStep := Load(Param("src"), GP64()).(reg.GPVirtual), Load(Param("srcStep"), GP64()).(reg.GPVirtual)
	k, cols := Load(Param("k"), GP64()).(reg.GPVirtual), Load(Param("cols"), GP64()).(reg.GPVirtual)
	load := partialLoad(bf16, cols)
	order := ZMM()
	VMOVDQU64(interleave(), order)
	pair := func(rows int) {
		lo, hi := ZMM(), ZMM()
		load(Mem{Base: src}, lo)
		if rows == 2 {
			load(Mem{Base: src, Index: srcStep, Scale: 1}, hi)
			LEAQ(Mem{Base: src, Index: srcStep, Scale: 2}, src)
		} else {
			VXORPS(hi, hi, hi)
		}
		VCVTNE2PS2BF16(lo, hi, lo)
		VPERMW(lo, order, lo)
		VMOVUPS(lo, Mem{Base: dst})
		ADDQ(dstStep, dst)
	}
	SUBQ(I32(4), k)
	JL(LabelRef("pair"))
	Label("loop")
	pair(2)
	pair(2)
	SUBQ(I32(4), k)
	JGE(LabelRef("loop"))
	Label("pair")
	ADDQ(I32(4), k)
	CMPQ(k, Imm(2))
	JL(LabelRef("one"))
	pair(2)
	SUBQ(Imm(2), k)
	Label("one")
	TESTQ(k, k)
	JZ(LabelRef("done"))
	pair(1)
	Label("done")
	VZEROUPPER()
	RET()
}

// interleave are the words 0, 16, 1, 17, ...
func interleave() Mem {
	m := GLOBL("interleaveWords", RODATA|NOPTR)
	for i := range 32 {
		DATA(2*i, U16(uint16(i/2+i%2*16)))
	}
	return m
}
