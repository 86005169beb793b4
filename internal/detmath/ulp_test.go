package detmath

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// ulpError returns |got - want| in units of the last place of want (of the smallest normal, below it).
func ulpError(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	e := max(math.Ilogb(w), -1022) - 52
	d, _ := add(num(got), neg(want)).Float64()
	return math.Abs(math.Ldexp(d, -e))
}

func TestFloat64ErrorIsWithinTheStatedBound(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	uniform := func(a, b float64) func() float64 { return func() float64 { return a + (b-a)*r.Float64() } }
	logarithmic := func(lo, hi float64) func() float64 {
		return func() float64 { return math.Exp2(lo + (hi-lo)*r.Float64()) }
	}
	signed := func(f func() float64) func() float64 {
		return func() float64 { return math.Copysign(f(), r.Float64()-0.5) }
	}
	one := num(1)
	for _, c := range []struct {
		name  string
		got   func(float64) float64
		want  func(*big.Float) *big.Float
		bound float64
		draws []func() float64
	}{
		{"Exp", Exp, bigExp, 1, []func() float64{uniform(-708, 709.7), uniform(-1, 1), signed(logarithmic(-60, 0))}},
		{"Expm1", Expm1, func(x *big.Float) *big.Float { return add(bigExp(x), num(-1)) }, 1,
			[]func() float64{uniform(-39, 45), uniform(-1, 1), signed(logarithmic(-60, 0))}},
		{"Log", Log, bigLog, 1, []func() float64{logarithmic(-1022, 1023), uniform(0.5, 2), uniform(0.99, 1.01), logarithmic(-1074, -1022)}},
		{"Log1p", Log1p, func(x *big.Float) *big.Float { return bigLog(add(x, one)) }, 1,
			[]func() float64{uniform(-0.9999, 3), signed(logarithmic(-60, -1)), logarithmic(0, 100)}},
		{"Sin", Sin, bigSin, 1, []func() float64{uniform(-4, 4), uniform(-100, 100), signed(logarithmic(-30, -1))}},
		{"Cos", Cos, bigCos, 1, []func() float64{uniform(-4, 4), uniform(-100, 100), signed(logarithmic(-30, -1))}},
		{"Tanh", Tanh, bigTanh, 2, []func() float64{uniform(-3, 3), uniform(-25, 25), signed(logarithmic(-40, -1))}},
		{"Erf", Erf, bigErf, 2, []func() float64{uniform(-1, 1), uniform(-6, 6), signed(logarithmic(-40, -1))}},
		{"Erfc", Erfc, func(x *big.Float) *big.Float { return add(one, neg(bigErf(x))) }, 5, []func() float64{uniform(-2, 2), uniform(0, 8)}},
	} {
		worst, at := 0.0, 0.0
		for _, draw := range c.draws {
			for range 600 {
				x := draw()
				if e := ulpError(c.got(x), c.want(num(x))); e > worst || e != e {
					worst, at = e, x
				}
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

func TestSinAndCosHoldNearMultiplesOfHalfPi(t *testing.T) {
	for n := 1; n < 1<<30; n = n*5/3 + 1 {
		x := float64(n) * (math.Pi / 2)
		if x > 1<<30 {
			break
		}
		// Periodicity moves the reference near 0: x = n·pi/2 + d, d from the 400-bit pi.
		half := quo(bigPi(), num(2))
		d := add(num(x), neg(mul(num(float64(n)), half)))
		want := [4]*big.Float{bigSin(d), bigCos(d), neg(bigSin(d)), neg(bigCos(d))}
		if e := ulpError(Sin(x), want[n%4]); !(e <= 1) {
			t.Errorf("Sin(%v): %.2f ulp", x, e)
		}
		if e := ulpError(Cos(x), want[(n+1)%4]); !(e <= 1) {
			t.Errorf("Cos(%v): %.2f ulp", x, e)
		}
	}
}

func TestPowErrorIsWithinTheStatedBound(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	worst := 0.0
	for i := range 3000 {
		x := math.Exp2(40*r.Float64() - 20)
		y := 60*r.Float64() - 30
		if i%3 == 0 { // results over the whole range
			y = (1400*r.Float64() - 700) / math.Log(x)
		}
		if i%5 == 0 {
			x = 1 + 0x1p-20*r.Float64()
			y = 1e6 * r.Float64()
		}
		want := bigExp(mul(num(y), bigLog(num(x))))
		e := ulpError(Pow(x, y), want)
		worst = max(worst, e)
		if !(e <= 1) {
			t.Fatalf("Pow(%v, %v): %.2f ulp", x, y, e)
		}
	}
	if testing.Verbose() {
		t.Logf("Pow: at most %.3f ulp", worst)
	}
	// Angles of the sin-cos position table: exact where the result is.
	for n := range 30 {
		if got := Pow(10, float64(n)); n <= 22 && got != math.Pow10(n) {
			t.Errorf("Pow(10, %d) = %v", n, got)
		}
		if got := Pow(2, -float64(n)); got != math.Ldexp(1, -n) {
			t.Errorf("Pow(2, -%d) = %v", n, got)
		}
	}
}

func TestFloat64SpecialValues(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	specials := []float64{0, zero, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1e300, -1e300, 5e-324, -5e-324, 1 << 53, inf, -inf, nan}
	same := func(a, b float64) bool {
		return a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b
	}
	for _, c := range []struct {
		name      string
		got, want func(float64) float64
	}{
		{"Exp", Exp, math.Exp}, {"Expm1", Expm1, math.Expm1}, {"Log", Log, math.Log}, {"Log1p", Log1p, math.Log1p},
		{"Tanh", Tanh, math.Tanh}, {"Erf", Erf, math.Erf}, {"Erfc", Erfc, math.Erfc},
	} {
		for _, x := range specials {
			got, want := c.got(x), c.want(x)
			if x == 5e-324 && c.name == "Log" {
				want = -744.4400719213812 // math.Log is -709.09 on amd64
			}
			if x == x && !math.IsInf(want, 0) && math.Abs(got-want) <= 1e-15*math.Abs(want) && want != 0 {
				continue
			}
			if !same(got, want) {
				t.Errorf("%s(%v) = %v, want %v", c.name, x, got, want)
			}
		}
	}
	for _, x := range specials {
		for _, y := range specials {
			got, want := Pow(x, y), math.Pow(x, y)
			if x == -1 && math.IsInf(y, 0) {
				want = 1
			}
			if !same(got, want) && !(math.Abs(got-want) <= 1e-15*math.Abs(want)) {
				t.Errorf("Pow(%v, %v) = %v, want %v", x, y, got, want)
			}
		}
		for name, f := range map[string]func(float64) float64{"Sin": Sin, "Cos": Cos} {
			if got := f(x); math.Abs(x) > 0x1p30 || x != x {
				if got == got {
					t.Errorf("%s(%v) = %v, want NaN", name, x, got)
				}
			}
		}
	}
	if Sin(0) != 0 || !math.Signbit(Sin(zero)) || Cos(0) != 1 {
		t.Error("Sin or Cos of zero")
	}
}
