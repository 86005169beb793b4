package benchdata

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/goregular"
)

func TestEveryFaceHasEveryCharacter(t *testing.T) {
	const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	for i, ttf := range glyphFaces {
		outlines, err := loadOutlines(ttf, characters)
		require.NoError(t, err)
		for j, o := range outlines {
			require.NotEmpty(t, o, "face %d, character %d", i, j)
			lo, hi := o[0][0], o[0][0]
			for _, contour := range o {
				require.Greater(t, len(contour), 2)
				for _, p := range contour {
					lo, hi = point{min(lo.x, p.x), min(lo.y, p.y)}, point{max(hi.x, p.x), max(hi.y, p.y)}
				}
			}
			require.InDelta(t, 0, lo.x+hi.x, 1, "centred")
			require.InDelta(t, 0, lo.y+hi.y, 1, "centred")
			if characters[j] == 'H' {
				require.InDelta(t, capHeight, hi.y-lo.y, 30, "face %d", i)
			}
		}
	}
}

func TestMissingCharacterIsAnError(t *testing.T) {
	_, err := loadOutlines(goregular.TTF, "A語")
	require.EqualError(t, err, "font: no character '語'")
	_, err = loadOutlines([]byte("not a font"), "A")
	require.ErrorContains(t, err, "font: ")
}

func TestCurvesEndOnTheirEndPoint(t *testing.T) {
	contour := appendCurve([]point{{0, 0}}, point{100, 0}, point{100, 100})
	require.Len(t, contour, 1+curveSteps)
	require.Equal(t, point{100, 100}, contour[curveSteps])
	require.Equal(t, point{75, 25}, contour[curveSteps/2], "half way: a/4 + b/2 + c/4")
}
