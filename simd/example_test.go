package simd_test

import (
	"fmt"

	"github.com/mtobench/mtobench/simd"
)

// A linear layer and the softmax of its rows: two rows of three features times the weights [out,in] of two outputs, plus a bias.
func Example() {
	pool := simd.NewPool(2)
	defer pool.Close()

	x := []float32{1, 2, 3, 4, 5, 6}    // [2,3]
	w := []float32{1, 0, -1, 0.5, 1, 2} // [2,3]
	y := make([]float32, 2*2)           // [2,2]
	pool.GEMM(&simd.GEMM{Form: simd.NT, M: 2, N: 2, K: 3, A: x, B: w, C: y, Bias: []float32{2.5, -8}})
	fmt.Println(y)

	pool.SoftmaxRows(y, y, 2, 1)
	fmt.Println(y)
	// Output:
	// [0.5 0.5 0.5 11]
	// [0.5 0.5 2.753569e-05 0.99997246]
}
