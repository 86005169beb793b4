package benchdata

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// box is a rectangle in 1/256 pixel, clockwise.
func box(x0, y0, x1, y1 int32) []point { return []point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}} }

func TestCoverageIsAnArea(t *testing.T) {
	c := newCanvas(4)
	check := func(what string, want int, contours ...[]point) {
		t.Helper()
		c.fill(contours)
		got := 0
		for _, v := range c.cover {
			require.True(t, v >= 0 && v <= fullCover, "%s: coverage %d", what, v)
			got += int(v)
		}
		require.Equal(t, want, got, what)
	}
	check("nothing", 0)
	check("one pixel", fullCover, box(256, 256, 512, 512))
	check("one pixel between four", fullCover, box(128, 128, 384, 384))
	check("half a pixel", fullCover/2, box(256, 256, 384, 512))
	check("all and beyond", 16*fullCover, box(-999, -999, 9999, 9999))
	check("left of the canvas", 0, box(-999, 0, -1, 1024))
	check("right of the canvas", 0, box(1025, 0, 9999, 1024))
	check("below the canvas", 0, box(0, 1024, 1024, 9999))
	check("a hole runs the other way", 12*fullCover, box(0, 0, 1024, 1024), []point{{256, 256}, {256, 768}, {768, 768}, {768, 256}})
	check("overlaps count once", 16*fullCover, box(0, 0, 1024, 1024), box(256, 256, 768, 768))
	check("a triangle is half its box", 8*fullCover, []point{{0, 0}, {1024, 1024}, {0, 1024}})
}

func TestCoverageFallsWhereTheShapeIs(t *testing.T) {
	c := newCanvas(4)
	c.fill([][]point{box(512, 256, 768, 512)})
	for i, v := range c.cover {
		want := int32(0)
		if i == 1*4+2 {
			want = fullCover
		}
		require.Equal(t, want, v, "pixel %d", i)
	}
}
