package detmath

import "math"

// Erf32 returns the error function of x, at most 1.3 ulp off.
//
// With a = |x|: a + a·P(a²) below 1, else 1 - e^(-a²)·2Q(t) with a at most 9 and
// t = 1/(1 + 0.33·sqrt 2·a); then the sign of x. Q is the polynomial of NormalTail32.
func Erf32(x float32) float32 {
	sign := math.Float32bits(x) & (1 << 31)
	a := math.Float32frombits(math.Float32bits(x) ^ sign)
	var y float32
	if a < 1 {
		z := a * a
		p := FMA32(0x1.4c344ep-14, z, -0x1.a50b0ep-11)
		p = FMA32(p, z, 0x1.542e10p-8)
		p = FMA32(p, z, -0x1.b7fe90p-6)
		p = FMA32(p, z, 0x1.ce2d50p-4)
		p = FMA32(p, z, -0x1.812740p-2)
		p = FMA32(p, z, 0x1.06eba8p-3)
		y = FMA32(a, p, a)
	} else {
		if 9 < a { // false for NaN
			a = 9
		}
		e := Exp32(-float32(a * a))
		q := normalTail(1 / FMA32(0x1.dde41cp-2, a, 1))
		y = FMA32(-2*e, q, 1)
	}
	return math.Float32frombits(math.Float32bits(y) | sign)
}

// NormalTail32 returns the tail 1 - Phi(z) of the standard normal distribution and e = e^(-z²/2),
// for 0 <= z <= 12.5: the tail is e·Q(t), t = 1/(1 + 0.33 z). The relative error of the tail is
// at most 4.5e-7 for z <= 1 and grows with z² from there, since z² is rounded before the exponential.
func NormalTail32(z float32) (tail, e float32) {
	e = Exp32(float32(-0.5*z) * z)
	return e * normalTail(1/FMA32(0x1.51eb86p-2, z, 1)), e
}

// normalTail is Q(t) by Horner's rule.
func normalTail(t float32) float32 {
	q := FMA32(-0x1.bf4032p-6, t, 0x1.3f3e5cp-3)
	q = FMA32(q, t, -0x1.5a8f64p-2)
	q = FMA32(q, t, 0x1.3f30cap-2)
	q = FMA32(q, t, -0x1.f5102ep-4)
	q = FMA32(q, t, 0x1.3a9db4p-3)
	q = FMA32(q, t, 0x1.9ec178p-4)
	q = FMA32(q, t, 0x1.12c2bep-3)
	q = FMA32(q, t, 0x1.0d292ep-3)
	return FMA32(q, t, 0x1.26512cp-17)
}
