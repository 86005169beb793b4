// Package planted holds one of each offence that fusecheck must find, marked by a comment on its line.
package planted

import "math"

// Dot fuses in its loop.
func Dot(x, y []float32) float32 {
	var s float32
	for i := range x {
		s += x[i] * y[i] // want: fused on arm64
	}
	return s
}

// Difference fuses x*y - z.
func Difference(x, y, z float64) float64 {
	return x*y - z // want: fused on arm64
}

// Negated fuses z - x*y.
func Negated(x, y, z float64) float64 {
	return z - x*y // want: fused on arm64
}

func generic[T float32 | float64](x, y, z T) T {
	return x*y + z // want: fused on all
}

// Generic is compiled from a shape.
func Generic(x, y, z float32) float32 { return generic(x, y, z) }

func inlined(x, y, z float64) float64 {
	t := x * y
	return t + z // want: fused on all
}

// Inlined fuses at the place of the function inlined.
func Inlined(x float64) float64 { return inlined(x, x, x) }

// Beside hides a fused sum beside a call of math.FMA.
func Beside(x, y, z float64) float64 {
	return math.FMA(x, y, z) + x*z // want: fused on all
}

// Elementary calls a function that differs between architectures.
func Elementary(x float64) float64 {
	return math.Tanh(x) // want: math on all
}
