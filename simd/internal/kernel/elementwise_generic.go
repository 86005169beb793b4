package kernel

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

func add(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = v + b[i]
	}
}

func sub(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = v - b[i]
	}
}

func mul(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = v * b[i]
	}
}

func scale(dst, a []float32, s float32) {
	for i, v := range a {
		dst[i] = v * s
	}
}

func addScaled(dst, a []float32, s float32) {
	for i, v := range a {
		dst[i] = detmath.FMA32(s, v, dst[i])
	}
}

// ema rounds 1-d, then its product with src, then the whole once.
func ema(dst, src []float32, d float32) {
	c := 1 - d
	for i, v := range src {
		dst[i] = detmath.FMA32(d, dst[i], float32(c*v))
	}
}

// allFinite looks for an exponent of all ones.
func allFinite(x []float32) bool {
	const exponent = 0x7f800000
	for _, v := range x {
		if math.Float32bits(v)&exponent == exponent {
			return false
		}
	}
	return true
}
