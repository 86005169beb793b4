// Package simd is the tensor core: matrix products, attention, row and vector operations on float32 slices, with a
// worker pool and the choice of the instruction set.
//
// Promises:
//
//   - Same bits everywhere. Plain Go (simd/internal/kernel) defines what each operation computes, to the bit; AVX2,
//     AVX-512 and NEON return the same bits, for any number of threads. Work is split by the size of the problem
//     alone. NaN is equal as NaN: its payload and sign are not promised. Matrix products of precision BF16 are the
//     exception: their bits are the same for any number of threads, but only where Arithmetic is.
//   - No allocation in the steady state. Scratch memory belongs to the Pool, grows to what the largest call needs, and
//     is kept.
//   - No goroutines but the Pool's own, which sleep when there is nothing to do.
//
// It refuses: slices that are too short or overlap where they may not, which panics before a pointer reaches assembly;
// instruction sets the CPU lacks; a floating-point environment that flushes subnormal numbers (see Check).
//
// Matrices are row-major. A leading dimension (LDA, LDB, LDC) is the distance, in elements, from one row to the next;
// 0 means the rows touch. Destinations come first, and are overwritten unless the name ends in Add or the text says
// otherwise. The environment variable MTOBENCH_ISA (generic, avx2, avx512, neon) forces an instruction set.
package simd
