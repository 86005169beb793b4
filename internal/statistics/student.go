package statistics

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// StudentQuantile returns t with P(|T| <= t) = central for Student's T with df >= 1 degrees of
// freedom; central lies in [0, 1). A two-sided 95 % interval takes central 0.95, a one-sided 95 % limit
// takes 0.90.
//
// With t = sqrt(df) tan(x), that probability is a finite trigonometric sum for whole df (Abramowitz
// and Stegun, 26.7.3 and 26.7.4), which rises in x: bisection on x needs no inverse function.
func StudentQuantile(central float64, df int) float64 {
	lo, hi := 0.0, math.Pi/2
	for range 200 {
		x := (lo + hi) / 2
		if x == lo || x == hi {
			break
		}
		if studentCentral(detmath.Sin(x), detmath.Cos(x), x, df) < central {
			lo = x
		} else {
			hi = x
		}
	}
	return math.Sqrt(float64(df)) * detmath.Sin(lo) / detmath.Cos(lo)
}

// studentCentral is P(|T| <= sqrt(df) tan(x)), given the sine and cosine of x in [0, pi/2].
func studentCentral(sin, cos, x float64, df int) float64 {
	cos2 := float64(cos * cos)
	term, sum := 1.0, 1.0
	if df%2 == 0 {
		for k := 2; k < df; k += 2 {
			term = float64(term * (cos2 * float64(k-1) / float64(k)))
			sum += term
		}
		return sin * sum
	}
	for k := 3; k < df; k += 2 {
		term = float64(term * (cos2 * float64(k-1) / float64(k)))
		sum += term
	}
	if df == 1 {
		sum = 0
	}
	return 2 / math.Pi * (x + float64(float64(sin*cos)*sum))
}
