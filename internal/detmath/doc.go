// Package detmath has the elementary functions that may reach a result: the same
// bits on every architecture and for every GOAMD64 level.
//
// The standard library's Exp, Log, Pow, Sin, Cos and Tanh differ between amd64 and
// arm64, and plain Go arithmetic may be fused (x*y + z becomes one rounding) on some
// targets and not on others. Here each function is one written order of additions,
// multiplications and fused multiply-adds; every product that is not part of a fused
// multiply-add is rounded explicitly.
//
// Two families:
//
//   - float64: Exp, Expm1, Log, Log1p, Pow, Sin, Cos, Tanh, Erf, Erfc for schedules,
//     initial values, position tables and statistics. The error of each is stated at
//     its declaration in ulp (units in the last place) and tested against math/big.
//   - float32: FMA32 and Exp32, Log32, Tanh32, Erf32, Sin32, Cos32. They are the
//     meanings that the vector kernels of package simd reproduce bit for bit.
//
// NaN in gives NaN out; which NaN isn't specified. Limits: Sin and Cos reduce their
// argument with three constants and give NaN beyond 2^30; Exp32 flushes results
// below 2^-126 to +0.
package detmath
