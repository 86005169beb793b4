package simd

// GELUForm is the formula of GELU.
type GELUForm uint8

const (
	GELUTanh GELUForm = iota // 0.5·x·(1 + tanh(sqrt(2/π)·(x + 0.044715·x³)))
	GELUErf                  // 0.5·x·(1 + erf(x/sqrt(2)))
)

// gelu computes dst = GELU(x) on the calling thread. dst may be x.
func gelu(dst, x []float32, form GELUForm) {
	if form == GELUErf {
		kernels.GELUErf(dst, x)
	} else {
		kernels.GELUTanh(dst, x)
	}
}
