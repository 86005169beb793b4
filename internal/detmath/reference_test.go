package detmath

import (
	"math/big"
	"sync"
)

// The reference: series in 400-bit arithmetic. Each is right to more than 200 bits
// for the arguments the tests use.

const precision = 400

func num(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }
func add(a, b *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Add(a, b)
}
func mul(a, b *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Mul(a, b)
}
func quo(a, b *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Quo(a, b)
}
func neg(a *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Neg(a) }

// series sums term(0) = first, term(n) = term(n-1)·ratio(n) until the terms vanish.
func series(first *big.Float, ratio func(n int) *big.Float) *big.Float {
	s, t := first, first
	for n := 1; t.Sign() != 0 && (n < 20 || t.MantExp(nil) > s.MantExp(nil)-precision); n++ {
		t = mul(t, ratio(n))
		s = add(s, t)
	}
	return s
}

func bigExp(x *big.Float) *big.Float {
	const halvings = 16
	r := new(big.Float).SetMantExp(x, -halvings)
	y := series(num(1), func(n int) *big.Float { return quo(r, num(float64(n))) })
	for range halvings {
		y = mul(y, y)
	}
	return y
}

// bigLog is Newton's method on bigExp from the float64 logarithm.
func bigLog(x *big.Float) *big.Float {
	m := new(big.Float)
	e := x.MantExp(m)
	y := num(0)
	for range 60 { // halves the error at worst, squares it near the end
		t := bigExp(neg(y))
		d := add(mul(m, t), num(-1))
		y = add(y, d)
		if d.Sign() == 0 || d.MantExp(nil) < -precision+20 {
			break
		}
	}
	return add(y, mul(num(float64(e)), bigLn2))
}

// ln 2 = sum of 2/(3 (2n+1) 9^n).
var bigLn2 = func() *big.Float {
	s := num(0)
	t := quo(num(2), num(3))
	for n := range 200 {
		s = add(s, quo(t, num(float64(2*n+1))))
		t = quo(t, num(9))
	}
	return s
}()

func bigSin(x *big.Float) *big.Float {
	z := neg(mul(x, x))
	return series(x, func(n int) *big.Float { return quo(z, num(float64(2*n*(2*n+1)))) })
}

func bigCos(x *big.Float) *big.Float {
	z := neg(mul(x, x))
	return series(num(1), func(n int) *big.Float { return quo(z, num(float64(2*n*(2*n-1)))) })
}

func bigTanh(x *big.Float) *big.Float {
	e := bigExp(add(x, x))
	return quo(add(e, num(-1)), add(e, num(1)))
}

// bigErf is 2/sqrt(pi)·e^(-x²)·sum of 2^n x^(2n+1)/(2n+1)!!.
func bigErf(x *big.Float) *big.Float {
	z := mul(x, x)
	s := series(x, func(n int) *big.Float { return quo(add(z, z), num(float64(2*n+1))) })
	root := new(big.Float).SetPrec(precision).Sqrt(bigPi())
	return quo(mul(add(s, s), bigExp(neg(z))), root)
}

// bigPi is Machin's formula.
var bigPi = sync.OnceValue(func() *big.Float {
	atan := func(k float64) *big.Float {
		sum, t := num(0), quo(num(1), num(k))
		for n := range 300 {
			sum = add(sum, quo(t, num(float64(2*n+1))))
			t = neg(quo(t, num(k*k)))
		}
		return sum
	}
	return mul(num(4), add(mul(num(4), atan(5)), neg(atan(239))))
})
