package simd

import "github.com/klauspost/cpuid/v2"

const (
	smallFirstLevel  = 32 << 10  // bytes
	leastSecondLevel = 512 << 10 // bytes
	mostSecondLevel  = 2 << 20   // beyond that, cores share the cache or nobody has measured
)

// firstLevel is the size of a core's first-level data cache in bytes, the small one where the CPU doesn't tell.
var firstLevel = firstLevelOf(cpuid.CPU.Cache.L1D)

func firstLevelOf(bytes int) int {
	if bytes <= 0 {
		return smallFirstLevel
	}
	return bytes
}

// secondLevel is the size of a core's second-level cache in bytes, 1 MiB where the CPU doesn't tell. How products are cut
// to fit it changes no bit of a result.
var secondLevel = secondLevelOf(cpuid.CPU.Cache.L2)

// secondLevelOf is the size to plan with for a cache of so many bytes; -1 is unknown.
func secondLevelOf(bytes int) int {
	if bytes <= 0 {
		return 1 << 20
	}
	return min(max(bytes, leastSecondLevel), mostSecondLevel)
}

// fastPairs says whether the CPU's dot products of bfloat16 pairs outrun its multiply-adds. AMD's do, twice; on the Intel
// Xeon measured they run at half the rate (87 against 177 GFLOP/s), and a step of bf16 at 0.6 of one of f32.
var fastPairs = cpuid.CPU.VendorID == cpuid.AMD

// usesPairs says whether products of precision BF16 are made of such dot products.
func usesPairs() bool { return fastPairs && kernels.PairRow != nil }
