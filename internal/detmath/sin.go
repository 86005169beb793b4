package detmath

import "math"

// Sin returns the sine of x, at most 1 ulp off; NaN for |x| > 2^30.
func Sin(x float64) float64 {
	if x == 0 {
		return x // keeps the sign
	}
	r, c, n := reduce(x)
	return quadrant(r, c, n)
}

// Cos returns the cosine of x, at most 1 ulp off; NaN for |x| > 2^30.
func Cos(x float64) float64 {
	r, c, n := reduce(x)
	return quadrant(r, c, n+1)
}

// reduce returns r + c in about [-pi/4, pi/4], c less than an ulp of r, and n modulo 4 with
// x = r + c + n·pi/2. pi/2 is taken in three parts of 53 bits.
func reduce(x float64) (r, c float64, n uint64) {
	if !(x <= 0x1p30 && x >= -0x1p30) {
		return math.NaN(), 0, 0
	}
	const magic = 0x1.8p52
	t := math.FMA(x, 0x1.45f306dc9c883p-1, magic)
	m := t - magic
	a := math.FMA(m, -0x1.921fb54442d18p+0, x) // exact
	// a - m·P2 as a sum of two: the product and the difference each with their error.
	p := float64(m * 0x1.1a62633145c07p-54)
	pe := math.FMA(m, 0x1.1a62633145c07p-54, -p)
	r = a - p
	b := r - a
	c = (a - (r - b)) - (p + b)
	c = c - pe
	c = math.FMA(m, 0x1.f1976b7ed8fbcp-110, c)
	s := r + c
	return s, (r - s) + c, math.Float64bits(t) & 3
}

// quadrant returns sin(r + c + n·pi/2): the Taylor polynomials to r^17 and r^18, whose
// next terms are below 2^-60 of the result, and c to first order.
func quadrant(r, c float64, n uint64) float64 {
	z := r * r
	var y float64
	if n&1 == 0 {
		p := math.FMA(1.0/355687428096000, z, -1.0/1307674368000)
		p = math.FMA(p, z, 1.0/6227020800)
		p = math.FMA(p, z, -1.0/39916800)
		p = math.FMA(p, z, 1.0/362880)
		p = math.FMA(p, z, -1.0/5040)
		p = math.FMA(p, z, 1.0/120)
		p = math.FMA(p, z, -1.0/6)
		// r + (r·z·p + c·cos r), cos r ~ 1 - z/2.
		y = math.FMA(float64(r*z), p, float64(c*math.FMA(-0.5, z, 1)))
		y = r + y
	} else {
		p := math.FMA(-1.0/6402373705728000, z, 1.0/20922789888000)
		p = math.FMA(p, z, -1.0/87178291200)
		p = math.FMA(p, z, 1.0/479001600)
		p = math.FMA(p, z, -1.0/3628800)
		p = math.FMA(p, z, 1.0/40320)
		p = math.FMA(p, z, -1.0/720)
		p = math.FMA(p, z, 1.0/24)
		// 1 - z/2 with its rounding error, then the rest and -c·sin r, sin r ~ r.
		h := math.FMA(-0.5, z, 1)
		e := 1 - h
		e = math.FMA(-0.5, z, e)
		ze := math.FMA(r, r, -z) // r² less z
		e = math.FMA(-0.5, ze, e)
		y = math.FMA(float64(z*z), p, e)
		y = h + (y - float64(c*r))
	}
	if n&2 != 0 {
		return -y
	}
	return y
}
