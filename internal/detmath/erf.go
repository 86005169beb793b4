package detmath

import "math"

const twoOverSqrtPi = 0x1.20dd750429b6dp+0

// Erf returns the error function of x, at most 2 ulp off: the Taylor series below 0.75, else 1 - Erfc.
func Erf(x float64) float64 {
	a := math.Abs(x)
	if !(a < 0.75) {
		return math.Copysign(1-Erfc(a), x)
	}
	// sum over n of (-1)^n x^2n / (n! (2n+1)), from the smallest term that counts: 0.75^44/(22!·45) < 2^-90.
	z := x * x
	var s float64
	for n := 22; n > 0; n-- {
		// s = 1/(2n+1) - z/(n+1)·s
		a, b := float64(n+1), float64(2*n+1)
		s = math.FMA(-z/a, s, 1/b)
	}
	// 2/sqrt pi · x · (1 - z·s), the low bits of 2/sqrt pi included.
	y := float64(x * math.FMA(-z, s, 1))
	return math.FMA(y, twoOverSqrtPi, float64(y*0x1.1ae3a914fed80p-56))
}

// Erfc returns 1 - Erf(x), at most 5 ulp off where it is normal.
func Erfc(x float64) float64 {
	switch {
	case x < -0.75:
		return 2 - Erfc(-x)
	case x < 0.75:
		return 1 - Erf(x)
	case x > 27.5:
		return 0
	case x != x:
		return x
	}
	// The continued fraction x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...))), from its end.
	f := x
	for n := 16 + int(200/float64(x*x)); n > 0; n-- {
		f = x + 0.5*float64(n)/f
	}
	h := x * x
	l := math.FMA(x, x, -h)
	const sqrtPi = 0x1.c5bf891b4ef6bp+0
	return expSum(-h, -l) / float64(f*sqrtPi)
}
