package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/viterin/vek/vek32"
)

// BenchmarkRows times the row and vector operations on activations of 64 images of 49 tokens, 192 wide, and the
// attention rows of three heads; the buffers lie in the third-level cache, as in training. elements/s counts elements
// of the main operand. Operations named peer=vek are viterin/vek's, one thread, where it has one.
func BenchmarkRows(b *testing.B) {
	const rows, cols = 3136, 192
	const n = rows * cols
	const tokens, squares = 49, 192 * 49 * 49
	random := rand.New(rand.NewPCG(1, 1))
	matrix := func(n int) []float32 {
		x := make([]float32, n)
		fillRandom(random, x)
		return x
	}
	x, y, z, dst := matrix(n), matrix(n), matrix(n), matrix(n)
	v := matrix(n)
	for i := range v {
		v[i] *= v[i]
	}
	probs := matrix(squares)
	dprobs := matrix(squares)
	out := make([]float32, squares)
	mean, rstd, weight := matrix(rows), matrix(rows), matrix(rows)
	gamma, beta := matrix(cols), matrix(cols)
	dgamma, dbeta := make([]float32, cols), make([]float32, cols)
	adam := &AdamW{P: dst, M: x, V: v, G: y, LR: 1e-9, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05, Correct1: 1, Correct2: 1, GradScale: 1}

	for _, op := range []struct {
		name  string
		n     int
		bytes int // read and written for each element
		run   func(p *Pool)
	}{
		{"gelu-tanh", n, 8, func(p *Pool) { p.GELU(dst, x, GELUTanh) }},
		{"gelu-tanh-grad", n, 12, func(p *Pool) { p.GELUGrad(dst, y, x, GELUTanh) }},
		{"gelu-tanh-and-grad", n, 16, func(p *Pool) { p.GELUAndGrad(z, dst, y, x, GELUTanh) }},
		{"gelu-erf-and-grad", n, 16, func(p *Pool) { p.GELUAndGrad(z, dst, y, x, GELUErf) }},
		{"gelu-erf", n, 8, func(p *Pool) { p.GELU(dst, x, GELUErf) }},
		{"gelu-erf-grad", n, 12, func(p *Pool) { p.GELUGrad(dst, y, x, GELUErf) }},
		{"layernorm", n, 8, func(p *Pool) { p.LayerNorm(dst, mean, rstd, x, gamma, beta, cols, 1e-6) }},
		{"layernorm-grad", n, 12, func(p *Pool) { p.LayerNormGrad(dst, dgamma, dbeta, y, x, mean, rstd, gamma, cols, false) }},
		{"softmax", squares, 8, func(p *Pool) { p.SoftmaxRows(out, probs, tokens, 0.125) }},
		{"softmax-grad", squares, 12, func(p *Pool) { p.SoftmaxRowsGrad(out, dprobs, probs, tokens, 0.125) }},
		{"log-softmax", squares, 8, func(p *Pool) { p.LogSoftmaxRows(out, probs, tokens) }},
		{"adamw", n, 28, func(p *Pool) { p.AdamW(adam) }},
		{"column-sum", n, 4, func(p *Pool) { p.ColumnSumAdd(dbeta, x, cols) }},
		{"l1-rows", n, 8, func(p *Pool) { p.L1Rows(weight, x, y, cols) }},
		{"l1-rows-grad", n, 12, func(p *Pool) { p.L1RowsGrad(dst, x, y, mean, cols, 1) }},
		{"l2-rows", n, 8, func(p *Pool) { p.L2Rows(weight, x, y, cols) }},
		{"row-sum", n, 4, func(p *Pool) { p.RowSum(weight, x, cols) }},
		{"row-dot", n, 8, func(p *Pool) { p.RowDot(weight, x, y, cols) }},
		{"sum", n, 4, func(p *Pool) { p.Sum(x) }},
		{"dot", n, 8, func(p *Pool) { p.Dot(x, y) }},
		{"add", n, 12, func(p *Pool) { p.Add(dst, x, y) }},
		{"mul", n, 12, func(p *Pool) { p.Mul(dst, x, y) }},
		{"scale", n, 8, func(p *Pool) { p.Scale(dst, x, 3) }},
		{"add-scaled", n, 12, func(p *Pool) { p.AddScaled(dst, x, 1e-9) }},
		{"add-table", n, 12, func(p *Pool) { p.AddTable(dst, x, y[:49*cols]) }},
		{"ema", n, 12, func(p *Pool) { p.EMA(dst, x, 0.999) }},
		{"all-finite", n, 4, func(p *Pool) { p.AllFinite(x) }},
		{"exp", n, 8, func(p *Pool) { p.Exp(dst, x) }},
		{"log", n, 8, func(p *Pool) { p.Log(dst, v) }},
		{"tanh", n, 8, func(p *Pool) { p.Tanh(dst, x) }},
		{"erf", n, 8, func(p *Pool) { p.Erf(dst, x) }},
	} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("op=%s/n=%d/threads=%d", op.name, op.n, threads), func(b *testing.B) {
				p := NewPool(threads)
				defer p.Close()
				timeRows(b, op.n, op.bytes, func() { op.run(p) })
			})
		}
	}
	for _, peer := range []struct {
		name  string
		bytes int
		run   func()
	}{
		{"add", 12, func() { vek32.Add_Into(dst, x, y) }},
		{"mul", 12, func() { vek32.Mul_Into(dst, x, y) }},
		{"scale", 8, func() { vek32.MulNumber_Into(dst, x, 3) }},
		{"exp", 8, func() { vek32.Exp_Into(dst, x) }},
		{"log", 8, func() { vek32.Log_Into(dst, v) }},
		{"sum", 4, func() { vek32.Sum(x) }},
		{"dot", 8, func() { vek32.Dot(x, y) }},
	} {
		b.Run(fmt.Sprintf("op=%s/n=%d/threads=1/peer=vek", peer.name, n), func(b *testing.B) { timeRows(b, n, peer.bytes, peer.run) })
	}
}

func timeRows(b *testing.B, n, bytes int, run func()) {
	b.SetBytes(int64(n * bytes))
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "elements/s")
}
