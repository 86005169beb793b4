package kernel

// genericChains is how many multiplications and additions are under way at once.
const genericChains = 8

// factors are variables so that the compiler can't compute with them.
var factors = [2]float32{1.25, -0.75}

// peakFMA multiplies and adds in plain Go, in two instructions: the plain-Go kernels round once, by the slower Fma32 of
// detmath.
func peakFMA(n int) {
	a, b := factors[0], factors[1]
	var x0, x1, x2, x3, x4, x5, x6, x7 float32
	for range n {
		x0 = float32(x0*b) + a
		x1 = float32(x1*b) + a
		x2 = float32(x2*b) + a
		x3 = float32(x3*b) + a
		x4 = float32(x4*b) + a
		x5 = float32(x5*b) + a
		x6 = float32(x6*b) + a
		x7 = float32(x7*b) + a
	}
	if x := x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7; x != x { // never; several threads are here, so nothing is stored
		panic("kernel: peak: not a number")
	}
}

func streamRead(_, x, _ []float32) {
	var s0, s1, s2, s3 float32
	for i := 0; i+4 <= len(x); i += 4 {
		s0 += x[i]
		s1 += x[i+1]
		s2 += x[i+2]
		s3 += x[i+3]
	}
	if s := s0 + s1 + s2 + s3; s != s {
		panic("kernel: stream: not a number")
	}
}

func streamCopy(dst, x, _ []float32) { copy(dst, x) }

func streamTriad(dst, x, y []float32) {
	dst, y = dst[:len(x)], y[:len(x)]
	for i := range x {
		dst[i] = x[i] + float32(y[i]*y[i])
	}
}
