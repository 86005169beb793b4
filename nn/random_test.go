package nn

import (
	"hash/fnv"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Known answers of Random123's kat_vectors (methods.md 13.10).
func TestPhiloxKnownAnswers(t *testing.T) {
	check := func(ctr [4]uint32, key [2]uint32, want [4]uint32) {
		t.Helper()
		require.Equal(t, want, philox(ctr, key))
	}
	const f = 0xffffffff
	check([4]uint32{}, [2]uint32{},
		[4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8})
	check([4]uint32{f, f, f, f}, [2]uint32{f, f},
		[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd})
	check([4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
		[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1})
}

func TestStreamNameIsHashedByFNV(t *testing.T) {
	h := fnv.New32a()
	h.Write([]byte("init/blocks.0.attn.qkv.weight"))
	require.Equal(t, h.Sum32(), NewStream(1, "init/blocks.0.attn.qkv.weight").name)
}

// The words of (epoch, index) are those of blocks 0, 1, ... of the counter.
func TestWordsFollowTheCounter(t *testing.T) {
	s := NewStream(0x1122334455667788, "mask")
	d := s.At(5, 9)
	for block := range uint32(3) {
		for _, want := range philox([4]uint32{s.name, 5, 9, block}, [2]uint32{0x55667788, 0x11223344}) {
			require.Equal(t, want, d.Uint32())
		}
	}
}

// One more draw somewhere shifts nothing elsewhere.
func TestDrawsAreIndependent(t *testing.T) {
	s := NewStream(4, "mask")
	a, b := s.At(0, 0), s.At(0, 1)
	first := b.Uint64()
	for range 100 {
		a.Uint32()
	}
	again := s.At(0, 1)
	require.Equal(t, first, again.Uint64())
	other := NewStream(4, "crop").At(0, 1)
	require.NotEqual(t, first, other.Uint64())
}

func TestUniformAndIntN(t *testing.T) {
	d := NewStream(1, "test").At(0, 0)
	sum, counts := 0.0, make([]int, 7)
	const n = 70000
	for range n {
		u := d.Uniform()
		require.True(t, u >= 0 && u < 1)
		sum += float64(u)
		counts[d.IntN(7)]++
	}
	require.InDelta(t, 0.5, sum/n, 0.005) // 4.5 standard deviations
	for _, c := range counts {
		require.InDelta(t, n/7, c, 420) // 4.5 standard deviations of the binomial
	}
	require.Equal(t, 0, d.IntN(1))
	require.Panics(t, func() { d.IntN(0) })
}

// With n = 3·2^29 the words fall on the values 3, 3, 2, 3, 3, 2, ... times; one
// in four must be rejected to even that out.
func TestIntNRejects(t *testing.T) {
	d := NewStream(2, "test").At(0, 0)
	counts := make([]int, 3)
	for range 30000 {
		counts[d.IntN(3<<29)%3]++
	}
	for _, c := range counts {
		require.InDelta(t, 10000, c, 370)
	}
}

// The standard deviation of a normal cut at two is 0.8796 (1 - 4·phi(2)/(2·Phi(2)-1), rooted).
func TestNormalMoments(t *testing.T) {
	const n = 40000
	moments := func(draw func(d *Draw) float32) (mean, std float64) {
		var sum, squares float64
		for i := range uint32(n) {
			d := NewStream(3, "test").At(0, i)
			x := float64(draw(&d))
			sum += x
			squares += x * x
		}
		mean = sum / n
		return mean, math.Sqrt(squares/n - mean*mean)
	}
	mean, std := moments((*Draw).Normal)
	require.InDelta(t, 0, mean, 0.02)
	require.InDelta(t, 1, std, 0.015)
	mean, std = moments(func(d *Draw) float32 {
		x := d.TruncNormal(2)
		require.LessOrEqual(t, math.Abs(float64(x)), 2.0)
		return x
	})
	require.InDelta(t, 0, mean, 0.02)
	require.InDelta(t, 0.8796, std, 0.015)
}

// Box-Muller by the standard library, to the precision of float32.
func TestNormalIsBoxMuller(t *testing.T) {
	for i := range uint32(100) {
		d := NewStream(9, "test").At(1, i)
		e := d
		u, v := float64(e.Uniform()), float64(e.Uniform())
		require.InDelta(t, math.Sqrt(-2*math.Log(1-u))*math.Cos(2*math.Pi*v), float64(d.Normal()), 1e-6)
	}
}

// Each attempt of a truncated normal is the normal of a fresh block.
func TestTruncNormalTakesBlocks(t *testing.T) {
	s := NewStream(5, "init/x")
	for i := range uint32(50) {
		d := s.At(0, i)
		d.Uint32() // leaves the first block begun
		got := d.TruncNormal(0.3)
		var want Draw
		for block := uint32(1); ; block++ {
			want = s.At(0, i)
			want.ctr[3] = block
			if x := want.Normal(); x >= -0.3 && x <= 0.3 {
				require.Equal(t, x, got)
				break
			}
		}
	}
	d := s.At(0, 0)
	require.Panics(t, func() { d.TruncNormal(0.05) })
}

func TestPermutation(t *testing.T) {
	s := NewStream(1, "order")
	perm := Permutation(s, 3, 1000)
	seen := make([]bool, 1000)
	for i, v := range perm {
		require.False(t, seen[v])
		seen[v] = true
		if i > 0 { // sorted by the indices' own numbers, which need no order to compute
			a, b := s.At(3, uint32(perm[i-1])), s.At(3, uint32(v))
			require.Less(t, a.Uint64(), b.Uint64())
		}
	}
	require.NotEqual(t, perm, Permutation(s, 4, 1000))
	require.Empty(t, Permutation(s, 0, 0))
}
