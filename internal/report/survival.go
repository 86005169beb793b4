package report

import (
	"fmt"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// survivalFigure is the Kaplan-Meier estimate of epochs-to-target by arm.
func survivalFigure(r *harness.Report) figure {
	t := r.Targets[r.Primary]
	budget := r.Study.Lock.Budget.Epochs
	f := figure{
		ID: "survival", Title: "Share of runs not yet at the target",
		Caption: "Kaplan-Meier estimate. Each step is a run that reaches the target; small bars at the end are runs that left observation at the budget without it. The dotted line marks the median.",
		Legend:  armLegend(),
		Table:   table{Caption: "Kaplan-Meier steps", Align: "wn", Head: []string{"arm", "epoch", "at risk", "reached", "left without", "share not there"}},
	}
	curves := map[string]statistics.SurvivalCurve{}
	for _, arm := range arms {
		curves[arm] = statistics.KaplanMeier(crossings(runsOf(r, arm), t.Tau))
		for _, s := range curves[arm] {
			f.Table.Rows = append(f.Table.Rows, row(armText[arm], fixed(s.Time, 2), fmt.Sprint(s.AtRisk), fmt.Sprint(s.Hits), fmt.Sprint(s.Censored), fixed(s.Survival, 3)))
		}
		median := "doesn't exist: fewer than half of the runs reached the target"
		if m, ok := curves[arm].Median(); ok {
			median = fixed(m, 2) + " epochs"
		}
		f.Desc += fmt.Sprintf("%s: %d of %d runs reach the target; the median is %s. ", capital(armText[arm]), hits(r, arm, t.Tau), len(runsOf(r, arm)), median)
		if arm == armOff {
			f.Desc = capital(f.Desc)
		}
	}
	return f.drawn(false, func(w float64) *canvas {
		p := newPlot(w, 300, linear("epochs", 0, budget, 5), withLabel(linear("runs not yet there", 0, 1, 4), func(v float64) string { return percent(100 * v) }))
		p.across("half", 0.5)
		for _, arm := range arms {
			if len(curves[arm]) == 0 {
				continue
			}
			points := []point{{p.x.at(0), p.y.at(1)}}
			level := 1.0
			for _, s := range curves[arm] {
				points = append(points, point{p.x.at(s.Time), p.y.at(level)}, point{p.x.at(s.Time), p.y.at(s.Survival)})
				level = s.Survival
			}
			p.path("median "+arm, append(points, point{p.x.at(budget), p.y.at(level)}))
			for _, s := range curves[arm] {
				if s.Censored > 0 {
					x, y := p.x.at(s.Time), p.y.at(s.Survival)
					p.line("leaves "+arm, x, y-6, x, y+6)
				}
			}
		}
		return &p.canvas
	})
}
