package simd

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// rowOperation is a call of one row or vector operation. The operands are slices of the sizes given: m = rows*cols,
// r = rows, c = cols.
type rowOperation struct {
	name  string
	sizes string
	run   func(p *Pool, s [][]float32, cols int)
}

// scalars receives results that aren't slices, so that they are compared, too.
func scalar(dst []float32, v float64) { dst[0] = float32(v) }

var rowOperations = []rowOperation{
	{"Add", "mmm", func(p *Pool, s [][]float32, _ int) { p.Add(s[0], s[1], s[2]) }},
	{"Sub", "mmm", func(p *Pool, s [][]float32, _ int) { p.Sub(s[0], s[1], s[2]) }},
	{"Mul", "mmm", func(p *Pool, s [][]float32, _ int) { p.Mul(s[0], s[1], s[2]) }},
	{"Scale", "mm", func(p *Pool, s [][]float32, _ int) { p.Scale(s[0], s[1], 0.3) }},
	{"AddScaled", "mm", func(p *Pool, s [][]float32, _ int) { p.AddScaled(s[0], s[1], 0.3) }},
	{"EMA", "mm", func(p *Pool, s [][]float32, _ int) { p.EMA(s[0], s[1], 0.99) }},
	{"Fill", "m", func(p *Pool, s [][]float32, _ int) { p.Fill(s[0], 0.99) }},
	{"AddTable", "mmc", func(p *Pool, s [][]float32, _ int) { p.AddTable(s[0], s[1], s[2]) }},
	{"ScaleRows", "mmr", func(p *Pool, s [][]float32, cols int) { p.ScaleRows(s[0], s[1], s[2], cols) }},
	{"Exp", "mm", func(p *Pool, s [][]float32, _ int) { p.Exp(s[0], s[1]) }},
	{"Log", "mm", func(p *Pool, s [][]float32, _ int) { p.Log(s[0], s[1]) }},
	{"Tanh", "mm", func(p *Pool, s [][]float32, _ int) { p.Tanh(s[0], s[1]) }},
	{"Erf", "mm", func(p *Pool, s [][]float32, _ int) { p.Erf(s[0], s[1]) }},
	{"GELU/tanh", "mm", func(p *Pool, s [][]float32, _ int) { p.GELU(s[0], s[1], GELUTanh) }},
	{"GELU/erf", "mm", func(p *Pool, s [][]float32, _ int) { p.GELU(s[0], s[1], GELUErf) }},
	{"GELUGrad/tanh", "mmm", func(p *Pool, s [][]float32, _ int) { p.GELUGrad(s[0], s[1], s[2], GELUTanh) }},
	{"LayerNormAndGrad", "mrrmccmmcc", func(p *Pool, s [][]float32, cols int) {
		p.LayerNormAndGrad(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], cols, 1e-6, true)
	}},
	{"GELUAndGrad/tanh", "mmmm", func(p *Pool, s [][]float32, _ int) { p.GELUAndGrad(s[0], s[1], s[2], s[3], GELUTanh) }},
	{"GELUAndGrad/erf", "mmmm", func(p *Pool, s [][]float32, _ int) { p.GELUAndGrad(s[0], s[1], s[2], s[3], GELUErf) }},
	{"GELUGrad/erf", "mmm", func(p *Pool, s [][]float32, _ int) { p.GELUGrad(s[0], s[1], s[2], GELUErf) }},
	{"SoftmaxRows", "mm", func(p *Pool, s [][]float32, cols int) { p.SoftmaxRows(s[0], s[1], cols, 0.5) }},
	{"SoftmaxRowsGrad", "mmm", func(p *Pool, s [][]float32, cols int) { p.SoftmaxRowsGrad(s[0], s[1], s[2], cols, 0.5) }},
	{"LogSoftmaxRows", "mm", func(p *Pool, s [][]float32, cols int) { p.LogSoftmaxRows(s[0], s[1], cols) }},
	{"LayerNorm", "mrrmcc", func(p *Pool, s [][]float32, cols int) { p.LayerNorm(s[0], s[1], s[2], s[3], s[4], s[5], cols, 1e-6) }},
	{"LayerNorm/no affine", "mrrm", func(p *Pool, s [][]float32, cols int) { p.LayerNorm(s[0], s[1], s[2], s[3], nil, nil, cols, 1e-6) }},
	{"LayerNormGrad", "mccmmrrc", func(p *Pool, s [][]float32, cols int) {
		p.LayerNormGrad(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], cols, true)
	}},
	{"LayerNormGrad/no affine", "mmmrr", func(p *Pool, s [][]float32, cols int) {
		p.LayerNormGrad(s[0], nil, nil, s[1], s[2], s[3], s[4], nil, cols, false)
	}},
	{"ColumnSumAdd", "cm", func(p *Pool, s [][]float32, cols int) { p.ColumnSumAdd(s[0], s[1], cols) }},
	{"RowSum", "rm", func(p *Pool, s [][]float32, cols int) { p.RowSum(s[0], s[1], cols) }},
	{"RowMax", "rm", func(p *Pool, s [][]float32, cols int) { p.RowMax(s[0], s[1], cols) }},
	{"RowDot", "rmm", func(p *Pool, s [][]float32, cols int) { p.RowDot(s[0], s[1], s[2], cols) }},
	{"L1Rows", "rmm", func(p *Pool, s [][]float32, cols int) { p.L1Rows(s[0], s[1], s[2], cols) }},
	{"L2Rows", "rmm", func(p *Pool, s [][]float32, cols int) { p.L2Rows(s[0], s[1], s[2], cols) }},
	{"L1RowsGrad", "mmmr", func(p *Pool, s [][]float32, cols int) { p.L1RowsGrad(s[0], s[1], s[2], s[3], cols, 0.1) }},
	{"L2RowsGrad", "mmmr", func(p *Pool, s [][]float32, cols int) { p.L2RowsGrad(s[0], s[1], s[2], s[3], cols, 0.1) }},
	{"AdamW", "mmmm", func(p *Pool, s [][]float32, _ int) {
		p.AdamW(&AdamW{P: s[0], M: s[1], V: s[2], G: s[3], LR: 0.01, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05,
			Correct1: 0.19, Correct2: 0.0975, GradScale: 0.5})
	}},
	{"Sum", "mc", func(p *Pool, s [][]float32, _ int) { scalar(s[1], p.Sum(s[0])) }},
	{"SumSquares", "mc", func(p *Pool, s [][]float32, _ int) { scalar(s[1], p.SumSquares(s[0])) }},
	{"Dot", "mmc", func(p *Pool, s [][]float32, _ int) { scalar(s[2], p.Dot(s[0], s[1])) }},
	{"Max", "mc", func(p *Pool, s [][]float32, _ int) { scalar(s[1], float64(p.Max(s[0]))) }},
	{"AllFinite", "mc", func(p *Pool, s [][]float32, _ int) {
		if p.AllFinite(s[0]) {
			s[1][0] = 0
		}
	}},
}

// operandsOf are slices for c, filled from a seed of their own.
func (c *rowOperation) operandsOf(rows, cols int, fill func(*rand.Rand, []float32)) [][]float32 {
	r := rand.New(rand.NewPCG(uint64(rows), uint64(cols)))
	var s [][]float32
	for _, size := range c.sizes {
		x := make([]float32, map[rune]int{'m': rows * cols, 'r': rows, 'c': cols}[size])
		fill(r, x)
		s = append(s, x)
	}
	return s
}

func TestRowOperationsGiveTheSameBitsOnAnyNumberOfThreads(t *testing.T) {
	pools := []*Pool{NewPool(1), NewPool(2), NewPool(3)}
	for _, p := range pools {
		defer p.Close()
	}
	for _, c := range rowOperations {
		for _, shape := range [][2]int{{1, 1}, {3, 5}, {64, 17}, {65, 192}, {300, 49}, {130, 193}} { // one span and several
			for _, fill := range []func(*rand.Rand, []float32){fillRandom, fillSpecial} {
				want := c.operandsOf(shape[0], shape[1], fill)
				c.run(pools[0], want, shape[1])
				for _, p := range pools[1:] {
					got := c.operandsOf(shape[0], shape[1], fill)
					c.run(p, got, shape[1])
					for i := range want {
						sameBits(t, want[i], got[i], "%s, %d threads, %d rows of %d, operand %d", c.name, p.Threads(), shape[0], shape[1], i)
					}
				}
			}
		}
	}
}

func TestRowOperationsAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	p := NewPool(2)
	defer p.Close()
	for _, c := range rowOperations {
		s := c.operandsOf(100, 193, fillRandom)
		require.Zero(t, testing.AllocsPerRun(5, func() { c.run(p, s, 193) }), c.name)
	}
}

func TestColumnSumsAreSumsOfBlocksOf64Rows(t *testing.T) {
	const rows, cols = 200, 21
	r := rand.New(rand.NewPCG(1, 1))
	x, dst := make([]float32, rows*cols), make([]float32, cols)
	fillRandom(r, x)
	fillRandom(r, dst)
	want := append([]float32(nil), dst...)
	for j := range want {
		var total float32
		for b := 0; b < rows; b += 64 {
			var chain float32
			for i := b; i < min(b+64, rows); i++ {
				chain += x[i*cols+j]
			}
			if b == 0 {
				total = chain
			} else {
				total += chain
			}
		}
		want[j] += total
	}
	p := NewPool(2)
	defer p.Close()
	p.ColumnSumAdd(dst, x, cols)
	sameBits(t, want, dst, "column sums")

	// The gradient of beta is one of them, whatever it is fused with.
	dbeta, dgamma := make([]float32, cols), make([]float32, cols)
	mean, rstd := make([]float32, rows), make([]float32, rows)
	p.Fill(rstd, 1)
	p.LayerNormGrad(make([]float32, rows*cols), dgamma, dbeta, x, x, mean, rstd, nil, cols, false)
	want = make([]float32, cols)
	p.ColumnSumAdd(want, x, cols)
	sameBits(t, want, dbeta, "dbeta")
}

func TestLongSumsAreSumsOfBlocksOf4096(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	r := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{0, 1, 4095, 4096, 4097, 100_000} {
		x, y := make([]float32, n), make([]float32, n)
		fillRandom(r, x)
		fillRandom(r, y)
		var sum, dot float64
		most := float32(math.Inf(-1))
		row := make([]float32, 1)
		for b := 0; b < n; b += 4096 {
			e := min(b+4096, n)
			p.RowSum(row, x[b:e], e-b)
			sum += float64(row[0])
			p.RowDot(row, x[b:e], y[b:e], e-b)
			dot += float64(row[0])
			p.RowMax(row, x[b:e], e-b)
			most = max(most, row[0])
		}
		require.Equal(t, sum, p.Sum(x), "%d elements", n)
		require.Equal(t, dot, p.Dot(x, y), "%d elements", n)
		require.Equal(t, p.Dot(x, x), p.SumSquares(x), "%d elements", n)
		require.Equal(t, most, p.Max(x), "%d elements", n)
	}
}

func TestAllFiniteFindsOneBadElement(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	x := make([]float32, 20_001)
	fillRandom(rand.New(rand.NewPCG(3, 3)), x)
	x[3], x[4] = math.MaxFloat32, 0x1p-149
	require.True(t, p.AllFinite(x))
	require.True(t, p.AllFinite(nil))
	for _, i := range []int{0, 15, 16, 8191, 8192, 20_000} {
		for _, bad := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
			kept := x[i]
			x[i] = float32(bad)
			require.False(t, p.AllFinite(x), "%v at %d", bad, i)
			x[i] = kept
		}
	}
}

func TestRowOperationsRefuseWrongSizes(t *testing.T) {
	p := NewPool(1)
	defer p.Close()
	x := make([]float32, 12)
	for want, f := range map[string]func(){
		"gelu: x has 11 elements, need 12; pass slices of equal length":                 func() { p.GELU(x, x[:11], GELUTanh) },
		"softmax: 12 elements in rows of 5: need a multiple; pass whole rows":           func() { p.SoftmaxRows(x, x, 5, 1) },
		"softmax: 12 elements in rows of 0: need a multiple; pass whole rows":           func() { p.SoftmaxRows(x, x, 0, 1) },
		"layernorm: mean has 2 elements, need one for each of 3 rows":                   func() { p.LayerNorm(x, x[:2], x[:3], x, nil, nil, 4, 0) },
		"layernorm: gamma has 3 elements, need 4; pass slices of equal length":          func() { p.LayerNorm(x, x[:3], x[:3], x, x[:3], nil, 4, 0) },
		"layernorm gradient: dbeta has 5 elements, need 4; pass slices of equal length": func() { p.LayerNormGrad(x, nil, x[:5], x, x, x[:3], x[:3], nil, 4, false) },
		"column sum: dst has 3 elements, need 4; pass slices of equal length":           func() { p.ColumnSumAdd(x[:3], x, 4) },
		"row dot: dst has 4 elements, need one for each of 3 rows":                      func() { p.RowDot(x[:4], x, x, 4) },
		"adamw: v has 11 elements, need 12; pass slices of equal length":                func() { p.AdamW(&AdamW{P: x, M: x, V: x[:11], G: x}) },
		"add table: 12 elements in rows of 7: need a multiple; pass whole rows":         func() { p.AddTable(x, x, x[:7]) },
	} {
		require.PanicsWithValue(t, want, f)
	}
}
