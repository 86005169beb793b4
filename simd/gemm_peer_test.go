package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/viterin/vek/vek32"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// BenchmarkVekGEMM is BenchmarkGEMM's op=nn by viterin/vek, which has no transposed forms, no strides and no
// accumulation, and takes as many threads as it likes on large products.
func BenchmarkVekGEMM(b *testing.B) {
	eachPeerShape(b, NN, func(g *GEMM) func() {
		return func() { vek32.MatMul_Into(g.C, g.A, g.B, g.K) }
	})
}

// BenchmarkGonumGEMM is BenchmarkGEMM by gonum's own BLAS, which takes as many threads as it likes.
func BenchmarkGonumGEMM(b *testing.B) {
	for _, form := range []Form{NT, NN, TN} {
		ta, tb := blas.NoTrans, blas.NoTrans
		switch form {
		case NT:
			tb = blas.Trans
		case TN:
			ta = blas.Trans
		}
		eachPeerShape(b, form, func(g *GEMM) func() {
			return func() {
				gonum.Implementation{}.Sgemm(ta, tb, g.M, g.N, g.K, 1, g.A, g.LDA, g.B, g.LDB, 0, g.C, g.LDC)
			}
		})
	}
}

// BenchmarkGenericGEMM is BenchmarkGEMM by the meaning in plain Go.
func BenchmarkGenericGEMM(b *testing.B) {
	old := kernels
	defer func() { kernels = old }()
	kernels = &kernel.Generic
	p := NewPool(1)
	eachPeerShape(b, NT, func(g *GEMM) func() { return func() { p.GEMM(g) } })
}

// eachPeerShape times a peer on the first shapes of a form.
func eachPeerShape(b *testing.B, form Form, peer func(g *GEMM) func()) {
	for _, s := range gemmShapes(form)[:2] {
		b.Run(fmt.Sprintf("op=%s/m=%d/k=%d/n=%d", form, s[0], s[1], s[2]), func(b *testing.B) {
			c := gemmCase{form: form, m: s[0], k: s[1], n: s[2]}
			run := peer(c.build(rand.New(rand.NewPCG(1, 2)), fillRandom, Floats))
			for b.Loop() {
				run()
			}
			gflops(b, 2*float64(s[0])*float64(s[1])*float64(s[2]))
		})
	}
}
