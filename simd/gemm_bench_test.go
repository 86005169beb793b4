package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// warmUp is how long a product is computed before it is timed, as in bench/peers/drivers/gemm.c: caches are warm, threads
// awake, and the collector is through with what was allocated before.
const warmUp = 20 * time.Millisecond

// BenchmarkGEMM measures the products of ViT layers: d192, d96 and d48, forward (nt), gradient of the input (nn) and
// of the weights (tn). m, k and n are those of the product, whatever the form.
func BenchmarkGEMM(b *testing.B) { benchmarkGEMM(b, F32) }

// BenchmarkGEMMBF16 is BenchmarkGEMM with operands rounded to bfloat16.
func BenchmarkGEMMBF16(b *testing.B) { benchmarkGEMM(b, BF16) }

func benchmarkGEMM(b *testing.B, precision Precision) {
	for _, form := range []Form{NT, NN, TN} {
		for _, s := range gemmShapes(form) {
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("op=%s/m=%d/k=%d/n=%d/threads=%d", form, s[0], s[1], s[2], threads), func(b *testing.B) {
					p := NewPool(threads)
					defer p.Close()
					c := gemmCase{form: form, m: s[0], k: s[1], n: s[2]}
					g := c.build(rand.New(rand.NewPCG(1, 2)), fillRandom, Floats)
					g.Precision = precision
					for begin := time.Now(); time.Since(begin) < warmUp; {
						p.GEMM(g)
					}
					for b.Loop() {
						p.GEMM(g)
					}
					gflops(b, 2*float64(s[0])*float64(s[1])*float64(s[2]))
				})
			}
		}
	}
}

// gemmShapes are m, k, n of a form, for the linear layers of blocks: widths 192 and 96 with batches of 64 images of 49
// and 65 tokens, and width 48. A layer from "in" to "out" numbers makes three products of its tokens: x·Wᵀ in form nt,
// dy·W in form nn, and dyᵀ·x in form tn. bench/peers measures the shapes of widths 192 and 96.
func gemmShapes(form Form) [][3]int {
	var shapes [][3]int
	for _, blocks := range []struct{ width, tokens int }{{192, 3136}, {192, 4160}, {96, 3136}, {96, 4160}, {48, 2048}} {
		d, tokens := blocks.width, blocks.tokens
		for _, layer := range []struct{ in, out int }{{d, 3 * d}, {d, d}, {d, 4 * d}, {4 * d, d}} { // qkv, proj, fc1, fc2
			switch form {
			case NT:
				shapes = append(shapes, [3]int{tokens, layer.in, layer.out})
			case NN:
				shapes = append(shapes, [3]int{tokens, layer.out, layer.in})
			case TN:
				shapes = append(shapes, [3]int{layer.out, tokens, layer.in})
			}
		}
	}
	return shapes
}

// gflops reports the rate of a benchmark that does so many operations a turn.
func gflops(b *testing.B, operations float64) {
	b.ReportMetric(operations*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
