package report

import (
	"fmt"
	"html"
	"html/template"
	"strconv"
	"strings"
)

// A canvas is an SVG drawing being made. Lengths are in its own units, y grows downwards. What a shape
// looks like is said by its class, in style.css: so one drawing serves light, dark and paper.
type canvas struct {
	w, h float64
	body strings.Builder
}

// point is a place on a canvas.
type point struct{ x, y float64 }

// length writes a coordinate to a tenth of a unit.
func length(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

func (c *canvas) line(class string, x0, y0, x1, y1 float64) {
	fmt.Fprintf(&c.body, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, length(x0), length(y0), length(x1), length(y1))
}

func (c *canvas) rect(class string, x, y, w, h float64) {
	fmt.Fprintf(&c.body, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, class, length(x), length(y), length(max(0, w)), length(max(0, h)))
}

// path draws a polyline.
func (c *canvas) path(class string, points []point) {
	if len(points) < 2 {
		return
	}
	fmt.Fprintf(&c.body, `<path class="%s" d="%s"/>`, class, trace(points))
}

// area fills between two polylines of equal length.
func (c *canvas) area(class string, upper, lower []point) {
	outline := append([]point{}, upper...)
	for i := len(lower) - 1; i >= 0; i-- {
		outline = append(outline, lower[i])
	}
	fmt.Fprintf(&c.body, `<path class="%s" d="%sZ"/>`, class, trace(outline))
}

func trace(points []point) string {
	var b strings.Builder
	for i, p := range points {
		switch i {
		case 0:
			b.WriteByte('M')
		default:
			b.WriteByte('L')
		}
		b.WriteString(length(p.x) + " " + length(p.y))
	}
	return b.String()
}

// text writes s with its baseline at y; anchor is start, middle or end.
func (c *canvas) text(class string, x, y float64, anchor, s string) {
	fmt.Fprintf(&c.body, `<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`, class, length(x), length(y), anchor, html.EscapeString(s))
}

// value writes an arm's number over whatever is drawn there: its outline, in the colour of the ground, lies below it.
func (c *canvas) value(arm string, x, y float64, anchor, s string) {
	fmt.Fprintf(&c.body, `<text class="value %s" paint-order="stroke" x="%s" y="%s" text-anchor="%s">%s</text>`, arm, length(x), length(y), anchor, html.EscapeString(s))
}

// marker draws the sign of an arm: a disc for off, a triangle for on. A hollow one stands for a run that
// never reached the target.
func (c *canvas) marker(arm string, x, y float64, hollow bool) {
	class := "mark " + arm
	if hollow {
		class += " hollow"
	}
	if arm == armOff {
		fmt.Fprintf(&c.body, `<circle class="%s" cx="%s" cy="%s" r="4"/>`, class, length(x), length(y))
		return
	}
	fmt.Fprintf(&c.body, `<path class="%s" d="%sZ"/>`, class, trace([]point{{x, y - 5}, {x + 4.6, y + 3.4}, {x - 4.6, y + 3.4}}))
}

// svg closes the drawing. It is hidden from readers of the text where name is empty; else title and
// description are its name, under ids that begin with name.
func (c *canvas) svg(name, title, desc string) template.HTML {
	head := fmt.Sprintf(`<svg viewBox="0 0 %s %s"`, length(c.w), length(c.h))
	if name == "" {
		return template.HTML(head + ` aria-hidden="true">` + c.body.String() + `</svg>`)
	}
	return template.HTML(fmt.Sprintf(`%s role="img" aria-labelledby="%s-title" aria-describedby="%s-desc"><title id="%s-title">%s</title><desc id="%s-desc">%s</desc>%s</svg>`,
		head, name, name, name, html.EscapeString(title), name, html.EscapeString(desc), c.body.String()))
}
