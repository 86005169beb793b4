package mim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The table of integer consequences in methods.md 1.5.
func TestMaskCountsOnSmallGrids(t *testing.T) {
	for _, c := range []struct{ side, patch, maeKeep, unit, simMIMMasked int }{
		{224, 16, 49, 32, 120},
		{28, 4, 12, 4, 30},
		{28, 2, 49, 4, 120},
		{32, 4, 16, 8, 40},
		{32, 4, 16, 4, 39},
		{64, 8, 16, 16, 40},
		{64, 8, 16, 8, 39},
		{64, 4, 64, 8, 156},
		{28, 7, 4, 7, 10},
		{32, 8, 4, 8, 10}, // the quick study
	} {
		grid := c.side / c.patch
		u, err := NewUniform(grid*grid, 0.75)
		require.NoError(t, err)
		require.Equal(t, c.maeKeep, u.Keep, "%+v", c)
		s, err := NewCoarse(grid, c.unit/c.patch, 0.6)
		require.NoError(t, err)
		require.Equal(t, c.simMIMMasked, s.MaskedPatches(), "%+v", c)
	}
	for grid, unit := range map[int]int{14: 2, 7: 1, 8: 2, 16: 2, 4: 1} {
		require.Equal(t, unit, DefaultUnit(grid), "grid %d", grid)
	}
}

// Ratios mean what their decimals say, though 10*(1-0.9) < 1 and 100*0.55 > 55
// in binary.
func TestRatiosAreDecimal(t *testing.T) {
	u, err := NewUniform(10, 0.9)
	require.NoError(t, err)
	require.Equal(t, 1, u.Keep)
	c, err := NewCoarse(10, 1, 0.55)
	require.NoError(t, err)
	require.Equal(t, 55, c.Masked)
}

func TestUselessRatiosAreRefused(t *testing.T) {
	for _, ratio := range []float64{-1, 0, 1, 2} {
		_, err := NewUniform(16, ratio)
		require.Error(t, err, "%g", ratio)
		_, err = NewCoarse(4, 1, ratio)
		require.Error(t, err, "%g", ratio)
	}
	_, err := NewUniform(16, 1)
	require.EqualError(t, err, "mask ratio 1 of 16 patches keeps 0 visible; at least one must be visible and one masked")
	_, err = NewCoarse(7, 2, 0.6)
	require.EqualError(t, err, "mask units of 2 patches don't tile a grid of 7; pick a divisor")
}

func count(set []bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}

func TestCoarseUnitsAreWhole(t *testing.T) {
	c, err := NewCoarse(8, 2, 0.6)
	require.NoError(t, err)
	masked := make([]bool, 64)
	for i := range uint32(100) {
		c.Mask(masked, Key{Seed: 3, Image: i})
		require.Equal(t, 40, count(masked))
		for y := range 8 {
			for x := range 8 {
				require.Equal(t, masked[y/2*2*8+x/2*2], masked[y*8+x])
			}
		}
	}
}

// Each patch is masked equally often, each pair nearly independently: spatial
// randomness.
func TestUniformMasksAreUniform(t *testing.T) {
	const patches, images = 16, 4000
	u, err := NewUniform(patches, 0.75)
	require.NoError(t, err)
	masked := make([]bool, patches)
	var hits [patches]int
	pair := 0
	for i := range uint32(images) {
		u.Mask(masked, Key{Seed: 1, Epoch: 2, Image: i})
		require.Equal(t, 12, count(masked))
		for j, is := range masked {
			if is {
				hits[j]++
			}
		}
		if masked[0] && masked[1] {
			pair++
		}
	}
	for _, n := range hits {
		require.InDelta(t, 0.75*images, n, 5*27) // deviation sqrt(4000*0.75*0.25) = 27
	}
	require.InDelta(t, images*12*11/(16.*15), pair, 5*32)
}

func TestMasksDependOnTheKeyAlone(t *testing.T) {
	u, err := NewUniform(64, 0.75)
	require.NoError(t, err)
	draw := func(k Key) []bool {
		masked := make([]bool, 64)
		u.Mask(masked, k)
		return masked
	}
	k := Key{Seed: 5, Epoch: 6, Image: 7}
	require.Equal(t, draw(k), draw(k))
	for _, other := range []Key{{5, 6, 8}, {5, 7, 7}, {6, 6, 7}, {5 + 1<<32, 6, 7}} {
		require.NotEqual(t, draw(k), draw(other))
	}
}

func TestSetMaskPermutationsAreInverse(t *testing.T) {
	for _, classTokens := range []int{0, 1} {
		l := Layout{Images: 2, Side: 1, Channels: 1, Patches: 6, Visible: 2, Masked: 4, ClassTokens: classTokens}
		b := newBatch(l)
		b.SetMask(1, []bool{true, false, true, true, false, true})
		require.Equal(t, []float32{0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1}, b.Mask)
		require.Equal(t, []int32{1, 4}, b.Visible[2:])
		require.Equal(t, []int32{0, 2, 3, 5}, b.Masked[4:])
		restore := b.Restore[classTokens+6:]
		// The sequence that Restore reads from: class tokens, visible, masked.
		sequence := []int32{-1, 1, 4, 0, 2, 3, 5}[1-classTokens:]
		for j := range int32(classTokens + 6) {
			require.Equal(t, j-int32(classTokens), sequence[restore[j]])
		}
	}
	require.PanicsWithValue(t, "mim: mask of image 0 has 1 of 2 patches masked, the layout says 2 of 6", func() {
		newBatch(Layout{Images: 1, Patches: 6, Visible: 4, Masked: 2}).SetMask(0, []bool{true, false})
	})
}

func TestCorruptAllocatesNothing(t *testing.T) {
	for _, name := range ours() {
		m, err := New(name, tiny(t))
		require.NoError(t, err)
		b := NewBatch(m)
		require.Zero(t, testing.AllocsPerRun(10, func() { m.Corrupt(b, 1, Key{Seed: 1}) }), name)
	}
}

func BenchmarkCorrupt(b *testing.B) {
	c, err := Preset("tiny", 32, 3, 128)
	require.NoError(b, err)
	for _, name := range ours() {
		b.Run("method="+name, func(b *testing.B) {
			m, err := New(name, c)
			require.NoError(b, err)
			batch := NewBatch(m)
			for i := range b.N {
				m.Corrupt(batch, i%128, Key{Image: uint32(i)})
			}
		})
	}
}
