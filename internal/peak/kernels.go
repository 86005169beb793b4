package peak

import (
	"fmt"
	"math/rand/v2"

	"github.com/mtobench/mtobench/simd"
)

// A training step of 64 images of 49 tokens.
const (
	images = 64
	tokens = 49
	rowsOf = images * tokens
	heads  = 3
)

// random returns n numbers in [-1, 1).
func random(n int) []float32 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]float32, n)
	for i := range x {
		x[i] = 2*r.Float32() - 1
	}
	return x
}

// repeat makes an operation of f.
func repeat(f func()) func(n int) {
	return func(n int) {
		for range n {
			f()
		}
	}
}

// gemmRows are linear layers of blocks of width 192 and 96: forward (nt), gradient of the input (nn) and of the weights
// (tn). m, k and n are those of the product.
func gemmRows() []row {
	var list []row
	for _, width := range []int{192, 96} {
		for _, form := range []simd.Form{simd.NT, simd.NN, simd.TN} {
			for _, layer := range [][2]int{{width, 3 * width}, {width, 4 * width}, {4 * width, width}} { // qkv, fc1, fc2
				in, out := layer[0], layer[1]
				m, k, n := rowsOf, in, out
				switch form {
				case simd.NN:
					k, n = out, in
				case simd.TN:
					m, k, n = out, rowsOf, in
				}
				name := fmt.Sprintf("op=gemm-%s/m=%d/k=%d/n=%d", form, m, k, n)
				list = append(list, row{name, arithmetic, func(p *simd.Pool) work {
					g := &simd.GEMM{Form: form, M: m, N: n, K: k, A: random(m * k), B: random(k * n), C: make([]float32, m*n)}
					return work{run: repeat(func() { p.GEMM(g) }), flops: 2 * float64(m) * float64(k) * float64(n)}
				}})
			}
		}
	}
	return list
}

// attentionRows are attention proper, without projections: 4·N²·hd operations a head forward, 8·N²·hd backward.
func attentionRows() []row {
	var list []row
	for _, hd := range []int{64, 32} {
		for _, n := range []int{49, 64} {
			size, squares := images*n*heads*hd, images*heads*n*n
			flops := 4 * float64(squares) * float64(hd)
			forward := func() *simd.Attention {
				return &simd.Attention{Batch: images, Tokens: n, Heads: heads, HeadDim: hd, Scale: 0.125,
					QKV: random(3 * size), Out: make([]float32, size), Probs: make([]float32, squares)}
			}
			list = append(list,
				row{fmt.Sprintf("op=attention/n=%d/hd=%d", n, hd), arithmetic, func(p *simd.Pool) work {
					a := forward()
					return work{run: repeat(func() { p.Attention(a) }), flops: flops}
				}},
				row{fmt.Sprintf("op=attention-grad/n=%d/hd=%d", n, hd), arithmetic, func(p *simd.Pool) work {
					a := forward()
					p.Attention(a)
					g := &simd.AttentionGrad{Attention: *a, DOut: random(size), DQKV: make([]float32, 3*size)}
					return work{run: repeat(func() { p.AttentionGrad(g) }), flops: 2 * flops}
				}})
		}
	}
	return list
}

// vectorRows are the operations between the products, on activations 192 wide and the attention rows of three heads.
func vectorRows() []row {
	const cols, n, squares = 192, rowsOf * 192, images * heads * tokens * tokens
	vector := func(op string, elements, arrays int, stream string, start func(p *simd.Pool, a [4][]float32) func()) row {
		return row{"op=" + op, traffic, func(p *simd.Pool) work {
			var a [4][]float32
			for i := range a {
				a[i] = random(elements)
			}
			bytes, touched := 4*elements*arrays, 4*elements*arrays
			if op == "adamw" { // three of its four arrays are read and written
				bytes = 4 * elements * 7
			}
			return work{run: repeat(start(p, a)), bytes: float64(bytes), footprint: touched, stream: stream}
		}}
	}
	return []row{
		vector("gelu", n, 2, "copy", func(p *simd.Pool, a [4][]float32) func() {
			return func() { p.GELU(a[0], a[1], simd.GELUTanh) }
		}),
		vector("gelu-grad", n, 3, "triad", func(p *simd.Pool, a [4][]float32) func() {
			return func() { p.GELUGrad(a[0], a[1], a[2], simd.GELUTanh) }
		}),
		vector("layernorm", n, 2, "copy", func(p *simd.Pool, a [4][]float32) func() {
			mean, rstd, gamma, beta := make([]float32, rowsOf), make([]float32, rowsOf), random(cols), random(cols)
			return func() { p.LayerNorm(a[0], mean, rstd, a[1], gamma, beta, cols, 1e-6) }
		}),
		vector("layernorm-grad", n, 3, "triad", func(p *simd.Pool, a [4][]float32) func() {
			mean, rstd, gamma, dgamma, dbeta := random(rowsOf), random(rowsOf), random(cols), make([]float32, cols), make([]float32, cols)
			return func() { p.LayerNormGrad(a[0], dgamma, dbeta, a[1], a[2], mean, rstd, gamma, cols, false) }
		}),
		vector("softmax", squares, 2, "copy", func(p *simd.Pool, a [4][]float32) func() {
			return func() { p.SoftmaxRows(a[0], a[1], tokens, 0.125) }
		}),
		vector("softmax-grad", squares, 3, "triad", func(p *simd.Pool, a [4][]float32) func() {
			return func() { p.SoftmaxRowsGrad(a[0], a[1], a[2], tokens, 0.125) }
		}),
		vector("adamw", n, 4, "triad", func(p *simd.Pool, a [4][]float32) func() {
			for i, v := range a[2] {
				a[2][i] = v * v
			}
			step := &simd.AdamW{P: a[0], M: a[1], V: a[2], G: a[3], LR: 1e-9, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05, Correct1: 1, Correct2: 1, GradScale: 1}
			return func() { p.AdamW(step) }
		}),
		vector("column-sum", n, 1, "read", func(p *simd.Pool, a [4][]float32) func() {
			sum := make([]float32, cols)
			return func() { p.ColumnSumAdd(sum, a[0], cols) }
		}),
		vector("l2-rows", n, 2, "read", func(p *simd.Pool, a [4][]float32) func() {
			sum := make([]float32, rowsOf)
			return func() { p.L2Rows(sum, a[0], a[1], cols) }
		}),
		vector("sum", n, 1, "read", func(p *simd.Pool, a [4][]float32) func() {
			return func() { p.Sum(a[0]) }
		}),
		vector("add", n, 3, "triad", func(p *simd.Pool, a [4][]float32) func() {
			return func() { p.Add(a[0], a[1], a[2]) }
		}),
		vector("ema", n, 2, "triad", func(p *simd.Pool, a [4][]float32) func() {
			return func() { p.EMA(a[0], a[1], 0.999) }
		}),
	}
}
