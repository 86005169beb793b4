package benchdata

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func resized(side int, src []uint8, h, w, channels int) []uint8 {
	dst := make([]uint8, side*side*channels)
	cropResize(dst, side, src, h, w, channels)
	return dst
}

func TestShrinkingByAWholeFactorAverages(t *testing.T) {
	src := []uint8{
		0, 2, 10, 20,
		4, 8, 30, 41,
		1, 1, 9, 9,
		1, 2, 9, 9,
	}
	// (0+2+4+8)/4 = 3.5 rounds up; 101/4 = 25.25; 5/4 = 1.25
	require.Equal(t, []uint8{4, 25, 1, 9}, resized(2, src, 4, 4, 1))
}

func TestShrinkingByAFractionWeighsByArea(t *testing.T) {
	// 3 to 2: the middle row and column belong to both sides by half.
	src := []uint8{90, 0, 0, 0, 0, 0, 0, 0, 90}
	require.Equal(t, []uint8{40, 0, 0, 40}, resized(2, src, 3, 3, 1)) // 90 · (2/3)²
}

func TestEnlargingInterpolatesBetweenCentres(t *testing.T) {
	// 2 to 4: the centres lie at -1/4, 1/4, 3/4, 5/4 of the source; outside is the edge.
	src := []uint8{0, 100, 0, 100}
	require.Equal(t, []uint8{0, 25, 75, 100}, resized(4, src, 2, 2, 1)[:4])
}

func TestResizingKeepsConstantsAndSameSizes(t *testing.T) {
	for _, n := range []int{4, 5, 7, 32, 33, 100} {
		for _, side := range []int{4, 8, 28, 32, 64} {
			flat := slices.Repeat([]uint8{13, 200, 255}, n*n)
			require.Equal(t, slices.Repeat([]uint8{13, 200, 255}, side*side), resized(side, flat, n, n, 3), "%d to %d", n, side)
		}
	}
	src := []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9}
	require.Equal(t, src, resized(3, src, 3, 3, 1))
}

func TestTheCentreSquareIsKept(t *testing.T) {
	wide := []uint8{9, 1, 2, 9, 9, 3, 4, 9}
	require.Equal(t, []uint8{1, 2, 3, 4}, resized(2, wide, 2, 4, 1))
	tall := []uint8{9, 9, 1, 2, 3, 4, 9, 9}
	require.Equal(t, []uint8{1, 2, 3, 4}, resized(2, tall, 4, 2, 1))
}
