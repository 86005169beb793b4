package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The meanings against the formulas in float64. Tolerances are absolute and relative, in float32 roundings (2^-24).
const rounding = 0x1p-24

func near(t *testing.T, want float64, got float32, absolute, relative float64, what string, at any) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= rounding*(absolute+relative*math.Abs(want))) {
		t.Fatalf("%s(%v) = %v, want %v", what, at, got, want)
	}
}

// sweep is -20 .. 20 in steps of 2^-8, and some far away.
func sweep() []float32 {
	x := []float32{-1e38, -1e10, -300, 300, 1e10, 1e38}
	for v := float32(-20); v <= 20; v += 0x1p-8 {
		x = append(x, v)
	}
	return x
}

// The derivative of the tanh form, from its definition.
func tanhForm(x float64) (y, slope float64) {
	c := math.Sqrt(2 / math.Pi)
	x = max(min(x, 1e4), -1e4) // cubes must not overflow; the rest is 0 and x out there
	u := c * (x + 0.044715*x*x*x)
	th := math.Tanh(u)
	s := 1 / (1 + math.Exp(-2*u)) // (1+tanh u)/2 without cancellation
	return x * s, 0.5*(1+th) + 0.5*x*(1-th*th)*c*(1+3*0.044715*x*x)
}

func TestGELUIsItsFormula(t *testing.T) {
	x := sweep()
	y, dx, dy := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
	for i := range dy {
		dy[i] = 1
	}
	geluTanh(y, x)
	geluTanhGrad(dx, dy, x)
	for i, v := range x {
		want, slope := tanhForm(float64(v))
		if math.Abs(float64(v)) > 1e4 {
			want = max(float64(v), 0)
		}
		// The relative error grows with the exponent; the absolute one stays below one rounding of 1.
		near(t, want, y[i], 1, 3, "tanh form", v)
		near(t, slope, dx[i], 4, 4, "slope of the tanh form", v)
	}
	geluErf(y, x)
	geluErfGrad(dx, dy, x)
	for i, v := range x {
		z := float64(v)
		cdf := math.Erfc(-z/math.Sqrt2) / 2
		near(t, z*cdf, y[i], 1, 3, "erf form", v)
		near(t, cdf+z*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi), dx[i], 4, 4, "slope of the erf form", v)
	}
}

func TestSoftmaxIsItsFormula(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, cols := range []int{1, 5, 49, 200} {
		const scale = 0.37
		x, dy := numbers(r, cols, 3), numbers(r, cols, 1)
		y, ln, dx := make([]float32, cols), make([]float32, cols), make([]float32, cols)
		softmaxRows(y, x, cols, scale)
		logSoftmaxRows(ln, x, cols)
		softmaxRowsGrad(dx, dy, y, cols, scale)
		var sum, sumLn, dot float64
		for i, v := range x {
			sum += math.Exp(scale * float64(v))
			sumLn += math.Exp(float64(v))
			dot += float64(y[i]) * float64(dy[i])
		}
		for i, v := range x {
			near(t, math.Exp(scale*float64(v))/sum, y[i], 0, 12, "softmax", i)
			near(t, float64(v)-math.Log(sumLn), ln[i], 4, 4, "log-softmax", i)
			near(t, scale*float64(y[i])*(float64(dy[i])-dot), dx[i], 2, 4, "gradient of softmax", i)
		}
	}
}

func TestMaskedRowsOfSoftmaxAreZeroAndNaNsAreNot(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, cols := range []int{1, 16, 21} {
		x, y := make([]float32, cols), make([]float32, cols)
		for i := range x {
			x[i] = -inf
		}
		softmaxRows(y, x, cols, 1)
		require.Equal(t, make([]float32, cols), y, "a row of -Inf gives zeros")
		logSoftmaxRows(y, x, cols)
		require.Equal(t, x, y, "its logarithm is -Inf")
		for _, bad := range []float32{nan, inf} {
			x[cols/2] = bad
			for name, f := range map[string]func(){
				"softmax":     func() { softmaxRows(y, x, cols, 1) },
				"log-softmax": func() { logSoftmaxRows(y, x, cols) },
			} {
				f()
				require.True(t, y[cols/2] != y[cols/2], "%s of a row with %v, %d columns: %v", name, bad, cols, y)
			}
		}
	}
}

func TestLayerNormIsItsFormula(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, cols := range []int{1, 3, 48, 193} {
		const rows, eps = 3, 1e-6
		x, dy := numbers(r, rows*cols, 2), numbers(r, rows*cols, 1)
		gamma, beta := numbers(r, cols, 1), numbers(r, cols, 1)
		y, dx := make([]float32, rows*cols), make([]float32, rows*cols)
		mean, rstd := make([]float32, rows), make([]float32, rows)
		dgamma, dbeta := make([]float32, cols), make([]float32, cols)
		layerNorm(y, mean, rstd, x, gamma, beta, cols, eps)
		layerNormGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma, cols, false)
		wantGamma, wantBeta := make([]float64, cols), make([]float64, cols)
		for k := range rows {
			in, up := x[k*cols:][:cols], dy[k*cols:][:cols]
			n := float64(cols)
			var m, v, a, b float64
			for _, e := range in {
				m += float64(e) / n
			}
			for _, e := range in {
				v += (float64(e) - m) * (float64(e) - m) / n
			}
			s := 1 / math.Sqrt(v+eps)
			near(t, m, mean[k], 4, 4, "mean", k)
			for i, e := range up {
				wantBeta[i] += float64(e)
			}
			if cols == 1 { // the variance is rounding noise
				continue
			}
			near(t, s, rstd[k], 0, 10, "rstd", k)
			for i, e := range in {
				hat, g := (float64(e)-m)*s, float64(up[i])*float64(gamma[i])
				a += g / n
				b += g * hat / n
				wantGamma[i] += float64(up[i]) * hat
			}
			for i, e := range in {
				hat, g := (float64(e)-m)*s, float64(up[i])*float64(gamma[i])
				near(t, hat*float64(gamma[i])+float64(beta[i]), y[k*cols+i], 20, 10, "layernorm", i)
				near(t, s*(g-a-hat*b), dx[k*cols+i], 100*s, 10, "gradient of layernorm", i)
			}
		}
		for i := range cols {
			if cols > 1 {
				near(t, wantGamma[i], dgamma[i], 20, 20, "dgamma", i)
			}
			near(t, wantBeta[i], dbeta[i], 4, 4, "dbeta", i)
		}
	}
}

func TestLayerNormGradAdds(t *testing.T) {
	const rows, cols = 2, 19
	r := rand.New(rand.NewPCG(3, 3))
	x, dy, gamma := numbers(r, rows*cols, 1), numbers(r, rows*cols, 1), numbers(r, cols, 1)
	mean, rstd := numbers(r, rows, 0.1), []float32{1.5, 0.75}
	fresh, added := make([]float32, rows*cols), numbers(r, rows*cols, 1)
	before := append([]float32(nil), added...)
	dgamma, dbeta := make([]float32, cols), make([]float32, cols)
	layerNormGrad(fresh, dgamma, dbeta, dy, x, mean, rstd, gamma, cols, false)
	layerNormGrad(added, dgamma, dbeta, dy, x, mean, rstd, gamma, cols, true)
	for i := range fresh {
		near(t, float64(before[i])+float64(fresh[i]), added[i], 2, 2, "dx added to", i)
	}
	once := make([]float32, cols)
	layerNormGrad(fresh, make([]float32, cols), once, dy, x, mean, rstd, gamma, cols, false)
	for i := range once {
		near(t, 2*float64(once[i]), dbeta[i], 4, 4, "dbeta of two calls", i)
	}
}

func TestAdamWIsItsFormula(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	const n, steps = 37, 5
	p, g := numbers(r, n, 1), numbers(r, n, 1)
	m, v := make([]float32, n), make([]float32, n)
	const lr, b1, b2, eps, decay, clip = 1e-2, 0.9, 0.95, 1e-8, 0.05, 0.5
	p64, m64, v64 := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range p {
		p64[i] = float64(p[i])
	}
	c1, c2 := 1.0, 1.0
	for range steps {
		c1, c2 = c1*b1, c2*b2
		adamW(p, m, v, g, &AdamW{GradScale: clip, Beta1: b1, OneMinus1: 1 - b1, Beta2: b2, OneMinus2: 1 - b2,
			Decay: 1 - lr*decay, Root: float32(1 / math.Sqrt(1-c2)), Eps: eps, Step: float32(-lr / (1 - c1))})
		for i := range p64 {
			gi := float64(g[i]) * clip
			m64[i] = b1*m64[i] + (1-b1)*gi
			v64[i] = b2*v64[i] + (1-b2)*gi*gi
			p64[i] = p64[i]*(1-lr*decay) - lr*(m64[i]/(1-c1))/(math.Sqrt(v64[i]/(1-c2))+eps)
		}
	}
	for i := range p {
		near(t, p64[i], p[i], 2, 10, "weight", i)
		near(t, m64[i], m[i], 0, 10, "first moment", i)
		near(t, v64[i], v[i], 0, 20, "second moment", i)
	}
}

func TestSignOfZeroDifferenceIsZero(t *testing.T) {
	inf := float32(math.Inf(1))
	x := []float32{1, 2, 3, 0, float32(math.Copysign(0, -1)), inf, -inf, inf}
	y := []float32{2, 2, 2, float32(math.Copysign(0, -1)), 0, 1, 1, inf}
	dx := make([]float32, len(x))
	rowL1Grad(dx, x, y, []float32{3}, len(x), 0.5)
	require.Equal(t, []float32{-1.5, 0, 1.5, 0, 0, 1.5, -1.5}, dx[:7])
	require.True(t, dx[7] != dx[7])
	for _, v := range dx[:7] {
		require.False(t, v == 0 && math.Signbit(float64(v)), "zeros are positive")
	}
}

func TestReductionsAreTheirFormulas(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, cols := range []int{1, 15, 16, 17, 100} {
		x, y := numbers(r, cols, 1), numbers(r, cols, 1)
		var sum, dot, l1, l2 float64
		most := math.Inf(-1)
		for i, v := range x {
			d := float64(v) - float64(y[i])
			sum += float64(v)
			dot += float64(v) * float64(y[i])
			l1 += math.Abs(d)
			l2 += d * d
			most = max(most, float64(v))
		}
		got := make([]float32, 5)
		rowSum(got[0:1], x, cols)
		rowDot(got[1:2], x, y, cols)
		rowL1(got[2:3], x, y, cols)
		rowL2(got[3:4], x, y, cols)
		rowMax(got[4:5], x, cols)
		for i, want := range []float64{sum, dot, l1, l2, most} {
			near(t, want, got[i], 20, 10, []string{"sum", "dot", "l1", "l2", "max"}[i], cols)
		}
	}
	nan := float32(math.NaN())
	got := make([]float32, 1)
	rowMax(got, []float32{nan, 1, nan}, 3)
	require.Equal(t, []float32{1}, got, "NaNs don't count")
	rowMax(got, []float32{nan, nan}, 2)
	require.True(t, math.IsInf(float64(got[0]), -1), "a row of NaNs has maximum -Inf")
}

// TestLanesJoinInTheOrderOfRule4 tells the tree and the lanes from any other order: the sum of 1, 2^-24 (lane 0 twice)
// and so on depends on it.
func TestLanesJoinInTheOrderOfRule4(t *testing.T) {
	x := make([]float32, 33)
	x[0], x[16], x[32] = 1, 0x1p-24, 0x1p-24 // a chain in lane 0: both are lost
	got := make([]float32, 1)
	rowSum(got, x, len(x))
	require.Equal(t, float32(1), got[0])
	x[0], x[16], x[32] = 0, 0, 0
	x[0], x[1], x[9] = 1, 0x1p-24, 0x1p-24 // lanes 1 and 9 meet before lane 0 and 1
	rowSum(got, x, len(x))
	require.Equal(t, float32(1+0x1p-23), got[0])
}

func numbers(r *rand.Rand, n int, sd float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(sd * r.NormFloat64())
	}
	return x
}
