package detmath

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// fmaBig is x*y + z rounded once, from exact arithmetic.
func fmaBig(x, y, z float32) float32 {
	p := new(big.Float).SetPrec(700).SetFloat64(float64(x))
	p.Mul(p, new(big.Float).SetPrec(700).SetFloat64(float64(y)))
	p.Add(p, new(big.Float).SetPrec(700).SetFloat64(float64(z)))
	if p.Sign() == 0 {
		return float32(float64(x)*float64(y)) + z // signs of zero, exact here
	}
	r, _ := p.Float32()
	return r
}

func same32(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func TestFMA32RoundsOnce(t *testing.T) {
	check := func(x, y, z float32) {
		t.Helper()
		if got, want := FMA32(x, y, z), fmaBig(x, y, z); !same32(got, want) {
			t.Fatalf("FMA32(%b, %b, %b) = %b, want %b", x, y, z, got, want)
		}
	}
	f := math.Float32frombits
	// Half-way in float64 only: the product's last bits decide the direction.
	check(1+0x1p-12, 1+0x1p-12, 0x1p30)
	for i := range uint32(2000) {
		x := f(0x3f800001 + 2*i) // odd last bit, so the product has 47 bits
		for e := -60; e < 60; e++ {
			z := float32(math.Ldexp(1+float64(i&7)/8, e))
			check(x, f(0x3f800003+4*i), z)
			check(-x, f(0x3f800003+4*i), z)
		}
	}
	// Double rounding on purpose: z odd, product just above or below half an ulp of z.
	for i := range uint32(1000) {
		z := f(0x4b800001 + i) // ulp 2
		for _, h := range []float32{1 + 0x1p-23, 1 - 0x1p-24, 1} {
			for _, k := range []float32{1 + 0x1p-23, 1 - 0x1p-24, 1} {
				for e := -40; e <= 0; e++ {
					s := float32(math.Ldexp(1, e))
					check(h*s, k/s, z)
					check(h*s, -k/s, z)
					check(h*s, -k/s, -z)
				}
			}
		}
	}
	// Subnormal results and signed zeros.
	tiny := f(1)
	for _, x := range []float32{0, float32(math.Copysign(0, -1)), tiny, -tiny, 0.5, 1.5, -1.5, 0x1p-126, 0x1.8p-75, -0x1.fffffep-75, 0x1p-100} {
		for _, y := range []float32{0, 1, -1, 0.5, 0x1p-74, 0x1.000002p-75, tiny, 0x1.8p-24} {
			for _, z := range []float32{0, float32(math.Copysign(0, -1)), tiny, -tiny, f(0x7fffff), -f(0x7fffff), 0x1p-126} {
				check(x, y, z)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300000 {
		// Exponents near each other, so that all parts overlap; also around 2^-126.
		x := f(r.Uint32()&0x807fffff | (127-r.Uint32()%8)<<23)
		y := f(r.Uint32()&0x807fffff | (127-r.Uint32()%127)<<23)
		z := f(r.Uint32()&0x807fffff | (r.Uint32()%130)<<23)
		check(x, y, z)
	}
	inf := float32(math.Inf(1))
	nan := float32(math.NaN())
	for _, c := range [][4]float32{
		{inf, 1, 1, inf}, {inf, 0, 1, nan}, {inf, 1, -inf, nan}, {1, 1, -inf, -inf},
		{nan, 1, 1, nan}, {math.MaxFloat32, 2, 0, inf}, {math.MaxFloat32, 2, -math.MaxFloat32, math.MaxFloat32},
	} {
		if got := FMA32(c[0], c[1], c[2]); !same32(got, c[3]) {
			t.Errorf("FMA32(%v, %v, %v) = %v, want %v", c[0], c[1], c[2], got, c[3])
		}
	}
}
