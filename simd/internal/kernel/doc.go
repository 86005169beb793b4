// Package kernel holds the innermost loops of package simd, and what they mean.
//
// Every kernel has a meaning: plain Go, in a file NAME_generic.go without a build tag, that fixes the order of each
// floating-point operation and so the bits of the result. NAME_amd64.s is generated from simd/internal/gen and
// NAME_arm64.s is written by hand; both return the bits of the meaning. A Table is one implementation of all kernels:
// Generic is the meanings themselves, AVX2, AVX512 and NEON replace those entries for which assembly exists.
//
// Kernels check nothing: sizes, bounds and aliasing are the duty of package simd, which also splits the work.
package kernel
