package simd

import "github.com/klauspost/cpuid/v2"

const (
	leastSecondLevel = 512 << 10 // bytes
	mostSecondLevel  = 2 << 20   // beyond that, cores share the cache or nobody has measured
)

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
