package detmath

import "math"

// Tanh returns the hyperbolic tangent of x, at most 2 ulp off: m/(m+2) with m = e^(2|x|) - 1.
func Tanh(x float64) float64 {
	a := math.Abs(x)
	if a > 22 {
		return math.Copysign(1, x)
	}
	m := Expm1(2 * a)
	return math.Copysign(m/(m+2), x)
}
