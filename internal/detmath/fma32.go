package detmath

import "math"

// FMA32 returns x*y + z with one rounding: the float32 nearest to the exact value,
// ties to even, subnormals kept. It is what VFMADD and FMLA compute.
//
// The product of two float32 is exact in float64 and the sum is rounded once there.
// Rounding that sum again to float32 errs only if it landed exactly half-way between
// two float32 values without being there, or if the float32 result is subnormal and
// so has fewer bits than the test looks at; these two cases take the slow path.
func FMA32(x, y, z float32) float32 {
	s := float64(float64(x)*float64(y)) + float64(z)
	b := math.Float64bits(s)
	// 897 is the biased float64 exponent of 2^-126, the smallest normal float32.
	if b&(1<<29-1) != 1<<28 && b>>52&0x7ff >= 897 {
		return float32(s)
	}
	return fma32Odd(x, y, z)
}

// fma32Odd is FMA32 by rounding the float64 sum to odd: an inexact sum whose last
// bit is even moves one step towards the exact value. With 53 bits to 24 or fewer a
// second rounding then gives what a single one would have.
func fma32Odd(x, y, z float32) float32 {
	p := float64(float64(x) * float64(y))
	c := float64(z)
	s := p + c
	// The error of the sum, exact (Knuth's two-sum).
	t := s - p
	e := (p - (s - t)) + (c - t)
	b := math.Float64bits(s)
	if b&1 != 0 || !(e > 0 || e < 0) { // odd already, or exact, or not finite
		return float32(s)
	}
	if (e > 0) == (s > 0) {
		b++
	} else {
		b--
	}
	return float32(math.Float64frombits(b))
}
