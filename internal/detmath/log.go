package detmath

import "math"

// Log returns the natural logarithm of x, at most 1 ulp off; -Inf for ±0, NaN for x < 0.
func Log(x float64) float64 {
	if y, done := logSpecial(x); done {
		return y
	}
	f, k := splitLog(x)
	return logSum(f, 0, k)
}

// Log1p returns ln(1 + x), at most 1 ulp off; -Inf for -1, NaN below.
func Log1p(x float64) float64 {
	if x > -0.25 && x < 0.4 {
		return logSum(x, 0, 0)
	}
	u := 1 + x
	if y, done := logSpecial(u); done {
		return y
	}
	c := x - (u - 1)
	if u > 2 {
		c = 1 - (u - x)
	}
	f, k := splitLog(u)
	return logSum(f, c/u, k)
}

func logSpecial(x float64) (y float64, done bool) {
	switch {
	case x == 0:
		return math.Inf(-1), true
	case !(x > 0):
		return math.NaN(), true
	case x > math.MaxFloat64:
		return x, true
	}
	return 0, false
}

// splitLog returns f and k with x = 2^k·(1+f), 1+f in [sqrt ½, sqrt 2), exactly.
func splitLog(x float64) (f, k float64) {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = m+m, e-1
	}
	return m - 1, float64(e)
}

// logSum returns ln(1+f) + c + k·ln 2. With s = f/(2+f), ln(1+f) = 2s + 2s³/3 + 2s⁵/5 + ...
// = f - (f²/2 - s·(f²/2 + R)); the series for R stops at s^24, below 2^-62 of the whole.
func logSum(f, c, k float64) float64 {
	if f == 0 && k == 0 && c == 0 {
		return f
	}
	s := f / (2 + f)
	z := float64(s * s)
	r := 2.0 / 25
	for i := 23; i >= 3; i -= 2 {
		r = math.FMA(r, z, 2/float64(i))
	}
	h := float64(float64(0.5*f) * f)
	he := math.FMA(float64(0.5*f), f, -h) // what the rounding of h lost
	c -= he
	y := math.FMA(s, math.FMA(r, z, h), math.FMA(k, ln2Low, c))
	// f - h + y + k·ln2High, the large parts first, with their errors.
	b := math.FMA(k, ln2High, f)
	var lost float64
	if k != 0 {
		back := math.FMA(-k, ln2High, b)
		lost = f - back // to the last bit or two
	}
	t := b - h
	lost += (b - t) - h
	return t + (y + lost)
}
