package detmath

import "math"

// ln 2 in two parts of 53 bits, and its inverse.
const (
	ln2High = 0x1.62e42fefa39efp-1
	ln2Low  = 0x1.abc9e3b39803fp-56
	log2E   = 0x1.71547652b82fep+0
)

// Exp returns e^x, at most 1 ulp off.
func Exp(x float64) float64 { return expSum(x, 0) }

// expSum returns e^(x+c) for a c below an ulp of x.
func expSum(x, c float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709.79:
		return math.Inf(1)
	case x < -745.14:
		return 0
	}
	q, n := expm1Reduced(x, c)
	return math.Ldexp(1+q, n)
}

// Expm1 returns e^x - 1, at most 1 ulp off.
func Expm1(x float64) float64 {
	switch {
	case x != x || x == 0:
		return x
	case x > 40:
		return Exp(x)
	case x < -40:
		return -1
	}
	q, n := expm1Reduced(x, 0)
	s := math.Ldexp(1, n)
	less := s - 1
	return math.FMA(s, q, less)
}

// expm1Reduced returns n = x/ln 2 rounded and q = e^r - 1 with r = x + c - n·ln 2, |r| < 0.3466.
// q is r plus the Taylor polynomial's powers 2 to 14, whose next term is below 2^-61.
func expm1Reduced(x, c float64) (q float64, n int) {
	const magic = 0x1.8p52
	m := math.FMA(x, log2E, magic)
	m -= magic
	a := math.FMA(m, -ln2High, x) // exact
	low := math.FMA(m, -ln2Low, c)
	r := a + low
	c = (a - r) + low // what the rounding of r lost
	p := math.FMA(1.0/87178291200, r, 1.0/6227020800)
	p = math.FMA(p, r, 1.0/479001600)
	p = math.FMA(p, r, 1.0/39916800)
	p = math.FMA(p, r, 1.0/3628800)
	p = math.FMA(p, r, 1.0/362880)
	p = math.FMA(p, r, 1.0/40320)
	p = math.FMA(p, r, 1.0/5040)
	p = math.FMA(p, r, 1.0/720)
	p = math.FMA(p, r, 1.0/120)
	p = math.FMA(p, r, 1.0/24)
	p = math.FMA(p, r, 1.0/6)
	p = math.FMA(p, r, 0.5)
	// d(e^r)/dr·c ~ c·(1+r).
	q = math.FMA(float64(r*r), p, math.FMA(c, r, c))
	return r + q, int(m)
}
