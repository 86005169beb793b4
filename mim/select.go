package mim

import (
	"math"
	"slices"
)

// drawSmallest draws one uniform number an entry, in ascending order of the
// entries, from the key's mask stream, and sets the k entries with the smallest
// ones, the lower index first among equals (numerics.md 16).
func drawSmallest(set []bool, k int, key Key) {
	var buffer [stackPatches]uint64
	order := buffer[:0]
	if len(set) > len(buffer) {
		order = make([]uint64, 0, len(set))
	}
	d := key.draw(maskStream)
	for i := range set {
		// A float32 that isn't negative sorts as its bits do.
		order = append(order, uint64(math.Float32bits(d.Uniform()))<<32|uint64(i))
		set[i] = false
	}
	slices.Sort(order)
	for _, o := range order[:k] {
		set[uint32(o)] = true
	}
}

// maskBuffer returns a slice of n from the buffer, or a new one if that is too
// short.
func maskBuffer(buffer []bool, n int) []bool {
	if n > len(buffer) {
		return make([]bool, n)
	}
	return buffer[:n]
}

// stackPatches is how many patches a mask may have before drawing it allocates.
const stackPatches = 1024
