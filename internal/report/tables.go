package report

import (
	"fmt"
	"strings"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// numbersTable has every number of the comparison at the primary target that may be shown.
func numbersTable(r *harness.Report) table {
	t := r.Targets[r.Primary]
	tab := table{ID: "numbers-table", Caption: "The comparison at the primary target", Align: "wn", Head: []string{"", "without MTO", "with MTO", "with ÷ without"}}
	add := func(name, off, on, both string) { tab.Rows = append(tab.Rows, row(name, off, on, both)) }
	add("pairs", "", "", fmt.Sprint(t.Pairs))
	add("runs that reached it", fmt.Sprint(t.HitsOff), fmt.Sprint(t.HitsOn), "")
	add("median epochs, missed ones at the budget", fixed(t.MedianOff, 2), fixed(t.MedianOn, 2), "")
	pairs := r.Pairs()
	var off, on []statistics.Crossing
	for _, p := range pairs {
		off, on = append(off, p[0].Outcome(t.Tau).Crossing), append(on, p[1].Outcome(t.Tau).Crossing)
	}
	median := func(times []statistics.Crossing) string {
		if m, ok := statistics.KaplanMeier(times).Median(); ok {
			return fixed(m, 2)
		}
		return "beyond the budget"
	}
	budget := r.Study.Lock.Budget.Epochs
	mean := func(times []statistics.Crossing) string {
		return fixed(statistics.KaplanMeier(times).RestrictedMean(budget), 2)
	}
	add("Kaplan-Meier median", median(off), median(on), "")
	add("restricted mean up to the budget", mean(off), mean(on), "")
	add("epochs spent for each hit", spent(t.ERTOff, t.HitsOff), spent(t.ERTOn, t.HitsOn), "")
	add("raw first crossing, median (secondary)", fixed(r.Secondary.MedianOff, 2), fixed(r.Secondary.MedianOn, 2), "")
	if r.ShownPrimary() && !t.StartedAtTarget {
		name, test := "paired geometric mean, 95 % t-interval of logs", "exact signed-rank test"
		if t.CensoredRules() {
			name, test = "ratio of restricted means, 95 % pair bootstrap", logRankText(t.Comparison)
		}
		add(name, "", "", fmt.Sprintf("%s (%s)", fixed(t.Ratio, 3), intervalText(t.Interval, 3)))
		if !t.CensoredRules() {
			add("BCa bootstrap interval beside it", "", "", intervalText(t.BCa, 3))
		} else {
			add("percentiles of the bootstrap beside it", "", "", intervalText(t.Percentile, 3))
		}
		add("correlation of the logs within pairs", "", "", fixed(t.Correlation, 2))
		add(test, "", "", "p = "+fixed(t.P, 4))
	}
	add("pairs in which MTO was earlier", "", "", fmt.Sprintf("%d of %d", t.Won, t.Pairs))
	return tab
}

func spent(v float64, hits int) string {
	if hits == 0 {
		return "–"
	}
	return fixed(v, 2)
}

// runsTable lists every run that the lock asks for, with how it ended.
func runsTable(r *harness.Report) table {
	t := r.Targets[r.Primary]
	tab := table{ID: "runs-table", Caption: "Every run of the study", Align: "wwwnnnnnw",
		Head: []string{"seed", "arm", "state", "epochs to target", "raw crossing", "top-1 at the end", "mean top-1", "kNN at the end", "hash chain"}}
	finished := map[[2]string]*harness.Finished{}
	for _, f := range r.Runs {
		finished[[2]string{fmt.Sprint(f.Job.Seed), f.Job.Arm}] = f
	}
	missing := map[[2]string]harness.Job{}
	for _, j := range r.Missing {
		missing[[2]string{fmt.Sprint(j.Seed), j.Arm}] = j
	}
	for _, seed := range r.Study.Lock.Seeds {
		for _, arm := range arms {
			key := [2]string{fmt.Sprint(seed), arm}
			if f := finished[key]; f != nil {
				tab.Rows = append(tab.Rows, finishedRow(f, armText[arm], t.Tau))
			} else {
				tab.Rows = append(tab.Rows, missingRow(missing[key], key[0], armText[arm]))
			}
		}
	}
	if r.Repeat != nil {
		tab.Rows = append(tab.Rows, finishedRow(r.Repeat, "without, repeated", t.Tau))
	}
	if c := r.Complete; c != nil {
		for _, f := range c.Runs {
			tab.Rows = append(tab.Rows, wholeRow(f))
		}
		for _, j := range c.Missing {
			tab.Rows = append(tab.Rows, missingRow(j, fmt.Sprint(j.Seed), wholeText(j)))
		}
	}
	return tab
}

// wholeText names a run of the confirmation by whole schedules.
func wholeText(j harness.Job) string {
	budget := "T"
	if j.Kind == "complete-half" {
		budget = "T/2"
	}
	return armText[j.Arm] + ", whole " + budget
}

// wholeRow is that of a run whose learning rate falls to zero: it has an end, and no crossing.
func wholeRow(f *harness.Finished) []cell {
	end := f.Curve[len(f.Curve)-1]
	cells := row(fmt.Sprint(f.Job.Seed), wholeText(f.Job), "", "–", "–", fixed(end.Top1, 2)+" %", "–", fixed(end.KNN, 2)+" %", fmt.Sprintf("%.16s", end.Chain))
	cells[2], cells[8].Class = cell{"✔ finished", "good"}, "hash"
	return cells
}

func finishedRow(f *harness.Finished, arm string, tau float64) []cell {
	o, end := f.Outcome(tau), f.Curve[len(f.Curve)-1]
	state := cell{"✔ reached it", "good"}
	switch {
	case o.Collapsed:
		state = cell{"✘ collapsed, counts as censored", "bad"}
	case !o.Hit:
		state = cell{"◌ censored", "open"}
	}
	cells := row(fmt.Sprint(f.Job.Seed), arm, "", crossingText(o.Crossing), crossingText(o.Raw), fixed(o.Top1, 2)+" %", fixed(o.AUC, 2)+" %", fixed(end.KNN, 2)+" %", fmt.Sprintf("%.16s", end.Chain))
	cells[2] = state
	cells[8].Class = "hash"
	return cells
}

func missingRow(j harness.Job, seed, arm string) []cell {
	s := j.Unfinished()
	text := "✘ missing: " + s.Ended()
	if s.State == harness.StateFailed {
		text = "✘ failed: " + s.Error
	}
	cells := row(seed, arm, "", "–", "–", "–", "–", "–", "–")
	cells[2] = cell{text, "bad"}
	return cells
}

// targetsTable has the targets with what calibration found.
func targetsTable(r *harness.Report) table {
	tab := table{ID: "targets-table", Caption: "Targets, fixed by calibration runs before the first pair", Align: "wnwnw",
		Head: []string{"c", "target", "calibration crossings, epochs", "scatter (CV)", "admissible"}}
	for i, t := range r.Targets {
		name := fixed(t.C, 2)
		if i == r.Primary {
			name += ", primary"
		}
		var times []string
		for k, at := range t.Target.Crossings {
			times = append(times, crossingText(statistics.Crossing{At: at, Hit: t.Hits[k]}))
		}
		admissible := "yes"
		if len(t.Refused) > 0 {
			admissible = "no: " + strings.Join(t.Refused, "; ")
		}
		tab.Rows = append(tab.Rows, row(name, fixed(t.Tau, 2)+" %", strings.Join(times, ", "), fixed(100*t.CV, 1)+" %", admissible))
	}
	return tab
}

// layersTable has what calibration found about the probe's layers.
func layersTable(r *harness.Report) table {
	tab := table{ID: "layers-table", Caption: "Probe by layer, over the calibration seeds", Align: "nnnnw",
		Head: []string{"after block", "untrained", "at the budget", "signal-to-noise (at least 10)", "used"}}
	for _, l := range r.Study.Lock.Calibration.Layers {
		used := ""
		if l.Layer == r.Study.Lock.Calibration.Layer {
			used = "yes"
		}
		tab.Rows = append(tab.Rows, row(fmt.Sprint(l.Layer), fixed(l.Q0, 2)+" %", fixed(l.QT, 2)+" %", fixed(l.SN, 1), used))
	}
	return tab
}

// finalTable has the end-of-run evaluations; nil where the runs have none.
func finalTable(r *harness.Report) *table {
	type both struct {
		unit    string
		off, on []float64
	}
	found := map[string]*both{}
	var order []string
	for _, p := range r.Pairs() {
		if p[0].Final == nil || p[1].Final == nil {
			continue
		}
		with := map[string]float64{}
		for _, f := range p[1].Final.Figures {
			with[f.Name] = f.Test
		}
		for _, f := range p[0].Final.Figures {
			on, ok := with[f.Name]
			if !ok {
				continue
			}
			if found[f.Name] == nil {
				found[f.Name] = &both{unit: f.Unit}
				order = append(order, f.Name)
			}
			b := found[f.Name]
			b.off, b.on = append(b.off, f.Test), append(b.on, on)
		}
	}
	if len(order) == 0 {
		return nil
	}
	tab := &table{ID: "final-table", Caption: "On the test split, which nothing saw before: mean over the pairs, in percent, and the paired difference in points", Align: "wwn",
		Head: []string{"evaluation", "unit", "pairs", "without MTO", "with MTO", "with − without", "95 % interval"}}
	for _, name := range order {
		b := found[name]
		d := statistics.PairedDifference(b.on, b.off)
		tab.Rows = append(tab.Rows, row(name, b.unit, fmt.Sprint(len(b.off)), fixed(statistics.Mean(b.off), 2), fixed(statistics.Mean(b.on), 2), fixed(d.Mean, 2), intervalText(d.Interval, 2)))
	}
	return tab
}
