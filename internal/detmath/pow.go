package detmath

import "math"

// Pow returns x^y, at most 1 ulp off (2 where the result is subnormal). The special cases
// are those of IEEE 754: x^0 and 1^y are 1 even for NaN, a negative x needs an integer y, else NaN.
func Pow(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case x != x || y != y:
		return math.NaN()
	}
	// 2^53 and above are even.
	integer := math.Floor(y) == y
	odd := integer && math.Abs(y) < 0x1p53 && math.Floor(y/2) != y/2
	a := math.Abs(x)
	var p float64
	switch {
	case math.IsInf(y, 0) && a == 1:
		p = 1
	case math.IsInf(y, 0):
		if (a > 1) == (y > 0) {
			p = math.Inf(1)
		}
	case a == 0 || math.IsInf(a, 1):
		if (a == 0) == (y < 0) {
			p = math.Inf(1)
		}
	case x < 0 && !integer:
		return math.NaN()
	default:
		h, l := logPair(a)
		ph := float64(y * h)
		pl := math.FMA(y, l, math.FMA(y, h, -ph))
		if math.Abs(ph) > 800 {
			pl = 0 // may be infinite
		}
		p = expSum(ph, pl)
	}
	if odd && math.Signbit(x) {
		return -p
	}
	return p
}

// logPair returns ln x as a sum of two float64, to about 2^-64, for finite x > 0.
// The series is that of logSum; its first two terms are summed in pairs.
func logPair(x float64) (h, l float64) {
	f, k := splitLog(x)
	// s = f/d as a pair, d = 2 + f as a pair.
	d := 2 + f
	dl := f - (d - 2)
	s := f / d
	sl := math.FMA(-s, dl, math.FMA(-s, d, f)) / d
	z := float64(s * s)
	zl := math.FMA(s, s, -z)
	zl += float64(2 * s * sl)
	u := 1.0 / 25
	for i := 23; i >= 5; i -= 2 {
		u = math.FMA(u, z, 1/float64(i))
	}
	// t = 1/3 + z·u, w = z·t, v = s·w: pairs.
	const third, thirdLow = 1.0 / 3, 0x1.5555555555555p-56
	zu := float64(z * u)
	t, tl := fastTwoSum(third, zu)
	tl += thirdLow
	w := float64(z * t)
	wl := math.FMA(z, t, -w)
	wl += float64(z*tl) + float64(zl*t)
	v := float64(s * w)
	vl := math.FMA(s, w, -v)
	vl += float64(s*wl) + float64(sl*w)
	// 2s + 2v, then k·ln 2 in front.
	h, l = fastTwoSum(s, v)
	l += sl + vl
	h, l = 2*h, 2*l
	if k == 0 {
		return fastTwoSum(h, l)
	}
	b := float64(k * ln2High)
	bl := math.FMA(k, ln2High, -b)
	bl += float64(k * ln2Low)
	b, e := fastTwoSum(b, h)
	return fastTwoSum(b, e+(bl+l))
}

// fastTwoSum returns a + b rounded and what the rounding lost, for |a| >= |b|.
func fastTwoSum(a, b float64) (s, e float64) {
	s = a + b
	return s, b - (s - a)
}
