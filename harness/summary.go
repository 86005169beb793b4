package harness

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/mtobench/mtobench/mto"
)

// WriteText prints the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	lock, c := r.Study.Lock, r.Study.Config
	p := r.Targets[r.Primary]
	fmt.Fprintf(&b, "%s: %s, %s, %s; %.6g epochs of %d images; %s\n", c.Study.Name, lock.Data.Name, c.Model.Name, c.Method.Name,
		lock.Budget.Epochs, lock.Data.Train, probeName(lock, c))
	fmt.Fprintf(&b, "target: %.2f %% top-1, %.0f %% of the way from %.2f %% (untrained) to %.2f %% (calibrated end)\n\n",
		p.Tau, 100*p.C, r.probe().Q0, r.probe().QT)
	if err := r.writeNumbers(&b); err != nil {
		return err
	}
	r.writeChecks(&b)
	r.writeVerdict(&b)
	if r.Study.Quick {
		b.WriteString("This study is a demonstration: tiny model, tiny images, few epochs. It says nothing about full-size models.\n")
	} else {
		fmt.Fprintf(&b, "It is about %s on %s; larger models and other data may behave otherwise.\n", c.Model.Name, lock.Data.Name)
	}
	fmt.Fprintf(&b, "%s\n", mto.Reconstruction)
	_, err := io.WriteString(w, b.String())
	return err
}

// compared reports whether anything may be compared: b.7 asks that its checks hold before any number is shown.
func (r *Report) compared() bool { return r.Verdict.Word != Void }

// writeNumbers prints what was compared, as far as it may be shown.
func (r *Report) writeNumbers(b *strings.Builder) error {
	r.writePrimary(b)
	if !r.compared() {
		return nil
	}
	r.writeProfile(b)
	r.writeFinal(b)
	if r.Complete == nil {
		return nil
	}
	b.WriteString("\n")
	return r.Complete.WriteText(b)
}

// WriteFiles prints where the results of Collect lie, how to read them, and which runs are missing.
func (r *Report) WriteFiles(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "results: %s\n         benchstat -col /mto %s\n", r.Results, r.Results)
	if r.Complete != nil && len(r.Complete.Runs) > 0 {
		fmt.Fprintf(&b, "         benchstat -col /mto %s\n", r.completeResults())
	}
	for _, j := range r.missing() {
		fmt.Fprintf(&b, "missing: %s (%s)\n", j, j.Unfinished().Ended())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// missing are all runs without a result that the lock asks for, those of the confirmation last.
func (r *Report) missing() []Job {
	if r.Complete == nil {
		return r.Missing
	}
	return slices.Concat(r.Missing, r.Complete.Missing)
}

// probe is the calibration of the chosen layer.
func (r *Report) probe() LayerProbe {
	for _, l := range r.Study.Lock.Calibration.Layers {
		if l.Layer == r.Study.Lock.Calibration.Layer {
			return l
		}
	}
	return LayerProbe{}
}

// writePrimary prints the statistics at the primary target, or that there are none.
func (r *Report) writePrimary(b *strings.Builder) {
	p := r.Targets[r.Primary]
	if !r.ShownPrimary() {
		fmt.Fprintf(b, "pairs %d; target reached without MTO in %d, with MTO in %d; no ratio is shown: %s\n", p.Pairs, p.HitsOff, p.HitsOn, r.Verdict.Word)
		return
	}
	writeComparison(b, p.Comparison)
	r.writeUnits(b)
}

// writeComparison prints the comparison at the primary target, in the order of methodology 1.8.
func writeComparison(b *strings.Builder, c Comparison) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	defer w.Flush()
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("pairs", "%d", c.Pairs)
	if c.Pairs == 0 {
		return
	}
	row("target reached", "without MTO %d of %d, with MTO %d of %d", c.HitsOff, c.Pairs, c.HitsOn, c.Pairs)
	row("epochs to target, median", "without MTO %.2f, with MTO %.2f", c.MedianOff, c.MedianOn)
	if c.StartedAtTarget {
		return
	}
	won := fmt.Sprintf("earlier with MTO in %d of %d pairs (%.0f %%)", c.Won, c.Pairs, 100*c.ShareWon())
	if ties := c.Pairs - c.Won - c.Lost; ties > 0 {
		won += fmt.Sprintf(", undecided in %d", ties)
	}
	if !c.CensoredRules() {
		row("paired ratio", "%.3f, 95 %% interval %.3f to %.3f (t of logs); BCa %.3f to %.3f", c.Ratio, c.Interval.Lo, c.Interval.Hi, c.BCa.Lo, c.BCa.Hi)
		row("test", "exact signed-rank p = %.4f", c.P)
		row("pairs won", "%s", won)
	} else {
		if c.KMBoth {
			row("Kaplan-Meier medians", "without MTO %.2f, with MTO %.2f", c.KMOff, c.KMOn)
		} else {
			row("Kaplan-Meier medians", "not in both arms: too many runs missed the target")
		}
		row("restricted means", "without MTO %.2f, with MTO %.2f", c.RMSTOff, c.RMSTOn)
		row("ratio of restricted means", "%.3f, 95 %% interval %.3f to %.3f (pair bootstrap, t); percentiles %.3f to %.3f",
			c.Ratio, c.Interval.Lo, c.Interval.Hi, c.Percentile.Lo, c.Percentile.Hi)
		row("test", "log-rank chi-square %.2f, p = %.4f (%s)", c.Chi2, c.P, swapsText(c))
		row("pairs won", "%s", won)
		row("epochs spent per hit", "without MTO %s, with MTO %s (expected running time)", ertText(c.ERTOff, c.HitsOff), ertText(c.ERTOn, c.HitsOn))
	}
	row("correlation within pairs", "%s", correlationText(c))
}

// swapsText says how the null distribution of the log-rank test was made.
func swapsText(c Comparison) string {
	if c.Exact {
		return fmt.Sprintf("exact: all %d label swaps inside pairs", c.Swaps)
	}
	return fmt.Sprintf("not exact: %d label swaps inside pairs, drawn", c.Swaps)
}

func correlationText(c Comparison) string {
	switch {
	case !math.IsNaN(c.Correlation) && c.CorrelationPairs == c.Pairs:
		return fmt.Sprintf("%.2f (of ln epochs)", c.Correlation)
	case !math.IsNaN(c.Correlation):
		return fmt.Sprintf("%.2f (of ln epochs, over the %d pairs that both hit)", c.Correlation, c.CorrelationPairs)
	}
	return "-"
}

func ertText(v float64, hits int) string {
	if hits == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", v)
}

// Unadjusted goes with the p values of units and targets: Holm's method is applied to the primary targets of several
// studies alone.
const Unadjusted = "p values of units and targets aren't adjusted for their number: they describe, and decide nothing"

// writeUnits prints the primary target's statistics in every unit, the raw reading and what an epoch costs.
func (r *Report) writeUnits(b *strings.Builder) {
	if len(r.Units) == 0 {
		return
	}
	b.WriteString("\nto the target, in every unit of the budget (medians; ratio with 95 % interval)\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	own, tested := false, false
	for _, u := range r.Units {
		switch {
		case u.Withheld != "":
			fmt.Fprintf(w, "  %s\twithheld: %s\n", u.Unit, u.Withheld)
		case u.StartedAtTarget:
			fmt.Fprintf(w, "  %s\twithout MTO %.4g\twith MTO %.4g\n", u.Unit, u.MedianOff, u.MedianOn)
		default:
			test := fmt.Sprintf("p = %.4f", u.P)
			if u.OwnHorizons {
				test = "no test (1)"
				own = true
			} else {
				tested = true
			}
			fmt.Fprintf(w, "  %s\twithout MTO %.4g\twith MTO %.4g\tratio %.3f\t%.3f to %.3f\t%s\n", u.Unit, u.MedianOff, u.MedianOn, u.Ratio, u.Interval.Lo, u.Interval.Hi, test)
		}
	}
	fmt.Fprintf(w, "  epochs, raw\twithout MTO %.4g\twith MTO %.4g\tfirst crossing without a fit, secondary\n", r.Secondary.MedianOff, r.Secondary.MedianOn)
	w.Flush()
	if own {
		b.WriteString("  (1) in this unit each run that missed the target ends elsewhere: means up to its own end, and no test\n")
	}
	if tested {
		fmt.Fprintf(b, "  %s\n", Unadjusted)
	}
	if s := r.Speed; s != nil {
		fmt.Fprintf(b, "  an epoch with MTO takes %.3f times as long (%.3f to %.3f), so the reduction of seconds is 1 - %.3f x %.3f = %+.1f %%\n",
			s.Ratio, s.Interval.Lo, s.Interval.Hi, r.Targets[r.Primary].Ratio, s.Ratio, 100*s.Reduction)
	}
}

// writeProfile prints the reduction over all targets: a method can be quick early and slow late.
func (r *Report) writeProfile(b *strings.Builder) {
	if !slices.ContainsFunc(r.Targets, r.Shown) {
		return
	}
	fmt.Fprintf(b, "\nreduction of epochs by target, within a budget of %.6g epochs\n", r.Study.Lock.Budget.Epochs)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, t := range r.Targets {
		var notes []string
		if r.Shown(t) && t.CensoredRules() {
			notes = append(notes, "of restricted means")
		}
		if len(t.Refused) > 0 {
			notes = append(notes, "not admissible: "+t.Refused[0])
		}
		reduction, interval := "-", ""
		if r.Shown(t) && !t.StartedAtTarget {
			limits := t.ReductionInterval()
			reduction = fmt.Sprintf("%+.1f %%", 100*t.Reduction())
			interval = fmt.Sprintf("%+.1f to %+.1f %%", 100*limits.Lo, 100*limits.Hi)
		}
		line := fmt.Sprintf("  c = %.2f\t%.2f %%\t%s\t%s\thits %d and %d", t.C, t.Tau, reduction, interval, t.HitsOff, t.HitsOn)
		if len(notes) > 0 {
			line += "\t" + strings.Join(notes, "; ")
		}
		fmt.Fprintln(w, line)
	}
	w.Flush()
}

// writeChecks prints what b.7 asks.
func (r *Report) writeChecks(b *strings.Builder) {
	b.WriteString("\nchecks\n")
	for _, check := range r.Checks {
		mark := "ok    "
		if !check.OK {
			mark = "FAILED"
		}
		fmt.Fprintf(b, "  %s %s: %s\n", mark, check.Name, check.Found)
	}
	for _, check := range r.Withheld {
		fmt.Fprintf(b, "  noisy  %s: %s; no seconds are given, nothing else depends on them\n", check.Name, check.Found)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(b, "  note   %s\n", warning)
	}
	for _, j := range r.missing() { // a run that failed is part of the report (methodology F10)
		if s := j.Unfinished(); s.Error != "" {
			fmt.Fprintf(b, "  %s  %s: %s\n", s.State, j, s.Error)
		}
	}
}

// writeVerdict prints the word, the sentence and the inequalities that made it.
func (r *Report) writeVerdict(b *strings.Builder) {
	fmt.Fprintf(b, "\nverdict: %s: %s\n", r.Verdict.Word, r.Verdict.Sentence)
	for _, c := range r.Verdict.Because {
		fmt.Fprintf(b, "  because %s\n", c)
	}
}
