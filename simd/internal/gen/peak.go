package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["peak"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			peakFMA(v)
			for _, s := range streams {
				stream(v, s.name, s.doc, s.body)
			}
		}
		peakBF16()
	}
}

// peakChains is how many multiply-adds are under way at once. Two units of latency 4 need 8; 12 accumulators and 2
// factors leave AVX2 two registers.
const peakChains = 12

// peakLoop writes a loop that body makes a turn of.
func peakLoop(body func()) {
	n := Load(Param("n"), GP64())
	Label("turn")
	body()
	DECQ(n)
	JNZ(LabelRef("turn"))
	VZEROUPPER()
	RET()
}

// broadcastBits fills x, a whole register, with copies of 32 bits.
func broadcastBits(pattern uint32, x reg.VecVirtual) {
	r := GP32()
	MOVL(U32(pattern), r)
	VMOVD(r, x.AsX())
	VBROADCASTSS(x.AsX(), x)
}

func peakFMA(v vectors) {
	name := "peakFMA" + v.name
	TEXT(name, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("%s runs n > 0 turns of %d independent multiply-adds on vectors in registers.", name, peakChains))
	a, b := v.new(), v.new()
	broadcastBits(math.Float32bits(1.25), a)
	broadcastBits(math.Float32bits(-0.75), b)
	x := make([]reg.VecVirtual, peakChains)
	for i := range x {
		x[i] = v.new()
		VMOVUPS(a, x[i])
	}
	peakLoop(func() {
		for i := range x {
			VFMADD231PS(a, b, x[i])
		}
	})
}

// peakBF16 writes VDPBF16PS as bytes: neither avo nor Go's assembler knows it. Its registers are fixed: Z0 .. Z11
// accumulate, Z12 and Z13 are the factors.
func peakBF16() {
	TEXT("peakBF16AVX512", NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("peakBF16AVX512 runs n > 0 turns of %d independent VDPBF16PS on vectors in registers. It needs AVX512_BF16.", peakChains))
	z := []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11}
	for i, pattern := range []uint32{0x3fa03fa0, 0xbf40bf40} { // pairs of 1.25 and of -0.75
		r := []reg.VecPhysical{reg.X12, reg.X13}[i]
		MOVL(U32(pattern), reg.EAX)
		VMOVD(reg.EAX, r)
		VBROADCASTSS(r, []reg.VecPhysical{reg.Z12, reg.Z13}[i])
	}
	for _, x := range z {
		VPXORD(x, x, x)
	}
	peakLoop(func() {
		for i := range z {
			dpbf16(uint32(i), 13, 12)
		}
	})
}

// dpbf16 writes VDPBF16PS Zb, Za, Zd (EVEX.512.F3.0F38.W0 52 /r), for registers below 16: the prefix holds the upper
// bits of d and b, and a, inverted.
func dpbf16(d, a, b uint32) {
	prefix := 0x62 | (0x52|(1-d>>3)<<7|(1-b>>3)<<5)<<8 | (0x06|(^a&15)<<3)<<16 | 0x48<<24
	emit("LONG", U32(prefix))
	emit("WORD", U16(0x52|(0xc0|(d&7)<<3|b&7)<<8))
}

func emit(directive string, x Op) {
	Instruction(&ir.Instruction{Opcode: directive, Operands: []Op{x}})
}

// streams are loops over arrays. In body x and y read part i of both, dst is where part i of the result goes.
var streams = []struct {
	name, doc string
	body      func(v vectors, dst, x, y Mem)
}{
	{"streamRead", "reads x.", func(v vectors, _, x, _ Mem) { VMOVUPS(x, v.new()) }},
	{"streamCopy", "computes dst = x.", func(v vectors, dst, x, _ Mem) {
		t := v.new()
		VMOVUPS(x, t)
		VMOVUPS(t, dst)
	}},
	{"streamTriad", "computes dst = fma(y, y, x): y takes the place of a constant factor, which costs nothing.", func(v vectors, dst, x, y Mem) {
		t := v.new()
		VMOVUPS(y, t)
		VFMADD213PS(x, t, t)
		VMOVUPS(t, dst)
	}},
}

// streamBytes is how much of each array a turn takes.
const streamBytes = 256

func stream(v vectors, name, doc string, body func(v vectors, dst, x, y Mem)) {
	name += v.name
	TEXT(name, NOSPLIT, "func(dst, x, y []float32)")
	Doc(name+" "+doc, fmt.Sprintf("The length of x is a multiple of %d above 0; the others are as long.", streamBytes/4))
	Pragma("noescape")
	dst, x, y, n := pointer("dst"), pointer("x"), pointer("y"), length("x")
	Label("turn")
	for i := 0; i < streamBytes; i += v.bytes {
		body(v, Mem{Base: dst, Disp: i}, Mem{Base: x, Disp: i}, Mem{Base: y, Disp: i})
	}
	for _, p := range []reg.GPVirtual{dst, x, y} {
		ADDQ(I32(streamBytes), p)
	}
	SUBQ(I32(streamBytes/4), n)
	JNZ(LabelRef("turn"))
	VZEROUPPER()
	RET()
}
