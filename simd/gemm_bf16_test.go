package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// eachArithmetic is eachISA with and without dot products of pairs where the CPU has them, however fast they are.
func eachArithmetic(t *testing.T, f func(t *testing.T)) {
	old := fastPairs
	defer func() { fastPairs = old }()
	eachISA(t, func(t *testing.T) {
		for _, fastPairs = range []bool{true, false} {
			if !fastPairs && kernels.PairRow == nil {
				continue
			}
			t.Run(Arithmetic(BF16), f)
		}
	})
}

// bf16Cases are gemmCases with odd K, K around a chunk and a block, and shapes of training.
func bf16Cases() []gemmCase {
	cs := gemmCases()
	for _, form := range []Form{NN, NT} {
		for _, k := range []int{2046, 2047, 2048, 2049, 2051} {
			cs = append(cs, gemmCase{form: form, m: 20, n: 70, k: k, extra: "residual in place"}, gemmCase{form: form, m: 20, n: 70, k: k, extra: "accumulate"})
		}
		cs = append(cs, gemmCase{form: form, m: 100, n: 576, k: 192, extra: "gelu"}, gemmCase{form: form, m: 57, n: 1000, k: 700, extra: "gelu"})
	}
	return append(cs, gemmCase{form: TN, m: 100, n: 192, k: 1200, extra: "accumulate"})
}

// exactGEMM computes g with rounded operands in float64 and rounds once, before GELU. size [M,N] is the sum of the
// absolute values that make up an element before GELU: what errors of float32 are relative to.
func exactGEMM(g *GEMM, size []float64) {
	a, b := make([]float32, len(g.A)), make([]float32, len(g.B))
	kernel.RoundBF16(a, g.A)
	kernel.RoundBF16(b, g.B)
	for i := range g.M {
		for j := range g.N {
			var x, s float64
			add := func(v float64) { x, s = x+v, s+math.Abs(v) }
			switch c := g.C[i*g.LDC+j]; {
			case g.Bias != nil:
				add(float64(g.Bias[j]))
			case g.Accumulate:
				add(float64(c))
			}
			for p := range g.K {
				switch g.Form {
				case NN:
					add(float64(a[i*g.LDA+p]) * float64(b[p*g.LDB+j]))
				case NT:
					add(float64(a[i*g.LDA+p]) * float64(b[j*g.LDB+p]))
				case TN:
					add(float64(a[p*g.LDA+i]) * float64(b[p*g.LDB+j]))
				}
			}
			if g.Residual != nil {
				add(float64(g.Residual[i*g.LDC+j]))
			}
			size[i*g.N+j] = s
			g.C[i*g.LDC+j] = float32(x)
			if g.Pre != nil {
				g.Pre[i*g.LDC+j] = float32(x)
			}
			if g.GELU {
				f := kernel.Generic.GELUTanh
				if g.GELUForm == GELUErf {
					f = kernel.Generic.GELUErf
				}
				f((*[1]float32)(g.C[i*g.LDC+j:])[:], []float32{float32(x)})
			}
		}
	}
}

// bf16Error bounds the error of an element, relative to the sum of absolute values: a sum of n numbers in float32 is off
// by n/2 roundings at worst and by a few in practice.
const bf16Error = 8 * 0x1p-24

// TestBF16IsTheProductOfRoundedOperands compares each instruction set with float64.
func TestBF16IsTheProductOfRoundedOperands(t *testing.T) {
	cases := bf16Cases()
	if raceEnabled || testing.Short() {
		cases = append(everySeventh(cases), cases[len(cases)-1])
	}
	eachArithmetic(t, func(t *testing.T) {
		p := NewPool(2)
		defer p.Close()
		r := rand.New(rand.NewPCG(7, 8))
		for _, c := range cases {
			bf16IsExact(t, p, c, r)
		}
	})
}

// bf16IsExact compares a case with float64, and looks at what must not change.
func bf16IsExact(t *testing.T, p *Pool, c gemmCase, r *rand.Rand) {
	var guards []*guarded
	got := c.build(r, fillRandom, func(n int) []float32 {
		guards = append(guards, newGuarded(n, c.shift))
		return guards[len(guards)-1].s
	})
	got.Precision = BF16
	want := got.twin()
	a, b, before := slices.Clone(got.A), slices.Clone(got.B), slices.Clone(got.C)
	size := make([]float64, got.M*got.N)
	exactGEMM(want, size)
	p.GEMM(got)
	sameBits(t, a, got.A, "%v: a was changed", c)
	sameBits(t, b, got.B, "%v: b was changed", c)
	for i := range got.M {
		for j := range got.N {
			at, bound := i*got.LDC+j, bf16Error*size[i*got.N+j]
			require.InDelta(t, want.C[at], got.C[at], 1.2*bound, "%v: c[%d,%d]", c, i, j) // GELU's slope is below 1.2
			if got.Pre != nil {
				require.InDelta(t, want.Pre[at], got.Pre[at], bound, "%v: pre[%d,%d]", c, i, j)
			}
			before[at] = got.C[at]
		}
	}
	sameBits(t, before, got.C, "%v: between the rows of c", c)
	for i, g := range guards {
		require.Truef(t, g.intact(), "%v: guard of slice %d", c, i)
	}
}

// TestBF16BitsDontDependOnThreads: nor do the bits of the way without instructions for bfloat16 depend on the set.
func TestBF16BitsDontDependOnThreads(t *testing.T) {
	first := map[string][]float32{}
	eachArithmetic(t, func(t *testing.T) {
		for threads := 1; threads <= 3; threads++ {
			p := NewPool(threads)
			r := rand.New(rand.NewPCG(3, 4))
			var all []float32
			for _, c := range []gemmCase{{form: NN, m: 300, n: 100, k: 49}, {form: NT, m: 50, n: 300, k: 64, extra: "gelu"}, {form: TN, m: 48, n: 96, k: 1100, extra: "accumulate"}} {
				g := c.build(r, fillRandom, func(n int) []float32 { return make([]float32, n) })
				g.Precision = BF16
				p.GEMM(g)
				all = append(append(all, g.C...), g.Pre...)
			}
			p.Close()
			name := Arithmetic(BF16)
			if first[name] == nil {
				first[name] = all
			}
			sameBits(t, first[name], all, "%s, threads=%d", name, threads)
		}
	})
	require.NotEmpty(t, first)
}

// TestBF16PassesOnWhatIsNotFinite: training must notice a value that isn't finite, so products may not lose one.
func TestBF16PassesOnWhatIsNotFinite(t *testing.T) {
	eachArithmetic(t, func(t *testing.T) {
		p := NewPool(1)
		defer p.Close()
		for _, form := range []Form{NN, NT, TN} {
			for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32} {
				g := gemmCase{form: form, m: 17, n: 35, k: 7}.build(rand.New(rand.NewPCG(1, 1)), fillRandom, func(n int) []float32 { return make([]float32, n) })
				g.Precision = BF16
				g.A[len(g.A)-1] = bad
				p.GEMM(g)
				for j := range g.N {
					x := g.C[(g.M-1)*g.LDC+j]
					require.NotZero(t, x-x, "%v, %v: c[m-1,%d] = %v", form, bad, j, x)
				}
				require.Zero(t, g.C[0]-g.C[0])
			}
		}
	})
}

func TestBF16AllocatesNothing(t *testing.T) {
	eachArithmetic(t, func(t *testing.T) {
		for _, c := range []gemmCase{{form: NN, m: 64, n: 49, k: 48}, {form: NT, m: 60, n: 64, k: 64, extra: "gelu"}, {form: TN, m: 48, n: 49, k: 600, extra: "accumulate"}} {
			g := c.build(rand.New(rand.NewPCG(3, 4)), fillRandom, func(n int) []float32 { return make([]float32, n) })
			g.Precision = BF16
			p := NewPool(2)
			defer p.Close()
			require.Zerof(t, testing.AllocsPerRun(5, func() { p.GEMM(g) }), "%v", c)
		}
	})
}

func TestBatchGEMMRefusesBF16(t *testing.T) {
	s := make([]float32, 8)
	require.PanicsWithValue(t, "gemm: batch: found precision bf16; products of a batch are f32, use GEMM for others", func() {
		NewPool(1).BatchGEMM(&GEMM{Precision: BF16, M: 2, N: 2, K: 2, A: s, B: s, C: s}, 1, 0, 0, 0)
	})
}
