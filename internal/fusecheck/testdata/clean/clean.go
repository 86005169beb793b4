// Package clean holds what fusecheck must let pass.
package clean

import "math"

// Rounded rounds each product before it is added.
func Rounded(x, y, z float32) float32 { return float32(x*y) + z }

// Difference rounds the product too.
func Difference(x, y, z float64) float64 { return z - float64(x*y) }

// Asked asks for the fused form.
func Asked(x []float64, i int) float64 {
	s := math.FMA(x[i], x[i+1], x[i-1])
	return math.FMA(
		s, s,
		x[0])
}

// Exact calls what is exact everywhere.
func Exact(x float64) float64 { return math.Sqrt(math.Floor(math.Abs(x))) }

// Integer may multiply and add.
func Integer(x, y, z int) int { return x*y + z }
