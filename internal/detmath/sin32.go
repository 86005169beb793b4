package detmath

import "math"

// Sin32 returns the sine of x, at most 1.6 ulp off; NaN for |x| > 2^30.
func Sin32(x float32) float32 {
	r, n, ok := reduce32(x)
	if !ok || x == 0 {
		return float32(Sin(float64(x)))
	}
	return quadrant32(r, n)
}

// Cos32 returns the cosine of x, at most 1.6 ulp off; NaN for |x| > 2^30.
func Cos32(x float32) float32 {
	r, n, ok := reduce32(x)
	if !ok {
		return float32(Cos(float64(x)))
	}
	return quadrant32(r, n+1)
}

// reduce32 returns r in about [-pi/4, pi/4] and n with x = r + n·pi/2. It is not ok beyond 2^16,
// where the three constants are no longer enough.
func reduce32(x float32) (r float32, n uint32, ok bool) {
	if !(x <= 0x1p16 && x >= -0x1p16) {
		return 0, 0, false
	}
	t := FMA32(x, 0x1.45f306p-1, roundMagic)
	m := t - roundMagic
	r = FMA32(m, -0x1.921fb6p+0, x)
	r = FMA32(m, 0x1.777a5cp-25, r)
	r = FMA32(m, 0x1.ee59dap-50, r)
	return r, math.Float32bits(t) & 3, true
}

// quadrant32 returns sin(r + n·pi/2).
func quadrant32(r float32, n uint32) float32 {
	z := r * r
	var y float32
	if n&1 == 0 {
		p := FMA32(-0x1.9956b6p-13, z, 0x1.11077ep-7)
		p = FMA32(p, z, -0x1.555546p-3)
		y = FMA32(float32(r*z), p, r)
	} else {
		p := FMA32(0x1.99e0eep-16, z, -0x1.6c0c1ap-10)
		p = FMA32(p, z, 0x1.55554ap-5)
		p = FMA32(p, z, -0.5)
		y = FMA32(p, z, 1)
	}
	if n&2 != 0 {
		return -y
	}
	return y
}
