package simd

import "github.com/klauspost/cpuid/v2"

const (
	leastSecondLevel = 512 << 10 // bytes
	mostSecondLevel  = 2 << 20   // beyond that, cores share the cache or nobody has measured
)

// firstLevel is the size of a core's first-level data cache in bytes, 32 KiB where the CPU doesn't tell.
var firstLevel = firstLevelOf(cpuid.CPU.Cache.L1D)

func firstLevelOf(bytes int) int {
	if bytes <= 0 {
		return 32 << 10
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
