package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkGEMM measures the products of ViT layers: d192, d96 and d48, forward (nt), gradient of the input (nn) and
// of the weights (tn). m, k and n are those of the product, whatever the form.
func BenchmarkGEMM(b *testing.B) {
	for _, form := range []Form{NT, NN, TN} {
		for _, s := range gemmShapes(form) {
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("op=%s/m=%d/k=%d/n=%d/threads=%d", form, s[0], s[1], s[2], threads), func(b *testing.B) {
					p := NewPool(threads)
					defer p.Close()
					c := gemmCase{form: form, m: s[0], k: s[1], n: s[2]}
					g := c.build(rand.New(rand.NewPCG(1, 2)), fillRandom, func(n int) []float32 { return new(scratch).take(n) })
					p.GEMM(g)
					for b.Loop() {
						p.GEMM(g)
					}
					gflops(b, 2*float64(s[0])*float64(s[1])*float64(s[2]))
				})
			}
		}
	}
}

// gemmShapes are m, k, n of a form, for the linear layers of blocks of width d and MLPs four times as wide.
func gemmShapes(form Form) [][3]int {
	if form == TN {
		return [][3]int{{576, 3136, 192}, {192, 3136, 192}, {768, 3136, 192}, {192, 3136, 768}, {384, 3136, 96}, {192, 2048, 48}, {48, 2048, 192}, {48, 2048, 48}}
	}
	return [][3]int{{3136, 192, 576}, {3136, 192, 192}, {3136, 192, 768}, {3136, 768, 192}, {3136, 96, 384}, {3136, 384, 96}, {2048, 48, 192}, {2048, 192, 48}, {2048, 48, 48}}
}

// gflops reports the rate of a benchmark that does so many operations a turn.
func gflops(b *testing.B, operations float64) {
	b.ReportMetric(operations*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
