package detmath

import "math"

// Exp32Min is the smallest x with e^x >= 2^-126; below it Exp32 is +0.
// Exp32Max is the largest x with a finite Exp32.
const (
	Exp32Min = -0x1.5d589ep+6 // -87.33654
	Exp32Max = 0x1.62e42ep+6  // 88.72283
)

// roundMagic is 1.5·2^23: adding and subtracting it rounds |x| < 2^22 to the nearest
// integer, ties to even, and between the two the low bits of the float are that integer.
const roundMagic = 0x1.8p23

// Exp32 returns e^x, at most 0.9 ulp off. Results below 2^-126 are +0 by definition
// (numerics rule 13); above the largest float32 they are +Inf.
//
// With n = x/ln 2 rounded and r = x - n·ln 2 (in two fused steps, the first exact):
// p = 1 + r + r²·P(r) by Horner's rule, and n is added to the exponent bits of p.
// Between Exp32Min and Exp32Max that cannot leave the normal range.
func Exp32(x float32) float32 {
	if !(x <= Exp32Max) {
		return x + float32(math.Inf(1)) // +Inf, or NaN for NaN
	}
	if x < Exp32Min {
		return 0
	}
	t := FMA32(x, 0x1.715476p+0, roundMagic)
	n := t - roundMagic
	r := FMA32(n, -0x1.62e430p-1, x)
	r = FMA32(n, 0x1.05c610p-29, r)
	p := FMA32(0x1.6ac74ep-10, r, 0x1.123de0p-7)
	p = FMA32(p, r, 0x1.555858p-5)
	p = FMA32(p, r, 0x1.55548cp-3)
	p = FMA32(p, r, 0x1.fffffcp-2)
	p = FMA32(p, r, 1)
	p = FMA32(p, r, 1)
	return math.Float32frombits(math.Float32bits(p) + math.Float32bits(t)<<23)
}
