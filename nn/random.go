package nn

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/mtobench/mtobench/internal/detmath"
)

// A Stream is one named source of random numbers of a seed. Numbers are counted,
// not drawn in turn: what [Stream.At] returns for (epoch, index) depends on
// seed, name, epoch and index alone, so streams can't shift one another, nor can
// threads or a resume. Names in use: init/<tensor>, order, crop, mask,
// noise/<method>, split, bootstrap (specs/numerics.md, "Random numbers").
type Stream struct {
	key  [2]uint32
	name uint32 // FNV-1a of the stream's name
}

// NewStream returns the stream of that name under the seed. The Philox key is
// the seed's low and high half; the name enters the counter as its 32-bit
// FNV-1a hash.
func NewStream(seed uint64, name string) Stream {
	h := uint32(2166136261)
	for i := range len(name) {
		h ^= uint32(name[i])
		h *= 16777619
	}
	return Stream{key: [2]uint32{uint32(seed), uint32(seed >> 32)}, name: h}
}

// At returns the sequence of numbers that belongs to (epoch, index).
func (s Stream) At(epoch, index uint32) Draw {
	return Draw{key: s.key, ctr: [4]uint32{s.name, epoch, index, 0}, used: 4}
}

// A Draw is a sequence of random numbers. Its words are those of the Philox
// blocks with counters (name, epoch, index, 0), (name, epoch, index, 1), ...
// It is a value: a copy continues independently from the same place.
type Draw struct {
	key  [2]uint32
	ctr  [4]uint32 // of the next block
	word [4]uint32 // of the current block
	used int       // words of the current block already handed out
}

func (d *Draw) nextBlock() {
	d.word = philox(d.ctr, d.key)
	d.ctr[3]++
	d.used = 0
}

// Uint32 returns the next word.
func (d *Draw) Uint32() uint32 {
	if d.used == 4 {
		d.nextBlock()
	}
	d.used++
	return d.word[d.used-1]
}

// Uint64 returns the next two words, the first in the low half.
func (d *Draw) Uint64() uint64 {
	lo := d.Uint32()
	return uint64(lo) | uint64(d.Uint32())<<32
}

// Uniform returns a number in [0, 1) from the next word: a multiple of 2^-24.
func (d *Draw) Uniform() float32 {
	return float32(float32(d.Uint32()>>8) * (1.0 / (1 << 24))) // rounded here, so that nothing fuses with it
}

// IntN returns an integer in [0, n), each equally likely: the high half of
// word·n, with the words that would favour some of them rejected. It panics if
// n is not in [1, 2^31).
func (d *Draw) IntN(n int) int {
	if n < 1 || n > math.MaxInt32 {
		panic("nn: Draw.IntN: n must be in [1, 2^31)")
	}
	m := uint32(n)
	reject := -m % m // 2^32 mod n
	for {
		hi, lo := bits.Mul32(d.Uint32(), m)
		if lo >= reject {
			return int(hi)
		}
	}
}

// Normal returns a standard normal number by the Box-Muller transform of the
// next two uniforms u and v: sqrt(-2 ln(1-u)) cos(2 pi v), in float64, rounded
// once.
func (d *Draw) Normal() float32 {
	u := float64(d.Uniform())
	v := float64(d.Uniform())
	return float32(math.Sqrt(-2*detmath.Log(1-u)) * detmath.Cos(2*math.Pi*v))
}

// TruncNormal returns a standard normal number within [-bound, bound] by
// rejection. Each attempt takes the first two words of a fresh block. The bound
// must be at least 0.1, so that an attempt succeeds often enough.
func (d *Draw) TruncNormal(bound float32) float32 {
	if !(bound >= 0.1) {
		panic("nn: Draw.TruncNormal: bound must be at least 0.1")
	}
	for {
		d.nextBlock()
		if x := d.Normal(); x >= -bound && x <= bound {
			return x
		}
	}
}

// Permutation returns a permutation of 0..n-1: the indices sorted by the first
// 64 bits of their own counter (epoch, index), ties by index.
func Permutation(s Stream, epoch uint32, n int) []int32 {
	type keyed struct {
		key   uint64
		index int32
	}
	order := make([]keyed, n)
	for i := range order {
		d := s.At(epoch, uint32(i))
		order[i] = keyed{d.Uint64(), int32(i)}
	}
	slices.SortFunc(order, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.index, b.index))
	})
	perm := make([]int32, n)
	for i, o := range order {
		perm[i] = o.index
	}
	return perm
}
