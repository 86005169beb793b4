package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkAttention measures 64 images through three heads. The rate counts the products alone: two forward, four
// backward. All tensors together are larger than the second-level cache, as in training.
func BenchmarkAttention(b *testing.B) {
	for _, n := range []int{12, 16, 49, 64, 65} {
		for _, hd := range []int{32, 64} {
			for _, threads := range []int{1, 2} {
				for _, op := range []string{"attention", "attention-grad"} {
					b.Run(fmt.Sprintf("op=%s/n=%d/hd=%d/threads=%d", op, n, hd, threads), func(b *testing.B) {
						p := NewPool(threads)
						defer p.Close()
						a := attentionCase{64, n, 3, hd, "", false, false}.build(rand.New(rand.NewPCG(19, 20)))
						p.Attention(&a.Attention)
						products := 2.0
						run := func() { p.Attention(&a.Attention) }
						if op == "attention-grad" {
							products = 4
							run = func() { p.AttentionGrad(a) }
						}
						for b.Loop() {
							run()
						}
						gflops(b, products*64*3*2*float64(n*n*hd))
					})
				}
			}
		}
	}
}
