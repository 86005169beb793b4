package statistics

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// NormalCDF is the standard normal distribution function; absolute error about 1e-16.
func NormalCDF(z float64) float64 {
	return (1 + detmath.Erf(z/math.Sqrt2)) / 2
}

// NormalQuantile is the inverse of NormalCDF for p strictly between 0 and 1, by bisection within
// -9 and 9.
func NormalQuantile(p float64) float64 {
	lo, hi := -9.0, 9.0
	for range 200 {
		z := (lo + hi) / 2
		if z == lo || z == hi {
			break
		}
		if NormalCDF(z) < p {
			lo = z
		} else {
			hi = z
		}
	}
	return lo
}
