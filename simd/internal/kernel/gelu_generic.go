package kernel

import "github.com/mtobench/mtobench/internal/detmath"

// GELU, tanh form: 0.5·x·(1 + tanh u) is x·s with s = 1/(1 + e^(-2u)), 2u = x·(a + b·x²).
//
// x is taken as -10 below -10 (the result, -1.2e-37, is then less than the rounding of anything it is added to), and as 10
// above 10 in the exponent. So the exponential stays inside [Exp32Min, Exp32Max], where it needs no special cases.
const (
	geluA     = 0x1.988454p+0 // 2·sqrt(2/pi)
	geluB     = 0x1.2444f2p-4 // 0.044715·a
	gelu3B    = 0x1.b6676cp-3 // 3·0.044715·a
	geluTanhX = 10
)

// GELU, erf form: x·Phi(x) with Phi from detmath.NormalTail32. x is taken as -12.5 below -12.5 (result -4.6e-35),
// and |x| as at most 12.5 inside Phi.
const (
	geluErfX    = 12.5
	inverseRoot = 0x1.988454p-2 // 1/sqrt(2 pi)
)

// clampLow is max(x, -limit), clampHigh min(x, limit); NaN stays NaN.
func clampLow(x, limit float32) float32 {
	if -limit > x {
		return -limit
	}
	return x
}

func clampHigh(x, limit float32) float32 {
	if limit < x {
		return limit
	}
	return x
}

// expMinus2u returns e^(-2u) for |x| <= geluTanhX.
func expMinus2u(x float32) float32 {
	q := detmath.FMA32(x*x, geluB, geluA)
	return detmath.Exp32(-float32(x * q))
}

func geluTanh(dst, x []float32) {
	for i, v := range x {
		low := clampLow(v, geluTanhX)
		dst[i] = low / (1 + expMinus2u(clampHigh(low, geluTanhX)))
	}
}

// geluTanhGrad: d(x·s)/dx = s + x·s·(1-s)·(2u)' = s·(1 + (1-s)·(x·(2u)')), (2u)' = a + 3b·x², and 1-s = e·s with
// e = e^(-2u), which loses nothing where s is near 1.
func geluTanhGrad(dx, dy, x []float32) {
	for i, v := range x {
		c := clampHigh(clampLow(v, geluTanhX), geluTanhX)
		e := expMinus2u(c)
		s := 1 / (1 + e)
		d := c * detmath.FMA32(c*c, gelu3B, geluA)
		dx[i] = dy[i] * float32(s*detmath.FMA32(d, e*s, 1))
	}
}

// geluTanhAndGrad is both at once: y from the value, dx from the gradient. y overlaps nothing.
func geluTanhAndGrad(y, dx, dy, x []float32) {
	geluTanh(y, x)
	geluTanhGrad(dx, dy, x)
}

// phi returns Phi(x) and e^(-x²/2) for |x| <= geluErfX. A negative zero counts as positive: 1 - tail.
func phi(x float32) (p, e float32) {
	if x < 0 {
		return detmath.NormalTail32(-x)
	}
	tail, e := detmath.NormalTail32(x)
	return 1 - tail, e
}

func geluErf(dst, x []float32) {
	for i, v := range x {
		low := clampLow(v, geluErfX)
		p, _ := phi(clampHigh(low, geluErfX))
		dst[i] = low * p
	}
}

// geluErfGrad: d(x·Phi)/dx = Phi + x·e^(-x²/2)/sqrt(2 pi).
func geluErfGrad(dx, dy, x []float32) {
	for i, v := range x {
		c := clampHigh(clampLow(v, geluErfX), geluErfX)
		p, e := phi(c)
		dx[i] = dy[i] * detmath.FMA32(c*inverseRoot, e, p)
	}
}

// geluErfAndGrad is both at once, as geluTanhAndGrad.
func geluErfAndGrad(y, dx, dy, x []float32) {
	geluErf(y, x)
	geluErfGrad(dx, dy, x)
}
