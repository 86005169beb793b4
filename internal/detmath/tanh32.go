package detmath

import "math"

// Tanh32 returns the hyperbolic tangent of x, at most 1.5 ulp off.
//
// With a = |x|: a + a³·P(a²) below 0.625, else 1 - 2/(e^(2a) + 1); then the sign of x.
func Tanh32(x float32) float32 {
	sign := math.Float32bits(x) & (1 << 31)
	a := math.Float32frombits(math.Float32bits(x) ^ sign)
	var y float32
	if a < 0.625 {
		z := a * a
		p := FMA32(-0x1.750ce4p-8, z, 0x1.51f8cep-6)
		p = FMA32(p, z, -0x1.b835a4p-5)
		p = FMA32(p, z, 0x1.1106f6p-3)
		p = FMA32(p, z, -0x1.555532p-2)
		y = FMA32(float32(a*z), p, a)
	} else {
		y = 1 - 2/(Exp32(a+a)+1)
	}
	return math.Float32frombits(math.Float32bits(y) | sign)
}
