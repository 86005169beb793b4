package harness

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText prints the table of trials, the best of each arm and the lines of configuration to use.
func (r *TuningReport) WriteText(w io.Writer) error {
	var b strings.Builder
	r.writeTrials(&b)
	if c := r.Confirmation; c != nil {
		fmt.Fprintf(&b, "\nthe chosen settings together, in a trial of each arm that chooses nothing:\n%v: without MTO %s, with MTO %s\n", c.settings(), c.Off, c.On)
	}
	settings, err := r.Settings()
	if err == nil {
		r.writeBest(&b, settings)
	}
	if _, werr := io.WriteString(w, b.String()); werr != nil {
		return werr
	}
	return err
}

// WritePlan prints the trials before they are carried out.
func (r *TuningReport) WritePlan(w io.Writer) error {
	var b strings.Builder
	r.writeTrials(&b)
	if own := slices.ContainsFunc(r.Trials, func(t Trial) bool { return t.Own.String() != r.Trials[0].Own.String() }); own {
		fmt.Fprintf(&b, "\nIf no trial has all the chosen settings, %d runs more confirm them.\n", 2*len(r.Seeds))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *TuningReport) writeTrials(b *strings.Builder) {
	c := r.Trials[0].Config
	fmt.Fprintf(b, "tuning: %d trials of each arm, seeds %s; %d runs of %.6g epochs\n", len(r.Trials), strings.Trim(strings.ReplaceAll(fmt.Sprint(r.Seeds), " ", ", "), "[]"), 2*len(r.Trials)*len(r.Seeds), c.EpochsAt(c.Steps()))
	after := ""
	if r.Block > 0 {
		after = fmt.Sprintf(" after block %d", r.Block)
	}
	fmt.Fprintf(b, "top-1 at the budget on %d validation images%s, median over the seeds\n\n", c.Probe.Validation, after)
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "  trial")
	for _, s := range r.Trials[0].settings() {
		fmt.Fprintf(t, "\t%s", s.Key)
	}
	fmt.Fprint(t, "\twithout MTO\twith MTO\n")
	var failures []string
	for i := range r.Trials {
		trial := &r.Trials[i]
		fmt.Fprintf(t, "  %d", i+1)
		for _, s := range trial.settings() {
			fmt.Fprintf(t, "\t%s", s.Value)
		}
		for _, arm := range []string{ArmOff, ArmOn} {
			o := trial.outcome(arm)
			cell := o.String()
			switch {
			case i == r.best(arm):
				cell += " best"
			case o.Failed != "":
				failures = append(failures, fmt.Sprintf("  trial %d mto=%s failed: %s\n", i+1, arm, o.Failed))
			}
			fmt.Fprintf(t, "\t%s", cell)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	if len(failures) > 0 {
		fmt.Fprintf(b, "\n%s", strings.Join(failures, ""))
	}
}

// String is the figure, "failed", or nothing before the trial.
func (o TrialOutcome) String() string {
	switch {
	case o.Failed != "":
		return "failed"
	case o.done:
		return fmt.Sprintf("%.2f %%", o.Top1)
	}
	return ""
}

func (r *TuningReport) writeBest(b *strings.Builder, settings Settings) {
	off, on := r.best(ArmOff), r.best(ArmOn)
	base, with := r.Trials[off], r.Trials[on]
	fmt.Fprintf(b, "\nbest without MTO: trial %d: %v (%.2f %%)\n", off+1, base.Shared, base.Off.Top1)
	fmt.Fprintf(b, "best with MTO:    trial %d: %v (%.2f %%)\n", on+1, with.settings(), with.On.Top1)
	if off != on {
		there, own := "failed", ""
		if base.On.ok() {
			there = fmt.Sprintf("reached %.2f %%", base.On.Top1)
		}
		if len(base.Own) > 0 {
			own = fmt.Sprintf(" with %v", base.Own)
		}
		fmt.Fprintf(b, "What the arms share has one value, the baseline's best. There, in trial %d, the arm with MTO %s%s.\n", off+1, there, own)
	}
	for _, k := range r.Search.Keys {
		if v, edge := r.atEdge(k, settings); edge {
			fmt.Fprintf(b, "note: %s=%s is an end of its list: better ones may lie beyond\n", k.Key, v)
		}
	}
	fmt.Fprintf(b, "\nfor the study file:\n\n%s", settings.toml())
}

// atEdge reports whether a key's chosen value is the smallest or the largest of three numbers or more.
func (r *TuningReport) atEdge(k SearchKey, chosen Settings) (value string, edge bool) {
	for _, s := range chosen {
		if s.Key == k.Key {
			value = s.Value
		}
	}
	at, err := strconv.ParseFloat(value, 64)
	if err != nil || len(k.Values) < 3 {
		return value, false
	}
	below, above := 0, 0
	for _, text := range k.Values {
		switch v, _ := strconv.ParseFloat(text, 64); {
		case v < at:
			below++
		case v > at:
			above++
		}
	}
	return value, below == 0 || above == 0
}

// toml writes settings as a part of a study file.
func (s Settings) toml() string {
	var b strings.Builder
	section := ""
	var scratch Config
	for _, known := range scratch.keys() { // in the order of the sections
		for _, one := range s {
			if one.Key != known.name {
				continue
			}
			table, name, _ := strings.Cut(one.Key, ".")
			if table != section {
				section = table
				fmt.Fprintf(&b, "[%s]\n", table)
			}
			value := one.Value
			switch {
			case known.value.CanFloat() && !strings.ContainsAny(value, ".e"):
				value += ".0"
			case !known.value.CanFloat() && !known.value.CanInt() && value != "true" && value != "false":
				value = fmt.Sprintf("%q", value)
			}
			fmt.Fprintf(&b, "%s = %s\n", name, value)
		}
	}
	return b.String()
}
