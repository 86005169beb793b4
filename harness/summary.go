package harness

import (
	"fmt"
	"io"
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
	r.writeTable(&b)
	r.writeProfile(&b)
	b.WriteString("\nchecks\n")
	for _, check := range r.Checks {
		mark := "ok    "
		if !check.OK {
			mark = "FAILED"
		}
		fmt.Fprintf(&b, "  %s %s: %s\n", mark, check.Name, check.Found)
	}
	b.WriteString("  -      reference distribution: none ships for this workload\n")
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "  note   %s\n", warning)
	}
	fmt.Fprintf(&b, "\nverdict: %s: %s\n", r.Verdict.Word, r.Verdict.Sentence)
	if r.Study.Quick {
		b.WriteString("This study is a demonstration: tiny model, tiny images, few epochs. It says nothing about full-size models.\n")
	} else {
		fmt.Fprintf(&b, "It is about %s on %s; larger models and other data may behave otherwise.\n", c.Model.Name, lock.Data.Name)
	}
	fmt.Fprintf(&b, "%s\n", mto.Reconstruction)
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteFiles prints where the results of Collect lie, how to read them, and which runs are missing.
func (r *Report) WriteFiles(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "results: %s\n         benchstat -col /mto %s\n", r.Results, r.Results)
	for _, j := range r.Missing {
		fmt.Fprintf(&b, "missing: %s\n", j)
	}
	_, err := io.WriteString(w, b.String())
	return err
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

// writeTable prints the comparison at the primary target.
func (r *Report) writeTable(b *strings.Builder) {
	p := r.Targets[r.Primary]
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("pairs", "%d", p.Pairs)
	if p.Pairs == 0 {
		w.Flush()
		return
	}
	row("target reached", "without MTO %d of %d, with MTO %d of %d", p.HitsOff, p.Pairs, p.HitsOn, p.Pairs)
	row("epochs to target, median", "without MTO %.2f, with MTO %.2f", p.MedianOff, p.MedianOn)
	if p.StartedAtTarget {
		w.Flush()
		return
	}
	if !p.Censored() {
		row("paired ratio", "%.3f, 95 %% interval %.3f to %.3f (t of logs); BCa %.3f to %.3f", p.Ratio, p.Interval.Lo, p.Interval.Hi, p.BCa.Lo, p.BCa.Hi)
		row("test", "exact signed-rank p = %.4f; earlier with MTO in %d of %d pairs; correlation within pairs %.2f", p.P, p.Won, p.Pairs, p.Correlation)
	} else {
		row("ratio of restricted means", "%.3f, 95 %% interval %.3f to %.3f (pair bootstrap)", p.Ratio, p.Interval.Lo, p.Interval.Hi)
		row("test", "log-rank under label swaps p = %.4f; earlier with MTO in %d of %d pairs", p.P, p.Won, p.Pairs)
		if p.KMBoth {
			row("Kaplan-Meier medians", "without MTO %.2f, with MTO %.2f", p.KMOff, p.KMOn)
		}
		row("epochs spent per hit", "without MTO %s, with MTO %s", ert(p.ERTOff, p.HitsOff), ert(p.ERTOn, p.HitsOn))
	}
	row("raw first crossing, median", "without MTO %.2f, with MTO %.2f (secondary)", r.Secondary.MedianOff, r.Secondary.MedianOn)
	if s := r.Seconds; s != nil && !s.StartedAtTarget {
		row("seconds to target, median", "without MTO %.2f, with MTO %.2f; ratio %.3f, %.3f to %.3f", s.MedianOff, s.MedianOn, s.Ratio, s.Interval.Lo, s.Interval.Hi)
	}
	w.Flush()
}

func ert(v float64, hits int) string {
	if hits == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", v)
}

// writeProfile prints the reduction over all targets: a method can be quick early and slow late.
func (r *Report) writeProfile(b *strings.Builder) {
	if r.Targets[r.Primary].Pairs == 0 {
		return
	}
	b.WriteString("\nreduction of epochs by target\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, t := range r.Targets {
		note := ""
		if len(t.Refused) > 0 {
			note = "not admissible: " + t.Refused[0]
		}
		reduction, interval := "-", ""
		if !t.StartedAtTarget {
			reduction = fmt.Sprintf("%+.1f %%", 100*t.Reduction())
			interval = fmt.Sprintf("%+.1f to %+.1f %%", 100*(1-t.Interval.Hi), 100*(1-t.Interval.Lo))
		}
		fmt.Fprintf(w, "  c = %.2f\t%.2f %%\t%s\t%s\thits %d and %d\t%s\n", t.C, t.Tau, reduction, interval, t.HitsOff, t.HitsOn, note)
	}
	w.Flush()
}
