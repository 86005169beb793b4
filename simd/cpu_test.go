package simd

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlannedSecondLevelCacheIsBounded(t *testing.T) {
	for _, c := range []struct{ told, want int }{
		{-1, 1 << 20}, {0, 1 << 20}, // arm64 doesn't tell
		{256 << 10, 512 << 10}, {1 << 20, 1 << 20}, {2 << 20, 2 << 20},
		{12 << 20, 2 << 20}, // shared by cores
	} {
		require.Equal(t, c.want, secondLevelOf(c.told), "%d bytes", c.told)
	}
}

func TestUnknownFirstLevelCacheCountsAsSmall(t *testing.T) {
	require.Equal(t, 32<<10, firstLevelOf(-1))
	require.Equal(t, 48<<10, firstLevelOf(48<<10))
}

// TestCacheSizeChangesNoBit: how a product is cut follows the cache, what it computes doesn't.
func TestCacheSizeChangesNoBit(t *testing.T) {
	defer func(first, second int) { firstLevel, secondLevel = first, second }(firstLevel, secondLevel)
	p := NewPool(2)
	defer p.Close()
	for _, c := range []gemmCase{{form: TN, m: 150, k: 1100, n: 200}, {form: NN, m: 150, k: 768, n: 300}} {
		var want []float32
		for _, size := range [][2]int{{32 << 10, 512 << 10}, {32 << 10, 1 << 20}, {48 << 10, 2 << 20}} {
			firstLevel, secondLevel = size[0], size[1]
			g := c.build(rand.New(rand.NewPCG(1, 2)), fillRandom, Floats)
			p.GEMM(g)
			if want == nil {
				want = g.C
			}
			require.Equal(t, want, g.C, "%v with caches of %v bytes", c.form, size)
		}
	}
}
