package report

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// claimed is the ratio that the authors' claim amounts to.
const claimed = 0.5

// pairsFigure sets the epochs of both arms of each seed side by side.
func pairsFigure(r *harness.Report) figure {
	t := r.Targets[r.Primary]
	pairs := r.Pairs()
	f := figure{
		ID: "pairs", Title: "Epochs to the target, pair by pair",
		Caption: "One row a seed. The line between the signs is what MTO changed; its ratio stands at the right. Both arms of a seed share initial weights, data order, crops and masks.",
		Legend:  append(armLegend(), missedLegend()),
		Table:   table{Caption: "Epochs to the primary target by seed", Align: "wn", Head: []string{"seed", "without MTO", "with MTO", "ratio"}},
	}
	var off, on []statistics.Crossing
	lo := math.Inf(1)
	if !r.ShownPrimary() {
		f.Caption = "One row a seed. Both arms of a seed share initial weights, data order, crops and masks. The study is not measurable, so no ratio is shown."
	}
	for _, p := range pairs {
		a, b := p[0].Outcome(t.Tau).Crossing, p[1].Outcome(t.Tau).Crossing
		off, on = append(off, a), append(on, b)
		lo = min(lo, a.At, b.At)
		f.Table.Rows = append(f.Table.Rows, row(fmt.Sprint(p[0].Job.Seed), crossingText(a), crossingText(b), pairRatio(r, a, b)))
	}
	f.Desc = fmt.Sprintf("Of %d pairs, MTO was earlier in %d. Median epochs: %s without, %s with MTO.", len(pairs), t.Won, fixed(t.MedianOff, 2), fixed(t.MedianOn, 2))
	budget := r.Study.Lock.Budget.Epochs
	if lo > 0.4*budget {
		lo = math.Floor(float64(0.9 * lo))
	} else {
		lo = 0
	}
	return f.drawn(false, func(w float64) *canvas {
		const step, top = 22.0, 20.0
		bottom := top + float64(float64(len(pairs))*step) + 4
		c := &canvas{w: w, h: bottom + 42}
		x := scale{from: lo, to: budget, start: 44, end: w - 66}
		c.text("axistitle", 0, 13, "start", "seed")
		c.text("axistitle", w, 13, "end", "ratio")
		for _, v := range ticks(lo, budget, 5) {
			c.line("grid", x.at(v), top, x.at(v), bottom)
			c.text("tick", x.at(v), bottom+17, "middle", tidy(v))
		}
		c.line("budget", x.at(budget), top, x.at(budget), bottom)
		c.text("axistitle", x.end, bottom+36, "end", fmt.Sprintf("epochs (budget %s)", tidy(budget)))
		for i := range pairs {
			y := top + 14 + float64(float64(i)*step)
			a, b := x.at(off[i].At), x.at(on[i].At)
			c.text("tick", 28, y+baseline, "end", fmt.Sprint(pairs[i][0].Job.Seed))
			class := "change sooner"
			if b > a {
				class = "change later"
			}
			c.line(class, a, y, b, y)
			c.marker(armOff, a, y, !off[i].Hit)
			c.marker(armOn, b, y, !on[i].Hit)
			c.text("tick", w, y+baseline, "end", pairRatio(r, off[i], on[i]))
		}
		return c
	})
}

// pairRatio is the ratio of one pair, with the direction in which censoring bounds it; a dash where none may be shown.
func pairRatio(r *harness.Report, off, on statistics.Crossing) string {
	switch {
	case !r.ShownPrimary(), off.At == 0, !off.Hit && !on.Hit:
		return "–"
	case !off.Hit:
		return "< " + fixed(on.At/off.At, 2)
	case !on.Hit:
		return "> " + fixed(on.At/off.At, 2)
	}
	return fixed(on.At/off.At, 2)
}

// scatterFigure plots the epochs of one arm against those of the other.
func scatterFigure(r *harness.Report) figure {
	t := r.Targets[r.Primary]
	pairs := r.Pairs()
	lo, hi := math.Inf(1), 0.0
	var off, on []statistics.Crossing
	for _, p := range pairs {
		a, b := p[0].Outcome(t.Tau).Crossing, p[1].Outcome(t.Tau).Crossing
		off, on = append(off, a), append(on, b)
		lo, hi = min(lo, a.At, b.At), max(hi, a.At, b.At)
	}
	if lo < 0.4*hi {
		lo = 0
	}
	signText := func(class string) func(c *canvas) {
		return func(c *canvas) { c.line(class, 1, 7, 33, 7) }
	}
	f := figure{
		ID: "scatter", Title: "With against without MTO",
		Caption: "Below the diagonal MTO was sooner; the fine dashed line is what a halving would be (off the plot where the epochs lie close together).",
		Legend: []legendItem{
			{sign(signText("diagonal")), "equal epochs"}, {sign(signText("half")), "half the epochs"},
			{sign(func(c *canvas) { c.marker(armOn, 10, 7, false); c.marker(armOn, 24, 7, true) }), "a pair; hollow where an arm missed"},
		},
		Table: table{Caption: "The points", Align: "wn", Head: []string{"seed", "without MTO", "with MTO", "ratio"}},
		Desc:  "Epochs with MTO over epochs without, a point a seed.",
	}
	ratio := r.ShownPrimary() && finite(t.Ratio)
	if ratio {
		f.Caption += " The wedge is the interval of the ratio."
		f.Desc += fmt.Sprintf(" The ratio is %s, 95 %% interval %s.", fixed(t.Ratio, 3), intervalText(t.Interval, 3))
		f.Legend = append(f.Legend, legendItem{sign(func(c *canvas) { c.rect("wedge", 1, 1, 32, 12); c.line("ratio", 1, 7, 33, 7) }), "ratio with its 95 % interval"})
	}
	for i, p := range pairs {
		f.Table.Rows = append(f.Table.Rows, row(fmt.Sprint(p[0].Job.Seed), crossingText(off[i]), crossingText(on[i]), pairRatio(r, off[i], on[i])))
	}
	return f.drawn(false, func(w float64) *canvas {
		a := roomy("epochs without MTO", lo, hi, 5)
		b := a
		b.title = "epochs with MTO"
		p := newPlot(w, 330, a, b)
		p.clip("scatter", func() {
			ray := func(slope float64) []point {
				return []point{{p.x.at(a.from), p.y.at(float64(slope * a.from))}, {p.x.at(a.to), p.y.at(float64(slope * a.to))}}
			}
			if v := t.Interval; ratio && finite(v.Lo) && finite(v.Hi) {
				p.area("wedge", ray(v.Hi), ray(v.Lo))
			}
			p.path("diagonal", ray(1))
			p.path("half", ray(claimed))
			if ratio {
				p.path("ratio", ray(t.Ratio))
			}
		})
		for i := range off {
			p.marker(armOn, p.x.at(off[i].At), p.y.at(on[i].At), !off[i].Hit || !on[i].Hit)
		}
		return &p.canvas
	})
}

// clip keeps what draw draws inside the plot's rectangle. The name is unique on the page.
func (p *plot) clip(name string, draw func()) {
	fmt.Fprintf(&p.body, `<clipPath id="%s-clip"><rect x="%s" y="%s" width="%s" height="%s"/></clipPath><g clip-path="url(#%s-clip)">`,
		name, length(p.x.start), length(p.y.end), length(p.x.end-p.x.start), length(p.y.start-p.y.end), name)
	draw()
	p.body.WriteString("</g>")
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func intervalText(i statistics.Interval, decimals int) string {
	if !finite(i.Lo) && !finite(i.Hi) {
		return "unbounded"
	}
	return fixed(i.Lo, decimals) + " to " + fixed(i.Hi, decimals)
}
