package vit

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Vector 1 of methods.md 13.
func TestSinCosVector(t *testing.T) {
	got := SinCos(2, 8)
	require.Len(t, got, 2*2*8)
	right := got[1*8:][:8] // row 0, column 1
	below := got[2*8:][:8] // row 1, column 0
	want := []float64{0.8415, 0.0100, 0.5403, 1.0000, 0, 0, 1, 1}
	for i, w := range want {
		require.InDelta(t, w, right[i], 1e-4, "entry %d", i)
	}
	require.Equal(t, append(append([]float32{}, right[4:]...), right[:4]...), below, "swapping x and y swaps the halves")
}

func TestSinCosIsTheFormulaRoundedOnce(t *testing.T) {
	const grid, width = 14, 192
	table := SinCos(grid, width)
	const k = width / 4
	for y := range grid {
		for x := range grid {
			for half, c := range []int{x, y} {
				for j := range k {
					angle := float64(c) * math.Pow(10000, -float64(j)/k)
					row := table[(y*grid+x)*width+half*2*k:]
					require.InDelta(t, math.Sin(angle), row[j], 1e-7)
					require.InDelta(t, math.Cos(angle), row[k+j], 1e-7)
				}
			}
		}
	}
}

func TestClassTokenHasNoPosition(t *testing.T) {
	c, err := Preset("nano", 8, 1)
	require.NoError(t, err)
	plain := c.Position()
	c.ClassToken = true
	require.Equal(t, append(make([]float32, c.Width), plain...), c.Position())
}
