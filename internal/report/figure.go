package report

import (
	"html/template"
	"strings"
)

// A figure is a drawing with the words and the numbers that stand for it.
type figure struct {
	ID      string // unique on the page
	Title   string
	Desc    string // what the drawing shows, in words, for those who don't see it
	Caption string // how to read it
	Legend  []legendItem
	Wide    template.HTML // for wide windows and paper; empty: Narrow serves all
	Narrow  template.HTML
	Table   table
}

// A legendItem explains one sign.
type legendItem struct {
	Sign template.HTML
	Text string
}

// A table is the numbers behind a figure, or numbers of its own.
type table struct {
	ID      string
	Caption string
	Head    []string
	Rows    [][]cell
	Align   string // w for a column of words, n for one of numbers; the last letter serves the rest. The first column heads its row.
}

// Numeric reports whether column i holds numbers.
func (t table) Numeric(i int) bool { return t.Align[min(i, len(t.Align)-1)] == 'n' }

// Class is that of a cell in column i.
func (t table) Class(i int, c cell) string {
	if t.Numeric(i) {
		return strings.TrimSpace("number " + c.Class)
	}
	return c.Class
}

// A cell is text with a class.
type cell struct{ Text, Class string }

// row makes cells of texts.
func row(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, t := range texts {
		cells[i].Text = t
	}
	return cells
}

// Widths of drawings. Text in them has 13 units, so they are made for pages of about that many pixels.
const (
	wide   = 800.0
	narrow = 400.0
)

// drawn fills in the drawings of f: draw makes one of a given width.
func (f figure) drawn(big bool, draw func(w float64) *canvas) figure {
	f.Narrow = draw(narrow).svg(f.ID, f.Title, f.Desc)
	if big {
		f.Wide = draw(wide).svg(f.ID+"-wide", f.Title, f.Desc)
	}
	f.Table.ID = f.ID + "-numbers"
	if f.Table.Caption == "" {
		f.Table.Caption = f.Title
	}
	return f
}

// sign draws a small sample of what a legend explains.
func sign(draw func(c *canvas)) template.HTML {
	c := &canvas{w: 34, h: 14}
	draw(c)
	return c.svg("", "", "")
}

// armLegend explains the lines and markers of both arms.
func armLegend() []legendItem {
	item := func(arm string) legendItem {
		return legendItem{sign(func(c *canvas) {
			c.line("median "+arm, 1, 7, 33, 7)
			c.marker(arm, 17, 7, false)
		}), armText[arm]}
	}
	return []legendItem{item(armOff), item(armOn)}
}

// missedLegend explains hollow markers.
func missedLegend() legendItem {
	return legendItem{sign(func(c *canvas) {
		c.marker(armOff, 10, 7, true)
		c.marker(armOn, 24, 7, true)
	}), "hollow: never reached the target; stands at the budget"}
}

// bandLegend explains the bands.
func bandLegend(quartiles bool) legendItem {
	text := "pale: from the lowest to the highest seed"
	if quartiles {
		text = "band: middle half of the seeds; pale: from the lowest to the highest"
	}
	return legendItem{sign(func(c *canvas) {
		c.rect("range off", 1, 1, 32, 12)
		if quartiles {
			c.rect("quartiles off", 1, 4, 32, 6)
		}
	}), text}
}
