package report

import (
	"fmt"

	"github.com/mtobench/mtobench/harness"
)

// profileFigure shows the reduction over the targets: a method can be quick early and slow late.
func profileFigure(r *harness.Report) figure {
	f := figure{
		ID: "profile", Title: "Reduction of epochs by target",
		Caption: "How many epochs MTO saves to reach each target, with the 95 % interval; above 0 it saves, below it costs. The target is a fraction c of the way from the untrained to the calibrated end. Hollow: the target isn't admissible. The verdict rests on the primary target alone, drawn larger. " + capital(harness.Unadjusted) + ".",
		Legend: []legendItem{
			{sign(func(c *canvas) { c.line("interval", 17, 1, 17, 13); c.marker(armOn, 17, 7, false) }), "reduction with interval"},
			{sign(func(c *canvas) { c.line("half", 1, 7, 33, 7) }), "a halving"},
		},
		Table: table{Caption: "Reduction by target", Align: "nnnnnnnw", Head: []string{"c", "target", "reduction", "95 % interval", "p", "reached without", "with", "admissible"}},
	}
	lo, hi := -10.0, 55.0
	for _, t := range r.Targets {
		admissible := "yes"
		if len(t.Refused) > 0 {
			admissible = "no: " + t.Refused[0]
		}
		reduction, interval, p := "–", "–", "–"
		if r.Shown(t) && !t.StartedAtTarget {
			from, to := 100*(1-t.Interval.Hi), 100*(1-t.Interval.Lo)
			reduction, p = signedText(100*t.Reduction()), fixed(t.P, 4)
			if finite(from) && finite(to) {
				interval = signedText(from) + " to " + signedText(to)
				lo, hi = min(lo, from), max(hi, to)
			}
		}
		f.Table.Rows = append(f.Table.Rows, row(fixed(t.C, 2), fixed(t.Tau, 2)+" %", reduction, interval, p,
			fmt.Sprintf("%d of %d", t.HitsOff, t.Pairs), fmt.Sprintf("%d of %d", t.HitsOn, t.Pairs), admissible))
		f.Desc += fmt.Sprintf("At c = %s the reduction is %s, interval %s. ", fixed(t.C, 2), reduction, interval)
	}
	lo = max(lo, -200)
	return f.drawn(false, func(w float64) *canvas {
		first, last := r.Targets[0].C, r.Targets[len(r.Targets)-1].C
		pad := max(0.02, float64(0.12*(last-first)))
		x := axis{title: "target c", from: first - pad, to: last + pad}
		for _, t := range r.Targets {
			x.ticks = append(x.ticks, t.C)
		}
		x.label = func(v float64) string { return fixed(v, 2) }
		p := newPlot(w, 300, x, withLabel(roomy("reduction of epochs", lo, hi, 6), signed))
		p.across("axis", 0)
		p.across("half", 100*(1-claimed))
		for i, t := range r.Targets {
			if !r.Shown(t) || !finite(t.Ratio) {
				continue
			}
			x := p.x.at(t.C)
			class := "interval"
			if i == r.Primary {
				class += " primary"
			}
			if from, to := 100*(1-t.Interval.Hi), 100*(1-t.Interval.Lo); finite(from) && finite(to) {
				p.line(class, x, p.y.at(p.y.inside(from)), x, p.y.at(p.y.inside(to)))
			}
			p.marker(armOn, x, p.y.at(p.y.inside(100*t.Reduction())), len(t.Refused) > 0)
		}
		return &p.canvas
	})
}
