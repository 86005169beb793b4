package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// B images, N tokens, h heads, hd elements a head.

// naiveAttention computes a head by head from naive products and the meanings of the row kernels.
func naiveAttention(a *Attention) {
	for task := range a.Batch * a.Heads {
		n, h := a.Tokens, a.headOf(task)
		logits := make([]float32, n*n)
		naiveGEMM(&GEMM{Form: NT, M: n, N: n, K: a.HeadDim, A: h.q, LDA: h.ld, B: h.k, LDB: h.ld, C: logits, LDC: n})
		for i := range logits {
			logits[i] = float32(logits[i] * a.Scale)
			if h.bias != nil {
				logits[i] += h.bias[i]
			}
		}
		probs := a.Probs[h.square:][:n*n]
		kernel.Generic.SoftmaxRows(probs, logits, n, 1)
		if a.LogProbs != nil {
			kernel.Generic.LogSoftmaxRows(a.LogProbs[h.square:][:n*n], logits, n)
		}
		naiveGEMM(&GEMM{Form: NN, M: n, N: a.HeadDim, K: n, A: probs, LDA: n, B: h.v, LDB: h.ld, C: a.Out[h.out:], LDC: h.outLD})
	}
}

func naiveAttentionGrad(a *AttentionGrad) {
	for task := range a.Batch * a.Heads {
		n, d, h := a.Tokens, a.HeadDim, a.headOf(task)
		probs, dout := a.Probs[h.square:][:n*n], a.DOut[h.out:]
		ds := make([]float32, n*n)
		naiveGEMM(&GEMM{Form: NT, M: n, N: n, K: d, A: dout, LDA: h.outLD, B: h.v, LDB: h.ld, C: ds, LDC: n})
		if a.DProbs != nil {
			kernel.Generic.Add(ds, ds, a.DProbs[h.square:][:n*n])
		}
		kernel.Generic.SoftmaxRowsGrad(ds, ds, probs, n, 1)
		if a.DLogits != nil {
			kernel.Generic.Add(ds, ds, a.DLogits[h.square:][:n*n])
		}
		kernel.Generic.Scale(ds, ds, a.Scale)
		x := a.DQKV[task/a.Heads*n*h.ld+task%a.Heads*d:]
		naiveGEMM(&GEMM{Form: NN, M: n, N: d, K: n, A: ds, LDA: n, B: h.k, LDB: h.ld, C: x, LDC: h.ld})
		naiveGEMM(&GEMM{Form: TN, M: n, N: d, K: n, A: ds, LDA: n, B: h.q, LDB: h.ld, C: x[h.outLD:], LDC: h.ld})
		naiveGEMM(&GEMM{Form: TN, M: n, N: d, K: n, A: probs, LDA: n, B: dout, LDB: h.outLD, C: x[2*h.outLD:], LDC: h.ld})
	}
}

type attentionCase struct {
	batch, tokens, heads, dim int
	bias                      string // "", "all": one block for all, "head": one a head, "each": one a head and image
	logs, extra               bool   // LogProbs; DProbs and DLogits
}

// attentionCases are all numbers of tokens around whole vectors and tiles with all head sizes of training and more,
// options in turn; then odd sizes, which no assembly for whole heads takes, sizes beyond it, and all options.
func attentionCases() []attentionCase {
	biases := []string{"", "all", "head", "each"}
	cases := []attentionCase{
		{2, 1, 1, 1, "", false, false},
		{1, 5, 2, 3, "each", true, true},
		{1, 3, 1, 512, "", false, false},
		{1, 513, 1, 8, "", true, true},
		{3, 16, 3, 16, "", false, false},
	}
	for i, n := range []int{1, 2, 7, 12, 15, 16, 17, 48, 49, 50, 63, 64, 65, 66, 197} {
		for j, d := range []int{8, 16, 32, 48, 64, 80} {
			k := i + j
			cases = append(cases, attentionCase{1 + k%2, n, 1 + k/2%2, d, biases[k%4], k%3 == 0, k%3 == 1})
		}
	}
	for _, bias := range biases {
		for option := range 4 {
			cases = append(cases, attentionCase{2, 19, 2, 24, bias, option&1 != 0, option&2 != 0})
		}
	}
	return cases
}

func (c attentionCase) build(r *rand.Rand) *AttentionGrad {
	return c.buildIn(r, fillRandom, func(n int) []float32 { return make([]float32, n) })
}

// buildIn is build with the memory that take returns, filled by fill.
func (c attentionCase) buildIn(r *rand.Rand, fill func(r *rand.Rand, s []float32), take func(n int) []float32) *AttentionGrad {
	n, square := c.tokens, c.tokens*c.tokens
	random := func(n int) []float32 {
		s := take(n)
		fill(r, s)
		return s
	}
	all := c.batch * c.heads * square
	width := c.heads * c.dim
	a := &AttentionGrad{Attention: Attention{
		Batch: c.batch, Tokens: n, Heads: c.heads, HeadDim: c.dim, Scale: float32(1 / math.Sqrt(float64(c.dim))),
		QKV: random(c.batch * n * 3 * width), Out: random(c.batch * n * width), Probs: random(all),
	}, DOut: random(c.batch * n * width), DQKV: random(c.batch * n * 3 * width)}
	switch c.bias {
	case "all":
		a.Bias = random(square)
	case "head":
		a.Bias, a.BiasHead = random(c.heads*square), square
	case "each":
		a.Bias, a.BiasHead, a.BiasBatch = random(all), square, c.heads*square
	}
	for i := range a.Bias {
		if i/n%4 == 1 || i%5 == 2 { // a row in four is all -Inf
			a.Bias[i] = float32(math.Inf(-1))
		}
	}
	if c.logs {
		a.LogProbs = random(all)
	}
	if c.extra {
		a.DProbs, a.DLogits = random(all), random(all)
	}
	return a
}

// twin copies what is written.
func (a AttentionGrad) twin() *AttentionGrad {
	a.Out, a.Probs, a.LogProbs, a.DQKV = slices.Clone(a.Out), slices.Clone(a.Probs), slices.Clone(a.LogProbs), slices.Clone(a.DQKV)
	return &a
}

// checkAttention compares a, forward and backward, with the meaning.
func checkAttention(t *testing.T, p *Pool, a *AttentionGrad, what string) {
	t.Helper()
	want := a.twin()
	naiveAttention(&want.Attention)
	p.Attention(&a.Attention)
	sameBits(t, want.Probs, a.Probs, "%s: probs", what)
	sameBits(t, want.LogProbs, a.LogProbs, "%s: logprobs", what)
	sameBits(t, want.Out, a.Out, "%s: out", what)
	naiveAttentionGrad(want)
	p.AttentionGrad(a)
	sameBits(t, want.DQKV, a.DQKV, "%s: dqkv", what)
}

// attentionCasesInTime leaves out what takes long under the race detector or, with -short, under an emulator.
func attentionCasesInTime() []attentionCase {
	return slices.DeleteFunc(attentionCases(), func(c attentionCase) bool {
		return c.tokens > 20 && (raceEnabled || testing.Short() && c.dim != 16)
	})
}

func TestAttentionHasTheBitsOfItsMeaning(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		for i, threads := range []int{1, 3} {
			p := NewPool(threads)
			defer p.Close()
			for k, c := range attentionCasesInTime() {
				if k%2 == i {
					checkAttention(t, p, c.build(r), fmt.Sprintf("%+v threads=%d", c, threads))
				}
			}
			flat := attentionCase{1, 17, 2, 16, "", false, false}.build(r)
			flat.Scale = 0
			checkAttention(t, p, flat, "scale 0")
		}
	})
}

// Infinities, NaNs, subnormal and huge numbers anywhere.
func TestAttentionOfSpecialNumbersHasTheBitsOfItsMeaning(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		p := NewPool(1)
		r := rand.New(rand.NewPCG(23, 24))
		for _, c := range []attentionCase{{1, 17, 2, 16, "", false, false}, {1, 49, 1, 8, "head", true, true}, {2, 12, 1, 8, "all", true, false}} {
			for range 10 {
				a := c.buildIn(r, func(r *rand.Rand, s []float32) {
					fillRandom(r, s)
					for range 1 + len(s)/200 {
						fillSpecial(r, s[r.IntN(len(s)):][:1])
					}
				}, func(n int) []float32 { return make([]float32, n) })
				checkAttention(t, p, a, fmt.Sprintf("%+v", c))
			}
		}
	})
}

// A row of logits sweeps the range of exponentials, down to where they vanish.
func TestAttentionReachesAllExponentials(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		p := NewPool(1)
		a := attentionCase{1, 64, 1, 8, "all", true, false}.build(rand.New(rand.NewPCG(25, 26)))
		clear(a.QKV)
		for i := range a.Bias {
			a.Bias[i] = -float32(i) * 0x1p-5
			if edge := i - 3000; edge > 0 { // around ln 2^-126, float by float
				a.Bias[i] = math.Float32frombits(math.Float32bits(-0x1.5d589ep+6) + uint32(edge-500))
			}
			if i%64 == 0 {
				a.Bias[i] = 0
			}
		}
		checkAttention(t, p, a, "sweep")
	})
}

func TestAttentionWritesNothingElse(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		p := NewPool(2)
		defer p.Close()
		r := rand.New(rand.NewPCG(27, 28))
		for i, c := range attentionCasesInTime() {
			if c.tokens > 70 {
				continue
			}
			var all []*guarded
			a := c.buildIn(r, fillRandom, func(n int) []float32 {
				all = append(all, newGuarded(n, i%5))
				return all[len(all)-1].s
			})
			p.Attention(&a.Attention)
			p.AttentionGrad(a)
			for _, g := range all {
				require.True(t, g.intact(), "%+v", c)
			}
		}
	})
}

// Numerics rule 5: a tapped attention, which also gives the logarithms, equals an untapped one; so does one with a
// bias of -0, which changes no logit.
func TestTappedAttentionEqualsUntapped(t *testing.T) {
	p := NewPool(1)
	r := rand.New(rand.NewPCG(9, 10))
	a := attentionCase{2, 17, 2, 16, "", false, false}.build(r)
	b, c := a.twin(), a.twin()
	b.LogProbs = make([]float32, len(b.Probs))
	c.Bias = make([]float32, c.Tokens*c.Tokens)
	for i := range c.Bias {
		c.Bias[i] = float32(math.Copysign(0, -1))
	}
	p.Attention(&a.Attention)
	p.Attention(&b.Attention)
	p.Attention(&c.Attention)
	sameBits(t, a.Out, b.Out, "with logprobs")
	sameBits(t, a.Out, c.Out, "with a bias of -0")
}

func TestFullyMaskedRowAttendsToNothing(t *testing.T) {
	p := NewPool(1)
	a := attentionCase{1, 9, 1, 8, "all", false, false}.build(rand.New(rand.NewPCG(11, 12)))
	p.Attention(&a.Attention)
	for i := range 9 {
		if i%4 == 1 {
			require.Equal(t, make([]float32, 9), a.Probs[i*9:][:9])
			require.Equal(t, make([]float32, 8), a.Out[i*8:][:8])
		}
	}
}

func TestAttentionAllocatesNothing(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	a := attentionCase{2, 49, 3, 16, "head", true, true}.build(rand.New(rand.NewPCG(13, 14)))
	require.Zero(t, testing.AllocsPerRun(5, func() { p.Attention(&a.Attention); p.AttentionGrad(a) }))
}

func TestAttentionRefusesShortSlices(t *testing.T) {
	p := NewPool(1)
	for _, c := range []struct {
		cut  func(a *AttentionGrad)
		want string
	}{
		{func(a *AttentionGrad) { a.QKV = a.QKV[1:] }, "attention: qkv has 119 elements, need batch*tokens*3*heads*headdim = 120"},
		{func(a *AttentionGrad) { a.Probs = nil }, "attention: probs has 0 elements, need batch*heads*tokens*tokens = 200"},
		{func(a *AttentionGrad) { a.DOut = nil }, "attention: dout has 0 elements"},
		{func(a *AttentionGrad) { a.DQKV = nil }, "attention: dqkv has 0 elements"},
		{func(a *AttentionGrad) { a.DProbs = a.DProbs[1:] }, "attention: dprobs has 199 elements"},
		{func(a *AttentionGrad) { a.DLogits = a.DLogits[1:] }, "attention: dlogits has 199 elements"},
		{func(a *AttentionGrad) { a.Tokens = -1 }, "found one below 0"},
	} {
		a := attentionCase{4, 5, 2, 1, "", false, true}.build(rand.New(rand.NewPCG(15, 16)))
		c.cut(a)
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), c.want) }()
			p.AttentionGrad(a)
		}()
	}
	a := attentionCase{1, 5, 2, 4, "head", false, false}.build(rand.New(rand.NewPCG(17, 18)))
	a.Bias = a.Bias[1:]
	require.PanicsWithValue(t, "attention: bias has 49 elements, need (batch-1)*biasbatch + (heads-1)*biashead + tokens*tokens = 50", func() { p.Attention(&a.Attention) })
}
