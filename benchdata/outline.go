package benchdata

import (
	"fmt"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// A point is a position in whole units: font units in an outline, 1/256 pixel on
// a canvas. The y axis points down.
type point struct{ x, y int32 }

// An outline is the closed contours of a character, centred: the middle of its
// bounding box is (0, 0).
type outline [][]point

// curveSteps is the number of straight pieces that stand for one quadratic curve. At 30
// pixels a character the error is under 1/20 pixel.
const curveSteps = 4

// capHeight is the height of the capital H of the Go fonts, in font units of 1/2048 em.
const capHeight = 1480

// loadOutlines returns the outlines of the characters in the TrueType font. It
// uses whole numbers only.
func loadOutlines(ttf []byte, characters string) ([]outline, error) {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("font: %w", err)
	}
	var outlines []outline
	var buf sfnt.Buffer
	for _, r := range characters {
		glyph, err := f.GlyphIndex(&buf, r)
		if err != nil || glyph == 0 {
			return nil, fmt.Errorf("font: no character %q", r)
		}
		// With as many pixels an em as the font has units, coordinates are font units.
		segments, err := f.LoadGlyph(&buf, glyph, fixed.Int26_6(f.UnitsPerEm()), &sfnt.LoadGlyphOptions{})
		if err != nil {
			return nil, fmt.Errorf("font: character %q: %w", r, err)
		}
		o, err := flatten(segments)
		if err != nil {
			return nil, fmt.Errorf("font: character %q: %w", r, err)
		}
		outlines = append(outlines, o.centred())
	}
	return outlines, nil
}

// flatten turns lines and quadratic curves into closed contours of lines.
func flatten(segments sfnt.Segments) (outline, error) {
	var o outline
	var contour []point
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if len(contour) > 2 {
				o = append(o, contour)
			}
			contour = []point{fromFixed(s.Args[0])}
		case sfnt.SegmentOpLineTo:
			contour = append(contour, fromFixed(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			contour = appendCurve(contour, fromFixed(s.Args[0]), fromFixed(s.Args[1]))
		default:
			return nil, fmt.Errorf("curves of order 3: need a TrueType font")
		}
	}
	if len(contour) > 2 {
		o = append(o, contour)
	}
	return o, nil
}

func fromFixed(p fixed.Point26_6) point { return point{int32(p.X), int32(p.Y)} }

// appendCurve adds curveSteps points of the quadratic curve from the contour's last
// point by control point b to c.
func appendCurve(contour []point, b, c point) []point {
	const n = curveSteps
	a := contour[len(contour)-1]
	for k := int32(1); k <= n; k++ {
		wa, wb, wc := (n-k)*(n-k), 2*k*(n-k), k*k
		contour = append(contour, point{
			(wa*a.x + wb*b.x + wc*c.x) / (n * n),
			(wa*a.y + wb*b.y + wc*c.y) / (n * n),
		})
	}
	return contour
}

func (o outline) centred() outline {
	lo, hi := o[0][0], o[0][0]
	for _, contour := range o {
		for _, p := range contour {
			lo = point{min(lo.x, p.x), min(lo.y, p.y)}
			hi = point{max(hi.x, p.x), max(hi.y, p.y)}
		}
	}
	mid := point{(lo.x + hi.x) >> 1, (lo.y + hi.y) >> 1}
	for _, contour := range o {
		for i := range contour {
			contour[i].x -= mid.x
			contour[i].y -= mid.y
		}
	}
	return o
}
