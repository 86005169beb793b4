package report

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// curvesFigure shows quality over epochs by arm, with the targets and each run's crossing.
func curvesFigure(r *harness.Report) figure {
	x := epochsOf(r)
	spreads := map[string]spread{}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, arm := range arms {
		spreads[arm] = spreadOf(runsOf(r, arm), func(p harness.Point) (float64, bool) { return p.Top1, true })
		lo, hi = spreads[arm].reach(lo, hi)
	}
	for _, t := range r.Targets {
		lo, hi = min(lo, t.Tau), max(hi, t.Tau)
	}
	primary := r.Targets[r.Primary]
	f := figure{
		ID: "curves", Title: "Quality over epochs",
		Desc: curvesWords(r, spreads),
		Caption: fmt.Sprintf("Top-1 of the primary probe on the validation images, as measured on the grid. The line is the median of the seeds. "+
			"Signs on the target line show where the isotonic fit of each run crosses it (discs above: without MTO; triangles below: with MTO); "+
			"dropped lines lead from the medians to the epochs. The primary target is %s %%, c = %s; the other targets are the fine lines.", fixed(primary.Tau, 2), tidy(primary.C)),
		Legend: append(append(armLegend(), bandLegend(len(runsOf(r, armOff)) >= minQuartiles)), missedLegend()),
	}
	f.Table = curvesTable(r, x, spreads)
	return f.drawn(true, func(w float64) *canvas {
		h := 300.0
		if w == wide {
			h = 400
		}
		p := newPlot(w, h, linear("epochs", 0, r.Study.Lock.Budget.Epochs, int(w/80)), withLabel(roomy("top-1, percent", lo, hi, 6), percent))
		for _, arm := range arms {
			if len(spreads[arm].median) > 0 {
				spreads[arm].draw(p, arm, x)
			}
		}
		for _, t := range r.Targets {
			if t.C != primary.C {
				p.across("target", t.Tau)
			}
		}
		p.across("target primary", primary.Tau)
		p.text("note strong", p.x.start+6, p.y.at(primary.Tau)-12, "start", fmt.Sprintf("target %s %%", fixed(primary.Tau, 2)))
		p.crossingMarks(r, primary)
		return &p.canvas
	})
}

// crossingMarks draws each run's crossing at the target line and leads the medians down to the epochs.
func (p *plot) crossingMarks(r *harness.Report, t harness.TargetReport) {
	y := p.y.at(t.Tau)
	type drop struct {
		arm string
		at  float64
	}
	var drops []drop
	for _, arm := range arms {
		shift := -7.0
		if arm == armOn {
			shift = 8
		}
		times := crossings(runsOf(r, arm), t.Tau)
		for _, c := range times {
			p.marker(arm, p.x.at(c.At), y+shift, !c.Hit)
		}
		if m, ok := statistics.KaplanMeier(times).Median(); ok {
			drops = append(drops, drop{arm, m})
		}
	}
	for i, d := range drops {
		x := p.x.at(d.at)
		p.line("drop "+d.arm, x, y, x, p.y.start)
		anchor, dx := "end", -4.0
		if len(drops) == 2 && d.at > drops[1-i].at || len(drops) == 2 && d.at == drops[1-i].at && i == 1 {
			anchor, dx = "start", 4
		}
		if text := fixed(d.at, 1); anchor == "start" && x+dx+float64(len(text))*letter > p.w {
			anchor, dx = "end", -4
			p.value(d.arm, x+dx, p.y.start-24, anchor, text)
		} else {
			p.value(d.arm, x+dx, p.y.start-8, anchor, text)
		}
	}
}

// curvesWords says what the curves show.
func curvesWords(r *harness.Report, spreads map[string]spread) string {
	text := ""
	for _, arm := range arms {
		s := spreads[arm]
		if n := len(s.median); n > 0 {
			text += fmt.Sprintf("%s: the median of %d seeds goes from %s %% at epoch 0 to %s %% at epoch %s. ",
				capital(armText[arm]), s.n, fixed(s.median[0], 1), fixed(s.median[n-1], 1), tidy(r.Study.Lock.Budget.Epochs))
		}
	}
	t := r.Targets[r.Primary]
	return text + fmt.Sprintf("The target of %s %% is reached by %d of %d runs without and %d of %d with MTO.", fixed(t.Tau, 2), hits(r, armOff, t.Tau), len(runsOf(r, armOff)), hits(r, armOn, t.Tau), len(runsOf(r, armOn)))
}

func hits(r *harness.Report, arm string, tau float64) int {
	n := 0
	for _, c := range crossings(runsOf(r, arm), tau) {
		if c.Hit {
			n++
		}
	}
	return n
}

// curvesTable has median, lowest and highest of both arms on the grid.
func curvesTable(r *harness.Report, x []float64, spreads map[string]spread) table {
	t := table{Caption: "Top-1 in percent, by epoch: median, lowest and highest of the seeds", Align: "wn",
		Head: []string{"epoch", "without: median", "lowest", "highest", "with: median", "lowest", "highest"}}
	for i := range x {
		cells := []string{tidy(x[i])}
		for _, arm := range arms {
			if s := spreads[arm]; i < len(s.median) {
				cells = append(cells, fixed(s.median[i], 2), fixed(s.lo[i], 2), fixed(s.top[i], 2))
			} else {
				cells = append(cells, "–", "–", "–")
			}
		}
		t.Rows = append(t.Rows, row(cells...))
	}
	return t
}

// seedsFigure is one small drawing a pair: both curves, their fits and crossings.
func seedsFigure(r *harness.Report) figure {
	pairs := r.Pairs()
	primary := r.Targets[r.Primary]
	x := epochsOf(r)
	lo, hi := primary.Tau, primary.Tau
	for _, pair := range pairs {
		for _, f := range pair {
			for _, q := range column(f.Curve, top1) {
				lo, hi = min(lo, q), max(hi, q)
			}
		}
	}
	f := figure{
		ID: "seeds", Title: "Each pair by itself",
		Desc:    fmt.Sprintf("One small plot for each of %d pairs: the measured curve and its isotonic fit in both arms, with the crossings of the primary target.", len(pairs)),
		Caption: "Fine: as measured. Strong: the isotonic fit that the crossing is read from. The same axes everywhere.",
		Legend:  armLegend(),
		Table:   table{Caption: "Crossings of the primary target by seed", Align: "wn", Head: []string{"seed", "without MTO: epochs", "raw first crossing", "top-1 at the end", "with MTO: epochs", "raw first crossing", "top-1 at the end"}},
	}
	for _, pair := range pairs {
		cells := []string{fmt.Sprint(pair[0].Job.Seed)}
		for _, run := range pair {
			o := run.Outcome(primary.Tau)
			cells = append(cells, crossingText(o.Crossing), crossingText(o.Raw), fixed(o.Top1, 2)+" %")
		}
		f.Table.Rows = append(f.Table.Rows, row(cells...))
	}
	return f.drawn(true, func(w float64) *canvas {
		columns := int(w / 190)
		return facets(w, columns, 150, len(pairs), func(i int, w, h float64) *plot {
			p := newPlot(w, h, linear("", 0, r.Study.Lock.Budget.Epochs, 3), roomy(fmt.Sprintf("seed %d", pairs[i][0].Job.Seed), lo, hi, 3))
			p.across("target primary", primary.Tau)
			for k, arm := range arms {
				run := pairs[i][k]
				o := run.Outcome(primary.Tau)
				p.curve("measured "+arm, x, column(run.Curve, top1))
				p.curve("median "+arm, x, o.Fit)
			}
			for k, arm := range arms {
				o := pairs[i][k].Outcome(primary.Tau)
				p.marker(arm, p.x.at(o.At), p.y.at(primary.Tau), !o.Hit)
			}
			return p
		})
	})
}

// facets lays out n plots in rows of the given number of columns.
func facets(w float64, columns int, h float64, n int, draw func(i int, w, h float64) *plot) *canvas {
	columns = max(1, min(columns, n))
	rows := (n + columns - 1) / columns
	gap := 10.0
	each := (w - gap*float64(columns-1)) / float64(columns)
	c := &canvas{w: w, h: float64(rows) * (h + gap)}
	for i := range n {
		p := draw(i, each, h)
		left, top := float64(i%columns)*(each+gap), float64(i/columns)*(h+gap)
		fmt.Fprintf(&c.body, `<g transform="translate(%s %s)">%s</g>`, length(left), length(top), p.body.String())
	}
	return c
}

// crossingText writes a crossing; one that was missed lies beyond its time.
func crossingText(c statistics.Crossing) string {
	if !c.Hit {
		return "> " + fixed(c.At, 2)
	}
	return fixed(c.At, 2)
}

func withLabel(a axis, label func(float64) string) axis {
	a.label = label
	return a
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
