package kernel

import "github.com/mtobench/mtobench/internal/detmath"

func exp(dst, x []float32) {
	for i, v := range x {
		dst[i] = detmath.Exp32(v)
	}
}

func log(dst, x []float32) {
	for i, v := range x {
		dst[i] = detmath.Log32(v)
	}
}

func tanh(dst, x []float32) {
	for i, v := range x {
		dst[i] = detmath.Tanh32(v)
	}
}

func erf(dst, x []float32) {
	for i, v := range x {
		dst[i] = detmath.Erf32(v)
	}
}
