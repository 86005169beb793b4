package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// drawing is an SVG picture being made. Lengths are in pixels, y grows downwards.
type drawing struct {
	width, height float64
	body          strings.Builder
}

// Colours that differ for readers with colour blindness, too (Okabe and Ito).
var palette = []string{"#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#000000"}

const (
	grey = "#888888"
	pale = "#dddddd"
)

func (d *drawing) line(x0, y0, x1, y1 float64, colour string, width float64, dashed bool) {
	dash := ""
	if dashed {
		dash = ` stroke-dasharray="4 3"`
	}
	fmt.Fprintf(&d.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f"%s/>`+"\n", x0, y0, x1, y1, colour, width, dash)
}

func (d *drawing) path(points [][2]float64, colour string, dashed bool) {
	for i := 1; i < len(points); i++ {
		d.line(points[i-1][0], points[i-1][1], points[i][0], points[i][1], colour, 1.6, dashed)
	}
}

func (d *drawing) dot(x, y float64, colour string) {
	fmt.Fprintf(&d.body, `<circle cx="%.1f" cy="%.1f" r="3.6" fill="%s" fill-opacity="0.85"/>`+"\n", x, y, colour)
}

// text writes s at x, y, its baseline; anchor is start, middle or end.
func (d *drawing) text(x, y float64, anchor, s string, size float64, bold bool) {
	weight := ""
	if bold {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(&d.body, `<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%.0f"%s>%s</text>`+"\n", x, y, anchor, size, weight, html.EscapeString(s))
}

func (d *drawing) bytes() []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="sans-serif">
<rect width="100%%" height="100%%" fill="white"/>
%s</svg>
`, d.width, d.height, d.width, d.height, d.body.String())
}

// axis maps values to pixels, by their logarithm if log.
type axis struct {
	from, to    float64 // values
	start, end  float64 // pixels
	logarithmic bool
}

func (a axis) at(v float64) float64 {
	f, t := a.from, a.to
	if a.logarithmic {
		v, f, t = math.Log2(v), math.Log2(f), math.Log2(t)
	}
	return a.start + (v-f)/(t-f)*(a.end-a.start)
}

// tidy formats a number without needless digits.
func tidy(v float64) string { return fmt.Sprintf("%.4g", v) }
