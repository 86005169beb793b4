package simd

import "fmt"

// Precision says what a matrix product does with its operands before it multiplies them. Sums are float32 always.
type Precision uint8

const (
	F32  Precision = iota // nothing
	BF16                  // rounds them to bfloat16: to the nearest, ties to even, numbers below 2^-126 to zero
)

// String returns "f32" or "bf16".
func (p Precision) String() string {
	switch p {
	case F32:
		return "f32"
	case BF16:
		return "bf16"
	}
	return fmt.Sprintf("Precision(%d)", uint8(p))
}

// Arithmetic names the way products of precision p are computed in this process. Where it is equal, bits are:
//
//   - "f32": everywhere;
//   - "bf16-vdpbf16ps": with AVX-512 on AMD's CPUs that have its instructions for bfloat16 (Intel's are slower than plain
//     multiply-adds). They order and round the sum of two products in their own way and take subnormal sums for zero;
//   - "bf16-fma": on all others. Rounded operands go the way of F32, with its chains.
func Arithmetic(p Precision) string {
	switch {
	case p == F32:
		return "f32"
	case usesPairs():
		return "bf16-vdpbf16ps"
	}
	return "bf16-fma"
}
