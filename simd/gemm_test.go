package simd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// naiveGEMM computes g as its doc says, element by element.
func naiveGEMM(g *GEMM) {
	if g.K < 0 || g.Form > TN {
		panic("naive gemm")
	}
	for i := range g.M {
		for j := range g.N {
			naiveElement(g, i, j)
		}
	}
}

func naiveElement(g *GEMM, i, j int) {
	chain := func(x float32, from, to int) float32 {
		for p := from; p < to; p++ {
			switch g.Form {
			case NN:
				x = detmath.FMA32(g.A[i*g.LDA+p], g.B[p*g.LDB+j], x)
			case NT:
				x = detmath.FMA32(g.A[i*g.LDA+p], g.B[j*g.LDB+p], x)
			case TN:
				x = detmath.FMA32(g.A[p*g.LDA+i], g.B[p*g.LDB+j], x)
			}
		}
		return x
	}
	c := &g.C[i*g.LDC+j]
	if g.Form == TN {
		sum := chain(0, 0, min(512, g.K))
		for p := 512; p < g.K; p += 512 {
			sum += chain(0, p, min(p+512, g.K))
		}
		if g.Accumulate {
			sum = *c + sum
		}
		*c = sum
		return
	}
	var x float32
	if g.Bias != nil {
		x = g.Bias[j]
	}
	if g.Accumulate {
		x = *c
	}
	x = chain(x, 0, g.K)
	if g.Residual != nil {
		x += g.Residual[i*g.LDC+j]
	}
	if g.Pre != nil {
		g.Pre[i*g.LDC+j] = x
	}
	if g.GELU {
		f := kernel.Generic.GELUTanh
		if g.GELUForm == GELUErf {
			f = kernel.Generic.GELUErf
		}
		f((*[1]float32)(g.C[i*g.LDC+j:])[:], []float32{x})
		return
	}
	*c = x
}

// gemmCase is a product and what is asked beside it.
type gemmCase struct {
	form    Form
	m, n, k int
	more    int // leading dimensions are so much longer than rows
	shift   int // slices begin so many elements off a whole vector
	extra   string
}

func (c gemmCase) String() string {
	return fmt.Sprintf("%s m=%d n=%d k=%d more=%d shift=%d %s", c.form, c.m, c.n, c.k, c.more, c.shift, c.extra)
}

// build makes the product of c from a guarded memory maker.
func (c gemmCase) build(r *rand.Rand, fill func(*rand.Rand, []float32), take func(n int) []float32) *GEMM {
	g := &GEMM{Form: c.form, M: c.m, N: c.n, K: c.k}
	matrix := func(rows, cols int) ([]float32, int) {
		ld := cols + c.more
		s := take(max(0, (rows-1)*ld+cols))
		fill(r, s)
		return s, ld
	}
	switch c.form {
	case NN:
		g.A, g.LDA = matrix(c.m, c.k)
		g.B, g.LDB = matrix(c.k, c.n)
	case NT:
		g.A, g.LDA = matrix(c.m, c.k)
		g.B, g.LDB = matrix(c.n, c.k)
	case TN:
		g.A, g.LDA = matrix(c.k, c.m)
		g.B, g.LDB = matrix(c.k, c.n)
	}
	g.C, g.LDC = matrix(c.m, c.n)
	switch c.extra {
	case "accumulate":
		g.Accumulate = true
	case "bias":
		g.Bias = take(c.n)
		fill(r, g.Bias)
	case "residual":
		g.Residual, _ = matrix(c.m, c.n)
	case "residual in place":
		g.Residual = g.C
	case "gelu":
		g.Bias = take(c.n)
		fill(r, g.Bias)
		g.GELU = true
		g.Pre, _ = matrix(c.m, c.n)
	case "gelu erf":
		g.GELU, g.GELUForm = true, GELUErf
	}
	return g
}

// twin copies a product so that it can be computed twice.
func (g GEMM) twin() *GEMM {
	inPlace := g.Residual != nil && len(g.C) > 0 && &g.Residual[0] == &g.C[0]
	g.C, g.Pre = slices.Clone(g.C), slices.Clone(g.Pre)
	if inPlace {
		g.Residual = g.C
	}
	return &g
}

// gemmCases takes each path once: tiles ±1 in both directions, with both kinds of strides, chunk and block ±1 of K,
// parts of strips and of columns, and everything that may follow the chain.
func gemmCases() []gemmCase {
	var cs []gemmCase
	for _, form := range []Form{NN, NT, TN} {
		for _, m := range []int{1, 2, 3, 5, 6, 7, 13, 14, 15, 29} {
			for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 49, 65} {
				cs = append(cs, gemmCase{form: form, m: m, n: n, k: 3 + (m+n)%7, more: n % 3, shift: m % 4})
			}
		}
		for _, k := range []int{0, 1, 2, 511, 512, 513, 1023, 1024, 1025, 1537} {
			cs = append(cs, gemmCase{form: form, m: 9, n: 37, k: k}, gemmCase{form: form, m: 5, n: 16, k: k, extra: "accumulate", shift: 1})
		}
		cs = append(cs,
			gemmCase{form: form, m: 0, n: 5, k: 5}, gemmCase{form: form, m: 5, n: 0, k: 5},
			gemmCase{form: form, m: 64, n: 200, k: 40}, gemmCase{form: form, m: 131, n: 96, k: 17, more: 3},
			gemmCase{form: form, m: 64, n: 70, k: 512},                                                                     // rows that crowd the cache
			gemmCase{form: form, m: 656, n: 20, k: 530}, gemmCase{form: form, m: 20, n: 661, k: 1100, extra: "accumulate"}, // rows far apart
			gemmCase{form: form, m: 75, n: 230, k: 530, more: 1}) // of B alone, in several groups of columns
	}
	for _, form := range []Form{NN, NT} {
		for _, extra := range []string{"accumulate", "bias", "residual", "residual in place", "gelu", "gelu erf"} {
			cs = append(cs, gemmCase{form: form, m: 17, n: 50, k: 19, more: 1, extra: extra},
				gemmCase{form: form, m: 61, n: 48, k: 8, extra: extra}, gemmCase{form: form, m: 3, n: 9, k: 1030, extra: extra},
				gemmCase{form: form, m: 30, n: 210, k: 1100, extra: extra, shift: 3})
		}
	}
	return cs
}

// everySeventh is a choice of cases for when time is short.
func everySeventh(cases []gemmCase) []gemmCase {
	var some []gemmCase
	for i := 0; i < len(cases); i += 7 {
		some = append(some, cases[i])
	}
	return some
}

func TestGEMMHasTheBitsOfItsMeaning(t *testing.T) {
	cases := gemmCases()
	if raceEnabled || testing.Short() {
		cases = everySeventh(cases)
	}
	eachISA(t, func(t *testing.T) {
		p := NewPool(2)
		defer p.Close()
		r := rand.New(rand.NewPCG(1, 2))
		for i, c := range cases {
			fill := fillRandom
			if i%2 == 1 {
				fill = fillSpecial
			}
			var guards []*guarded
			got := c.build(r, fill, func(n int) []float32 {
				guards = append(guards, newGuarded(n, c.shift))
				return guards[len(guards)-1].s
			})
			want := got.twin()
			a, b := slices.Clone(got.A), slices.Clone(got.B)
			naiveGEMM(want)
			p.GEMM(got)
			sameBits(t, want.C, got.C, "%v: c", c)
			sameBits(t, want.Pre, got.Pre, "%v: pre", c)
			sameBits(t, a, got.A, "%v: a was changed", c)
			sameBits(t, b, got.B, "%v: b was changed", c)
			for i, g := range guards {
				require.Truef(t, g.intact(), "%v: guard of slice %d", c, i)
			}
		}
	})
}

func TestGEMMBitsDontDependOnThreads(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for _, c := range []gemmCase{{form: NN, m: 300, n: 100, k: 48}, {form: NT, m: 50, n: 300, k: 64, extra: "gelu"}, {form: TN, m: 48, n: 96, k: 1100, extra: "accumulate"},
			{form: TN, m: 96, n: 416, k: 1700, extra: "accumulate"}} {
			first := c.build(r, fillRandom, func(n int) []float32 { return make([]float32, n) })
			others := []*GEMM{first.twin(), first.twin()}
			run := func(threads int, g *GEMM) {
				p := NewPool(threads)
				defer p.Close()
				p.GEMM(g)
			}
			run(1, first)
			for i, g := range others {
				run(i+2, g)
				sameBits(t, first.C, g.C, "%v: threads=%d", c, i+2)
			}
		}
	})
}

func TestGEMMAllocatesNothing(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, c := range []gemmCase{{form: NN, m: 64, n: 49, k: 48}, {form: NT, m: 60, n: 64, k: 64, extra: "gelu"}, {form: TN, m: 48, n: 49, k: 600, extra: "accumulate"},
			{form: TN, m: 72, n: 416, k: 1100, extra: "accumulate"}} {
			g := c.build(rand.New(rand.NewPCG(3, 4)), fillRandom, func(n int) []float32 { return make([]float32, n) })
			p := NewPool(2)
			defer p.Close()
			require.Zerof(t, testing.AllocsPerRun(5, func() { p.GEMM(g) }), "%v", c)
		}
	})
}

func TestBatchGEMMIsManyGEMMs(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		p := NewPool(2)
		defer p.Close()
		for _, c := range []gemmCase{{form: NN, m: 9, n: 33, k: 7}, {form: NT, m: 17, n: 17, k: 16, extra: "bias"}, {form: NT, m: 5, n: 20, k: 3, extra: "gelu"},
			{form: TN, m: 7, n: 49, k: 20}, {form: TN, m: 7, n: 20, k: 20, extra: "accumulate"}, {form: TN, m: 3, n: 18, k: 530, extra: "accumulate"}} {
			const batch = 3
			pad := func(n int) []float32 { return make([]float32, batch*(n+5)) }
			got := c.build(r, fillRandom, pad)
			want := got.twin()
			sa, sb, sc := len(got.A)/batch, len(got.B)/batch, len(got.C)/batch
			p.BatchGEMM(got, batch, sa, sb, sc)
			for i := range batch {
				one := *want
				one.A, one.B, one.C, one.Pre = from(one.A, i*sa), from(one.B, i*sb), from(one.C, i*sc), from(one.Pre, i*sc)
				p.GEMM(&one)
			}
			sameBits(t, want.C, got.C, "%v: c", c)
			sameBits(t, want.Pre, got.Pre, "%v: pre", c)
		}
	})
}

func TestGEMMRefusesWhatItCantCompute(t *testing.T) {
	p := NewPool(1)
	s := make([]float32, 100)
	for _, c := range []struct {
		g    GEMM
		want string
	}{
		{GEMM{Form: 3, M: 1, N: 1, K: 1, A: s, B: s, C: s}, "gemm: form: found 3"},
		{GEMM{M: -1, N: 1, K: 1, A: s, B: s, C: s}, "found one below 0"},
		{GEMM{M: 11, N: 1, K: 10, A: s, B: s, C: s}, "gemm: a has 100 elements, need 110 for 11 rows of 10 columns"},
		{GEMM{Form: NT, M: 1, N: 11, K: 10, A: s, B: s, C: s}, "gemm: b has 100 elements, need 110"},
		{GEMM{M: 10, N: 11, K: 1, A: s, B: s, C: s}, "gemm: c has 100 elements, need 110"},
		{GEMM{M: 2, N: 2, K: 3, LDA: 2, A: s, B: s, C: s}, "gemm: a has leading dimension 2, need at least its 3 columns"},
		{GEMM{M: 2, N: 2, K: 2, A: s, B: s, C: s, Bias: s[:1]}, "gemm: bias has 1 elements, need n = 2"},
		{GEMM{M: 2, N: 2, K: 2, A: s, B: s, C: s, Bias: s, Accumulate: true}, "accumulate and bias"},
		{GEMM{M: 2, N: 2, K: 2, A: s, B: s, C: s, Residual: s, GELU: true}, "GELU and residual"},
		{GEMM{M: 2, N: 2, K: 2, A: s, B: s, C: s, Pre: s}, "leave Pre nil"},
		{GEMM{Form: TN, M: 2, N: 2, K: 2, A: s, B: s, C: s, Bias: s}, "form tn takes none"},
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), c.want) }()
			p.GEMM(&c.g)
		}()
	}
}
