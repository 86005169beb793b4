package detmath

import "math"

// Log32 returns the natural logarithm of x, at most 1 ulp off; -Inf for ±0, NaN for x < 0.
//
// x = 2^e·(1+f) with 1+f in [sqrt ½, sqrt 2); subnormal x are multiplied by 2^23 first.
// ln x = e·ln 2 + f - f²/2 + f³·P(f), the parts added from the smallest to the largest.
func Log32(x float32) float32 {
	switch {
	case !(x > 0):
		if x == 0 {
			return float32(math.Inf(-1))
		}
		return float32(math.NaN())
	case x > math.MaxFloat32:
		return x
	}
	var bias int32
	if x < 0x1p-126 {
		x *= 0x1p23
		bias = 23
	}
	const sqrtHalf = 0x3f3504f3 // bits of sqrt ½
	i := int32(math.Float32bits(x)) - sqrtHalf
	e := float32(i>>23 - bias)
	f := math.Float32frombits(uint32(i&0x7fffff+sqrtHalf)) - 1
	z := f * f
	p := FMA32(0x1.b7c318p-5, f, -0x1.bf691cp-4)
	p = FMA32(p, f, 0x1.efeb0ep-4)
	p = FMA32(p, f, -0x1.010456p-3)
	p = FMA32(p, f, 0x1.23036ep-3)
	p = FMA32(p, f, -0x1.552f18p-3)
	p = FMA32(p, f, 0x1.99a540p-3)
	p = FMA32(p, f, -0x1.000070p-2)
	p = FMA32(p, f, 0x1.555548p-2)
	y := float32(f*z) * p
	y = FMA32(e, -0x1.05c610p-29, y)
	y = FMA32(-0.5, z, y)
	y = f + y
	return FMA32(e, 0x1.62e430p-1, y)
}
