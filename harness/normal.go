package harness

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// normalCDF is the standard normal distribution function; absolute error about 1e-16.
func normalCDF(z float64) float64 {
	return (1 + detmath.Erf(z/math.Sqrt2)) / 2
}

// normalQuantile is the inverse of normalCDF for p strictly between 0 and 1, by bisection.
func normalQuantile(p float64) float64 {
	lo, hi := -9.0, 9.0
	for range 200 {
		z := (lo + hi) / 2
		if z == lo || z == hi {
			break
		}
		if normalCDF(z) < p {
			lo = z
		} else {
			hi = z
		}
	}
	return lo
}
