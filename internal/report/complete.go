package report

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// A leg is one difference of the confirmation by whole schedules, in points.
type leg struct {
	name     string
	mean     float64
	interval statistics.Interval // what counts: two-sided, or from the one-sided lower limit up
	answer   string
}

func legsOf(c *harness.CompleteReport, f *harness.CompleteFigure) []leg {
	sensitive, confirmed := "no: may be within the margin, so T is on the plateau and the next line says nothing", "says nothing here"
	if f.Sensitive(c.Margin) {
		sensitive, confirmed = "yes, worse by more than the margin", "no: may be worse by the margin or more"
		if f.Confirmed(c.Margin) {
			confirmed = "yes, not worse by the margin"
		}
	}
	return []leg{
		{"baseline, T/2 − T", f.Assay.Mean, f.Assay.Interval, sensitive},
		{"MTO in T/2 − baseline in T", f.NonInferior.Mean, statistics.Interval{Lo: f.NonInferior.Lower, Hi: math.Inf(1)}, confirmed},
		{"MTO − baseline, both in T", f.Gain.Mean, f.Gain.Interval, "a difference in quality, no speed"},
	}
}

// completeFigures is the confirmation by whole schedules, a figure for each end-of-run evaluation; the
// first decides.
func completeFigures(r *harness.Report) []figure {
	if r.Complete == nil {
		return nil
	}
	var list []figure
	for i := range r.Complete.Figures {
		list = append(list, completeFigure(r.Complete, i))
	}
	return list
}

func completeFigure(c *harness.CompleteReport, at int) figure {
	e := &c.Figures[at]
	legs := legsOf(c, e)
	role := "decides"
	if at > 0 {
		role = "stands beside it"
	}
	f := figure{
		ID: "complete-" + plainID(e.Name), Title: fmt.Sprintf("Whole schedules by %s (%s)", e.Name, role),
		Caption: fmt.Sprintf("Differences on the test split in points, paired by seed (%d). Each run follows a whole schedule (%s) of T = %s or T/2 = %s epochs. The shaded zone is worse by more than the margin of %s points: the first interval must lie in it for the comparison to say anything, and the second must lie out of it for half the epochs to do.",
			len(e.Seeds), c.Schedule, tidy(c.Epochs), tidy(c.Half), tidy(c.Margin)),
		Table: table{Caption: fmt.Sprintf("Whole schedules by %s: accuracy in percent by seed", e.Name), Align: "wn", Head: []string{"seed", "baseline, T", "baseline, T/2", "MTO, T", "MTO, T/2"}},
	}
	for i, seed := range e.Seeds {
		f.Table.Rows = append(f.Table.Rows, row(fmt.Sprint(seed), fixed(e.Base[i], 2), fixed(e.BaseHalf[i], 2), fixed(e.MTO[i], 2), fixed(e.MTOHalf[i], 2)))
	}
	f.Table.Rows = append(f.Table.Rows, row("mean", fixed(statistics.Mean(e.Base), 2), fixed(statistics.Mean(e.BaseHalf), 2), fixed(statistics.Mean(e.MTO), 2), fixed(statistics.Mean(e.MTOHalf), 2)))
	lo, hi := min(-c.Margin, 0), 0.0
	for _, l := range legs {
		f.Desc += fmt.Sprintf("%s: %s points (%s): %s. ", capital(l.name), fixed(l.mean, 2), legInterval(l), l.answer)
		for _, v := range []float64{l.mean, l.interval.Lo, l.interval.Hi} {
			if finite(v) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	f.Caption += " " + f.Desc
	return f.drawn(false, func(w float64) *canvas {
		const step, top = 58.0, 8.0
		bottom := top + step*float64(len(legs))
		a := roomy("", lo, hi, 5)
		p := &canvas{w: w, h: bottom + 42}
		x := scale{from: a.from, to: a.to, start: 26, end: w - 26}
		p.rect("worse", x.start, top, x.at(-c.Margin)-x.start, bottom-top)
		for _, v := range a.ticks {
			p.line("grid", x.at(v), top, x.at(v), bottom)
			p.text("tick", x.at(v), bottom+17, "middle", tidy(v))
		}
		p.line("axis", x.at(0), top, x.at(0), bottom)
		p.text("axistitle", x.end, bottom+36, "end", "points of accuracy")
		for i, l := range legs {
			y := top + float64(float64(i)*step)
			p.text("note", 4, y+15, "start", l.name)
			p.text("note", 4, y+31, "start", fmt.Sprintf("%s (%s)", fixed(l.mean, 2), legInterval(l)))
			if !finite(l.mean) {
				continue
			}
			from, to := l.interval.Lo, l.interval.Hi
			if !finite(from) {
				from = a.from
			}
			if !finite(to) {
				to = a.to
			}
			p.line("interval primary", x.at(from), y+44, x.at(to), y+44)
			p.marker(armOn, x.at(l.mean), y+44, false)
		}
		return p
	})
}

func legInterval(l leg) string {
	if finite(l.interval.Lo) && !finite(l.interval.Hi) {
		return "at least " + fixed(l.interval.Lo, 2)
	}
	return intervalText(l.interval, 2)
}
