package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["peak"] = func() {
		withBF16()
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
	peakMultiply(v, math.Float32bits(1.25), math.Float32bits(-0.75), VFMADD231PS)
}

func peakBF16() {
	TEXT("peakBF16AVX512", NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("peakBF16AVX512 runs n > 0 turns of %d independent VDPBF16PS on vectors in registers. It needs AVX512_BF16.", peakChains))
	peakMultiply(avx512, 0x3fa03fa0, 0xbf40bf40, VDPBF16PS) // pairs of 1.25 and of -0.75
}

// peakMultiply writes a loop of independent multiply-adds of two factors, given by their bits.
func peakMultiply(v vectors, first, second uint32, multiplyAdd func(ops ...Op)) {
	a, b := v.new(), v.new()
	broadcastBits(first, a)
	broadcastBits(second, b)
	x := make([]reg.VecVirtual, peakChains)
	for i := range x {
		x[i] = v.new()
		VMOVUPS(a, x[i])
	}
	peakLoop(func() {
		for i := range x {
			multiplyAdd(a, b, x[i])
		}
	})
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
