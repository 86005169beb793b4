package mim

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func newAugment(t testing.TB, side, channels int, flip bool) *Augment {
	a, err := NewAugment(DefaultAugment(side, channels, flip, []float32{0.5, 0.4, 0.3}[:channels], []float32{0.25, 0.2, 0.5}[:channels]))
	require.NoError(t, err)
	return a
}

func noise(n int) []uint8 {
	r := rand.New(rand.NewPCG(1, 2))
	pixels := make([]uint8, n)
	for i := range pixels {
		pixels[i] = uint8(r.Uint32())
	}
	return pixels
}

func TestIntactIsStandardised(t *testing.T) {
	a := newAugment(t, 5, 3, false)
	src := noise(a.Len())
	dst := make([]float32, a.Len())
	a.Intact(dst, src)
	mean, std := []float64{0.5, 0.4, 0.3}, []float64{0.25, 0.2, 0.5}
	for i, v := range dst {
		c := i % 3
		require.InDelta(t, (float64(src[i])/255-mean[c])/std[c], v, 2e-6)
	}
}

// A crop's pixels against bilinear interpolation in float64, pixel centres at
// half-integers, edges clamped.
func TestCropIsBilinear(t *testing.T) {
	const side = 12
	a := newAugment(t, side, 3, true)
	src := noise(a.Len())
	dst, intact := make([]float32, a.Len()), make([]float32, a.Len())
	a.Intact(intact, src)
	for _, crop := range []Crop{{0, 0, 12, 12, true}, {3, 1, 7, 9, false}, {3, 1, 7, 9, true}, {11, 0, 1, 12, false}, {5, 7, 4, 5, true}} {
		a.Apply(dst, src, crop)
		at := func(position float64, length int) (int, int, float64) {
			position = min(max(position, 0), float64(length-1))
			i := int(position)
			return i, min(i+1, length-1), position - float64(i)
		}
		for y := range side {
			y0, y1, fy := at((float64(y)+0.5)*float64(crop.Height)/side-0.5, crop.Height)
			for x := range side {
				x0, x1, fx := at((float64(x)+0.5)*float64(crop.Width)/side-0.5, crop.Width)
				for c := range 3 {
					pixel := func(x, y int) float64 { return float64(intact[((crop.Y+y)*side+crop.X+x)*3+c]) }
					want := (1-fy)*((1-fx)*pixel(x0, y0)+fx*pixel(x1, y0)) + fy*((1-fx)*pixel(x0, y1)+fx*pixel(x1, y1))
					out := x
					if crop.Flip {
						out = side - 1 - x
					}
					require.InDelta(t, want, dst[(y*side+out)*3+c], 4e-6, "%+v x %d y %d", crop, x, y)
				}
			}
		}
	}
}

func TestFlipTwiceIsNothing(t *testing.T) {
	a := newAugment(t, 9, 1, true)
	src := noise(a.Len())
	dst := make([]float32, a.Len())
	a.Apply(dst, src, Crop{Width: 9, Height: 9, Flip: true})
	intact := make([]float32, a.Len())
	a.Intact(intact, src)
	for i := range dst {
		require.Equal(t, intact[i], dst[i/9*9+8-i%9])
	}
}

func TestCropsStayInsideAndWithinTheirBounds(t *testing.T) {
	const side, images = 32, 4000
	a := newAugment(t, side, 1, true)
	flips, wholes, corners := 0, 0, 0
	var area float64
	for i := range uint32(images) {
		c := a.Draw(Key{Seed: 9, Image: i})
		require.True(t, c.X >= 0 && c.Y >= 0 && c.X+c.Width <= side && c.Y+c.Height <= side, "%+v", c)
		share := float64(c.Width*c.Height) / (side * side)
		ratio := float64(c.Width) / float64(c.Height)
		// Sides are rounded to whole pixels: half a pixel of about 20 each.
		require.InDelta(t, 0.8, share, 0.2+0.04, "%+v", c)
		require.InDelta(t, 0, math.Log(ratio), math.Log(4./3)+0.05, "%+v", c)
		area += share
		if c.Flip {
			flips++
		}
		if c.Width == side && c.Height == side {
			wholes++
		}
		if c.X+c.Width == side && c.Y+c.Height == side {
			corners++
		}
	}
	require.InDelta(t, images/2, flips, 5*32)
	require.Less(t, wholes, images/20)
	require.Greater(t, corners, 100, "the last position is drawn too")
	require.InDelta(t, 0.76, area/images, 0.03) // below 0.8: large areas are rejected more often
}

func TestAllowingFlipsMovesNoBox(t *testing.T) {
	with, without := newAugment(t, 28, 1, true), newAugment(t, 28, 1, false)
	for i := range uint32(50) {
		a, b := with.Draw(Key{Seed: 4, Image: i}), without.Draw(Key{Seed: 4, Image: i})
		require.False(t, b.Flip)
		a.Flip = false
		require.Equal(t, a, b)
	}
}

// The bits of crops are part of the numerics contract. The hash was made by
// this code; a change of it must raise nn.Numerics.
func TestAugmentBits(t *testing.T) {
	a := newAugment(t, 28, 3, true)
	src := noise(a.Len())
	dst := make([]float32, a.Len())
	h := uint64(14695981039346656037)
	for i := range uint32(20) {
		a.Image(dst, src, Key{Seed: 42, Epoch: 1, Image: i})
		for _, v := range dst {
			h = (h ^ uint64(math.Float32bits(v))) * 1099511628211
		}
	}
	require.Equal(t, uint64(0xae3e594c79e236a8), h)
}

func TestAugmentRefusesWhatCantBe(t *testing.T) {
	good := DefaultAugment(28, 1, false, []float32{0.5}, []float32{0.25})
	check := func(change func(*AugmentConfig), want string) {
		t.Helper()
		c := good
		change(&c)
		_, err := NewAugment(c)
		require.EqualError(t, err, want)
	}
	check(func(c *AugmentConfig) { c.Side = 0 }, "augment: image 0x0x1; sizes must be at least 1")
	check(func(c *AugmentConfig) { c.Mean = nil }, "augment: 0 means and 1 deviations for 1 channels")
	check(func(c *AugmentConfig) { c.ScaleMin = 0 }, "augment: crop scale 0 to 1; need 0 < min <= max <= 1")
	check(func(c *AugmentConfig) { c.RatioMax = 0.9 }, "augment: crop ratio 0.75 to 0.9; need 0 < min <= 1 <= max")
	check(func(c *AugmentConfig) { c.Std = []float32{0} }, "augment: channel 0 has mean 0.5 and deviation 0; need a finite mean and a positive deviation")
}

func TestAugmentAllocatesNothing(t *testing.T) {
	a := newAugment(t, 32, 3, true)
	src, dst := noise(a.Len()), make([]float32, a.Len())
	require.Zero(t, testing.AllocsPerRun(10, func() { a.Image(dst, src, Key{Seed: 1}) }))
}

func BenchmarkAugment(b *testing.B) {
	a := newAugment(b, 32, 3, true)
	src, dst := noise(a.Len()), make([]float32, a.Len())
	for i := range b.N {
		a.Image(dst, src, Key{Image: uint32(i)})
	}
}
