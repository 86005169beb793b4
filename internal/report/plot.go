package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mtobench/mtobench/internal/detmath"
)

// A scale maps values to lengths, by their logarithm if log is set.
type scale struct {
	from, to   float64 // values
	start, end float64 // lengths
	log        bool
}

func (s scale) at(v float64) float64 {
	from, to := s.from, s.to
	if s.log {
		v, from, to = detmath.Log(v), detmath.Log(from), detmath.Log(to)
	}
	if to == from {
		return (s.start + s.end) / 2
	}
	return s.start + float64((v-from)/(to-from)*(s.end-s.start))
}

// inside keeps a value within the scale.
func (s scale) inside(v float64) float64 { return min(max(v, s.from), s.to) }

// An axis is one side of a plot.
type axis struct {
	title    string
	from, to float64
	ticks    []float64
	label    func(float64) string // nil: tidy
	log      bool
}

// linear is an axis from lo to hi with about n ticks.
func linear(title string, lo, hi float64, n int) axis {
	return axis{title: title, from: lo, to: hi, ticks: ticks(lo, hi, n)}
}

// roomy is a linear axis that reaches past lo and hi to the next ticks.
func roomy(title string, lo, hi float64, n int) axis {
	if hi-lo < 1e-9*max(1, math.Abs(hi)) {
		pad := max(math.Abs(hi)*0.05, 1e-3)
		lo, hi = lo-pad, hi+pad
	}
	step := tickStep(lo, hi, n)
	return linear(title, float64(math.Floor(lo/step)*step), float64(math.Ceil(hi/step)*step), n)
}

// tickStep is 1, 2 or 5 times a power of ten, so that about n steps span lo to hi.
func tickStep(lo, hi float64, n int) float64 {
	raw := (hi - lo) / float64(max(1, n))
	power := 1.0
	for power > raw {
		power /= 10
	}
	for power*10 <= raw {
		power *= 10
	}
	for _, m := range []float64{1, 2, 5} {
		if m*power >= raw*0.999 {
			return m * power
		}
	}
	return 10 * power
}

func ticks(lo, hi float64, n int) []float64 {
	step := tickStep(lo, hi, n)
	var list []float64
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+float64(step*1e-9); k++ {
		list = append(list, k*step)
	}
	return list
}

// tidy writes a number without needless digits.
func tidy(v float64) string {
	s := strconv.FormatFloat(v, 'g', 4, 64)
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1e6 && (f == 0 || math.Abs(f) >= 1e-3) {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if s == "-0" {
		return "0"
	}
	return minus(s)
}

// minus sets a true minus sign.
func minus(s string) string {
	if strings.HasPrefix(s, "-") {
		return "−" + s[1:]
	}
	return s
}

// A plot is a canvas with a rectangle of data between two axes.
type plot struct {
	canvas
	x, y scale
}

// letter is the mean width of a character of a drawing's text, and baseline the drop from its middle.
const (
	letter   = 7.6
	baseline = 4.3
)

// newPlot draws grid, ticks and titles. The title of y stands above the axis, so that nothing is turned.
func newPlot(w, h float64, x, y axis) *plot {
	widest := 0
	for _, v := range y.ticks {
		widest = max(widest, utf8.RuneCountInString(labelOf(y, v)))
	}
	p := &plot{canvas: canvas{w: w, h: h}}
	top, bottom := 12.0, h-24
	if y.title != "" {
		top = 28
	}
	if x.title != "" {
		bottom = h - 42
	}
	left, right := float64(widest)*letter+12, w-14
	p.x = scale{x.from, x.to, left, right, x.log}
	p.y = scale{y.from, y.to, bottom, top, y.log}
	for _, v := range y.ticks {
		p.line("grid", left, p.y.at(v), right, p.y.at(v))
		p.text("tick", left-6, p.y.at(v)+baseline, "end", labelOf(y, v))
	}
	taken := math.Inf(-1)
	for _, v := range x.ticks {
		at, text := p.x.at(v), labelOf(x, v)
		half := float64(utf8.RuneCountInString(text)) * letter / 2
		p.line("tickmark", at, bottom, at, bottom+4)
		if at-half < taken+9 {
			continue // no room
		}
		anchor := "middle"
		if at+half+3 > w { // digits are wider than the mean letter
			anchor, at = "end", w-1
		}
		taken = at + half
		p.text("tick", at, bottom+17, anchor, text)
	}
	p.line("axis", left, bottom, right, bottom)
	if y.title != "" {
		p.text("axistitle", 0, 13, "start", y.title)
	}
	if x.title != "" {
		p.text("axistitle", right, h-7, "end", x.title)
	}
	return p
}

func labelOf(a axis, v float64) string {
	if a.label != nil {
		return a.label(v)
	}
	return tidy(v)
}

// curve draws y over x.
func (p *plot) curve(class string, x, y []float64) { p.path(class, p.points(x, y)) }

// band fills between two curves over the same x.
func (p *plot) band(class string, x, lower, upper []float64) {
	if len(x) > 1 {
		p.area(class, p.points(x, upper), p.points(x, lower))
	}
}

func (p *plot) points(x, y []float64) []point {
	list := make([]point, len(x))
	for i := range x {
		list[i] = point{p.x.at(x[i]), p.y.at(p.y.inside(y[i]))}
	}
	return list
}

// across draws a line through the whole width at the value v of y.
func (p *plot) across(class string, v float64) {
	p.line(class, p.x.start, p.y.at(v), p.x.end, p.y.at(v))
}

// percent labels a tick.
func percent(v float64) string { return tidy(v) + " %" }

// signed labels a tick with its sign.
func signed(v float64) string {
	if v > 0 {
		return "+" + tidy(v) + " %"
	}
	return percent(v)
}

// fixed writes v with a number of decimals, and a dash for what isn't a number.
func fixed(v float64, decimals int) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	}
	s := fmt.Sprintf("%.*f", decimals, v)
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == 0 && s[0] == '-' {
		return s[1:]
	}
	return minus(s)
}

// signedText writes percent with one decimal and a sign.
func signedText(v float64) string {
	s := fixed(v, 1) + " %"
	if v > 0.05 {
		s = "+" + s
	}
	return s
}
