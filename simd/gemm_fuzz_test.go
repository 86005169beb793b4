package simd

import (
	"math/rand/v2"
	"testing"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// FuzzGEMM compares each instruction set with a product computed element by element.
func FuzzGEMM(f *testing.F) {
	fuzzCases(f, func(t *testing.T, c gemmCase, r *rand.Rand) {
		got := c.build(r, fillSpecial, func(n int) []float32 { return newGuarded(n, c.shift).s })
		want := got.twin()
		naiveGEMM(want)
		NewPool(1).GEMM(got)
		sameBits(t, want.C, got.C, "%s: %v: c", kernels.Name, c)
		sameBits(t, want.Pre, got.Pre, "%s: %v: pre", kernels.Name, c)
	})
}

// FuzzBF16 compares products of bfloat16 by each instruction set with those of rounded operands in float64.
func FuzzBF16(f *testing.F) {
	old := fastPairs
	defer func() { fastPairs = old }()
	fuzzCases(f, func(t *testing.T, c gemmCase, r *rand.Rand) {
		for _, fastPairs = range []bool{true, false} {
			bf16IsExact(t, NewPool(1), c, r)
		}
	})
}

// fuzzCases runs check with each instruction set on cases that the fuzzer draws.
func fuzzCases(f *testing.F, check func(t *testing.T, c gemmCase, r *rand.Rand)) {
	f.Add(uint8(0), uint8(14), uint8(32), uint16(9), uint8(0), uint8(0), uint64(1))
	f.Add(uint8(1), uint8(15), uint8(49), uint16(16), uint8(1), uint8(4), uint64(2))
	f.Add(uint8(2), uint8(7), uint8(65), uint16(513), uint8(2), uint8(1), uint64(3))
	extras := []string{"", "accumulate", "bias", "residual", "residual in place", "gelu", "gelu erf"}
	f.Fuzz(func(t *testing.T, form, m, n uint8, k uint16, more, extra uint8, seed uint64) {
		c := gemmCase{form: Form(form % 3), m: int(m % 40), n: int(n % 120), k: int(k % 40), more: int(more % 4), shift: int(more / 4 % 16)}
		c.extra = extras[int(extra)%len(extras)]
		if c.form == TN {
			c.extra = extras[extra%2]
			c.k += 500 * int(k/40%3)
			c.m %= 9
		}
		old := kernels
		defer func() { kernels = old }()
		for _, kernels = range kernel.Supported() {
			check(t, c, rand.New(rand.NewPCG(seed, 0)))
		}
	})
}
