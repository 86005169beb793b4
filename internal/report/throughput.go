package report

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// rate is the images a second of a run's training clock.
func rate(f *harness.Finished) float64 {
	end := f.Curve[len(f.Curve)-1]
	return float64(end.Images) / (float64(max(1, end.TrainNS)) / 1e9)
}

// timed reads a value of the run's time block; NaN where it has none.
func timed(f *harness.Finished, unit string) float64 {
	if f.Result.Time != nil {
		for _, v := range f.Result.Time.Values {
			if v.Unit == unit {
				return v.Value
			}
		}
	}
	return math.NaN()
}

// noSeconds says why the arms' training seconds may not be compared; empty where they may.
func noSeconds(r *harness.Report) string {
	if !r.ShownPrimary() {
		return "the study is " + r.Verdict.Word
	}
	for _, u := range r.Units {
		if u.Unit == harness.UnitTrainSeconds {
			return u.Withheld
		}
	}
	return "there are none of pairs"
}

// speedFigures are the throughput of the runs and, where seconds may be compared, the quality over them.
func speedFigures(r *harness.Report) []figure {
	figures := []figure{throughputFigure(r)}
	if noSeconds(r) == "" {
		figures = append(figures, secondsFigure(r))
	}
	return figures
}

// throughputFigure shows how fast each run trained. Its medians by arm stand where seconds may be compared.
func throughputFigure(r *harness.Report) figure {
	f := figure{
		ID: "throughput", Title: "Training throughput of each run",
		Caption: "Images a second of the training clock (data, forward, backward, update; no evaluation). A drift over the seeds, or runs that differ within an arm, mean a busy machine: trust the epochs, not the seconds. The square is the repeated run.",
		Legend:  append(armLegend(), legendItem{sign(func(c *canvas) { c.rect("mark again", 13, 3, 8, 8) }), "repeated run, without MTO"}),
		Table:   table{Caption: "Throughput by run", Align: "wwn", Head: []string{"seed", "arm", "images/s", "training seconds", "wall seconds", "CPU seconds", "peak memory, MiB"}},
	}
	add := func(run *harness.Finished, name string) {
		end := run.Curve[len(run.Curve)-1]
		f.Table.Rows = append(f.Table.Rows, row(fmt.Sprint(run.Job.Seed), name, fixed(rate(run), 0), fixed(float64(end.TrainNS)/1e9, 2), fixed(float64(end.WallNS)/1e9, 2), fixed(float64(end.CPUNS)/1e9, 2), fixed(timed(run, "peak-rss-bytes")/(1<<20), 0)))
	}
	hi := 0.0
	rates := map[string][]float64{}
	for _, run := range r.Runs {
		add(run, armText[run.Job.Arm])
		hi = max(hi, rate(run))
		rates[run.Job.Arm] = append(rates[run.Job.Arm], rate(run))
	}
	if r.Repeat != nil {
		add(r.Repeat, "without MTO, repeated")
		hi = max(hi, rate(r.Repeat))
	}
	if why := noSeconds(r); why != "" {
		clear(rates)
		f.Desc = fmt.Sprintf("%d runs by seed, without a median of an arm.", len(r.Runs))
		f.Caption += " Seconds are withheld: " + why + ". So there is no median of an arm, and no figure of quality over seconds."
	}
	for _, arm := range arms {
		if len(rates[arm]) > 0 {
			f.Desc += fmt.Sprintf("%s: median %s images a second. ", capital(armText[arm]), fixed(statistics.Median(rates[arm]), 0))
		}
	}
	seeds := r.Study.Lock.Seeds
	return f.drawn(false, func(w float64) *canvas {
		x := axis{title: "seed", from: -0.5, to: float64(len(seeds)) - 0.5, label: func(v float64) string { return fmt.Sprint(seeds[int(v)]) }}
		for i := range seeds {
			x.ticks = append(x.ticks, float64(i))
		}
		p := newPlot(w, 260, x, roomy("images a second", 0, hi, 5))
		for i, seed := range seeds {
			for _, run := range r.Runs {
				if run.Job.Seed == seed {
					at := -0.12
					if run.Job.Arm == armOn {
						at = 0.12
					}
					p.marker(run.Job.Arm, p.x.at(float64(i)+at), p.y.at(rate(run)), false)
				}
			}
			if r.Repeat != nil && r.Repeat.Job.Seed == seed {
				p.rect("mark again", p.x.at(float64(i)-0.3)-4, p.y.at(rate(r.Repeat))-4, 8, 8)
			}
		}
		for _, arm := range arms {
			if len(rates[arm]) > 0 {
				p.across("level "+arm, statistics.Median(rates[arm]))
			}
		}
		return &p.canvas
	})
}

// secondsFigure is quality over the training clock: what MTO's cost a step makes of the epochs.
func secondsFigure(r *harness.Report) figure {
	primary := r.Targets[r.Primary]
	f := figure{
		ID: "seconds", Title: "Quality over training seconds",
		Caption: "A line a run. The epochs hide what MTO adds to a step; here it shows. The dashed line is the primary target.",
		Legend:  armLegend(),
		Table:   table{Caption: "Training seconds to the primary target by run", Align: "wwn", Head: []string{"seed", "arm", "seconds to the target", "seconds to the budget"}},
	}
	lo, hi, longest := primary.Tau, primary.Tau, 0.0
	seconds := func(p harness.Point) float64 { return float64(p.TrainNS) / 1e9 }
	totals := map[string][]float64{}
	for _, run := range r.Runs {
		for _, p := range run.Curve {
			lo, hi, longest = min(lo, p.Top1), max(hi, p.Top1), max(longest, seconds(p))
		}
		o := run.Outcome(primary.Tau)
		end := seconds(run.Curve[len(run.Curve)-1])
		totals[run.Job.Arm] = append(totals[run.Job.Arm], end)
		f.Table.Rows = append(f.Table.Rows, row(fmt.Sprint(run.Job.Seed), armText[run.Job.Arm], crossingText(statistics.Crossing{At: o.TrainNS / 1e9, Hit: o.Hit}), fixed(end, 2)))
	}
	for _, arm := range arms {
		if len(totals[arm]) > 0 {
			f.Desc += fmt.Sprintf("%s: the whole budget takes %s seconds, the median of %d runs. ", capital(armText[arm]), fixed(statistics.Median(totals[arm]), 1), len(totals[arm]))
		}
	}
	return f.drawn(false, func(w float64) *canvas {
		p := newPlot(w, 260, linear("training seconds", 0, max(longest, 1e-3), 5), withLabel(roomy("top-1, percent", lo, hi, 5), percent))
		p.across("target primary", primary.Tau)
		for _, run := range r.Runs {
			p.curve("each "+run.Job.Arm, column(run.Curve, seconds), column(run.Curve, top1))
		}
		return &p.canvas
	})
}
