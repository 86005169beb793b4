package harness

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/mtobench/mtobench/internal/statistics"
)

// WriteText prints what the lock fixes, for people: the probe's layers with their signal-to-noise, the
// targets with their guards, and whether the primary one can be measured.
func (l *Lock) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "lock %s: %s, %s, %s; %.6g epochs of %d images; pairs with seeds %d to %d\n", l.Study(), l.Data.Name,
		l.Config["model.name"], l.Config["method.name"], l.Budget.Epochs, l.Data.Train, l.Seeds[0], l.Seeds[len(l.Seeds)-1])
	fmt.Fprintf(&b, "calibrated on %d baseline runs with seeds %d to %d\n\n", len(l.Calibration.Seeds), l.Calibration.Seeds[0], l.Calibration.Seeds[len(l.Calibration.Seeds)-1])
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  probe after block\tuntrained\tat the end\tsignal to noise (at least %.0f)\n", minSignalToNoise)
	for _, p := range l.Calibration.Layers {
		chosen := ""
		if p.Layer == l.Calibration.Layer {
			chosen = "chosen"
		}
		fmt.Fprintf(t, "  %d\t%.2f %%\t%.2f %%\t%.1f\t%s\n", p.Layer, p.Q0, p.QT, p.SN, chosen)
	}
	t.Flush()
	b.WriteString("\n")
	fmt.Fprintf(t, "  target\tquality\tmedian epochs\tscatter (at most %.0f %%)\tmissed (at most %d)\t\n", 100*maxCrossingCV, maxMisses)
	for _, target := range l.Targets {
		misses := 0
		for _, hit := range target.Hits {
			if !hit {
				misses++
			}
		}
		verdict := "admissible"
		if len(target.Refused) > 0 {
			verdict = "not admissible"
		}
		fmt.Fprintf(t, "  c = %.2f\t%.2f %%\t%.2f\t%.1f %%\t%d of %d\t%s\n", target.C, target.Tau, statistics.Median(target.Crossings), 100*target.CV, misses, len(target.Hits), verdict)
	}
	t.Flush()
	fmt.Fprintf(&b, "\ntuning: %s\n", l.tuning())
	if refused := l.primary().Refused; len(refused) > 0 {
		fmt.Fprintf(&b, "not measurable: the verdict's target (c = %.2f) is refused: %s\n", l.Primary, join(refused))
	} else {
		fmt.Fprintf(&b, "measurable: the verdict's target is %.2f %% (c = %.2f)\n", l.primary().Tau, l.Primary)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// tuning says how the arms were tuned (methodology F4): with equal numbers of trials, or not at all. A lock
// older than the key knows of no tuning.
func (l *Lock) tuning() string {
	if k := l.Config[tuningKey]; k != "" && k != "0" {
		return fmt.Sprintf("each arm's settings were chosen from %s trials (as stated by %s)", k, tuningKey)
	}
	return "neither arm was tuned (" + tuningKey + ")"
}

// tuningKey is the key that states it.
const tuningKey = "study.tuning_trials"
