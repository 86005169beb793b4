package detmath

import (
	"math"
	"testing"
)

// float32Stride spaces the bit patterns that TestFloat32ErrorIsWithinTheStatedBound visits; 1 visits all. At 101 the
// largest errors are Exp32 0.855, Log32 0.880, Tanh32 1.353, Erf32 1.114, Sin32 and Cos32 1.501, NormalTail32 3.6e-7.
const float32Stride = 3989

// ulpError32 returns |got - want| in units of the last float32 place of want.
func ulpError32(got float32, want float64) float64 {
	e := max(math.Ilogb(want), -126) - 23
	return math.Abs(math.Ldexp(float64(got)-want, -e))
}

func TestFloat32ErrorIsWithinTheStatedBound(t *testing.T) {
	for _, c := range []struct {
		name   string
		got    func(float32) float32
		want   func(float64) float64
		lo, hi float32
		bound  float64
	}{
		{"Exp32", Exp32, Exp, Exp32Min, Exp32Max, 0.9},
		{"Log32", Log32, Log, 0x1p-149, math.MaxFloat32, 1},
		{"Tanh32", Tanh32, Tanh, -100, 100, 1.5},
		{"Erf32", Erf32, Erf, -100, 100, 1.3},
		{"Sin32", Sin32, Sin, -0x1p30, 0x1p30, 1.6},
		{"Cos32", Cos32, Cos, -0x1p30, 0x1p30, 1.6},
	} {
		worst, at := 0.0, float32(0)
		for b := uint64(0); b < 1<<32; b += float32Stride {
			x := math.Float32frombits(uint32(b))
			if !(x >= c.lo && x <= c.hi) {
				continue
			}
			if e := ulpError32(c.got(x), c.want(float64(x))); !(e <= worst) {
				worst, at = e, x
			}
		}
		if testing.Verbose() {
			t.Logf("%s: at most %.3f ulp (at %v)", c.name, worst, at)
		}
		if !(worst <= c.bound) {
			t.Errorf("%s(%v): %.3f ulp off, stated bound %v", c.name, at, worst, c.bound)
		}
	}
}

func TestNormalTailErrorIsWithinTheStatedBound(t *testing.T) {
	for b := uint32(0); b < math.Float32bits(12.5); b += float32Stride {
		z := math.Float32frombits(b)
		tail, e := NormalTail32(z)
		zz := float64(z)
		wantE := Exp(-0.5 * zz * zz)
		want := Erfc(zz/math.Sqrt2) / 2
		bound := 4.5e-7 * max(1, zz*zz)
		if d := math.Abs(float64(e)-wantE) / wantE; !(d <= bound) {
			t.Fatalf("z = %v: exponential off by %.3g of itself, stated bound %.3g", z, d, bound)
		}
		if d := math.Abs(float64(tail)-want) / want; !(d <= bound) {
			t.Fatalf("z = %v: tail off by %.3g of itself, stated bound %.3g", z, d, bound)
		}
	}
}

func TestFloat32SpecialValues(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	zero := float32(math.Copysign(0, -1))
	next := func(x float32, up int32) float32 {
		return math.Float32frombits(uint32(int32(math.Float32bits(x)) + up))
	}
	check := func(name string, got, want float32) {
		t.Helper()
		if !same32(got, want) {
			t.Errorf("%s = %v (%#x), want %v", name, got, math.Float32bits(got), want)
		}
	}
	check("Exp32(-Inf)", Exp32(-inf), 0)
	check("Exp32(+Inf)", Exp32(inf), inf)
	check("Exp32(0)", Exp32(0), 1)
	check("Exp32(just below Exp32Min)", Exp32(next(Exp32Min, 1)), 0)
	check("Exp32(just above Exp32Max)", Exp32(next(Exp32Max, 1)), inf)
	if y := Exp32(Exp32Min); y < 0x1p-126 || y > 0x1.0001p-126 {
		t.Errorf("Exp32(Exp32Min) = %b", y)
	}
	if y := Exp32(Exp32Max); y < 0x1.ffffp127 || y > math.MaxFloat32 {
		t.Errorf("Exp32(Exp32Max) = %b", y)
	}
	check("Log32(0)", Log32(0), -inf)
	check("Log32(-0)", Log32(zero), -inf)
	check("Log32(-1)", Log32(-1), nan)
	check("Log32(-Inf)", Log32(-inf), nan)
	check("Log32(+Inf)", Log32(inf), inf)
	check("Log32(1)", Log32(1), 0)
	for name, f := range map[string]func(float32) float32{"Tanh32": Tanh32, "Erf32": Erf32} {
		check(name+"(0)", f(0), 0)
		check(name+"(-0)", f(zero), zero)
		check(name+"(+Inf)", f(inf), 1)
		check(name+"(-Inf)", f(-inf), -1)
	}
	check("Sin32(-0)", Sin32(zero), zero)
	check("Cos32(0)", Cos32(0), 1)
	check("Sin32(+Inf)", Sin32(inf), nan)
	for name, f := range map[string]func(float32) float32{"Exp32": Exp32, "Log32": Log32, "Tanh32": Tanh32, "Erf32": Erf32, "Sin32": Sin32, "Cos32": Cos32} {
		for _, b := range []uint32{0x7fc00000, 0xffc00000, 0x7f800001, 0x7fffffff, 0xff8001ff} {
			check(name+"(NaN)", f(math.Float32frombits(b)), nan)
		}
	}
}
