package report

import (
	"fmt"

	"github.com/mtobench/mtobench/harness"
)

// terms defines the words of the page.
func terms(r *harness.Report) []term {
	lock := r.Study.Lock
	return []term{
		{"epoch", fmt.Sprintf("Images processed in forward-backward, divided by the %s training images. An image counts once a step.", grouped(int64(lock.Data.Train)))},
		{"quality", "Top-1, in percent, of a ridge classifier on frozen features (mean of the patch tokens after one block, chosen in calibration) on validation images that pre-training never sees. It is fitted in closed form: no seed, no noise of its own."},
		{"target", "A quality fixed before the first pair: a fraction c of the way from the untrained network to the end of the budget, medians of baseline runs whose seeds serve nothing else. The verdict is about the primary target alone."},
		{"epochs to target, E", "Where the isotonic (non-decreasing, least squares) fit of a run's quality curve first reaches the target, interpolated between grid points. Every run trains to its full budget; nothing is stopped early."},
		{"censored", "A run that doesn't reach the target within the budget. It counts as the budget and as not reached; it is never left out."},
		{"collapsed", "A run that ends more than 3 points below its own maximum. It counts as censored."},
		{"pair", "Two runs of one seed, without and with MTO, that share initial weights, data order, crops and masks to the bit."},
		{"ratio ρ, reduction R", "Without censoring: the geometric mean over pairs of E with ÷ E without, with the t-interval of the logarithms. With any censoring, and always at c = 1.00: the ratio of the restricted means, with an interval from resampled pairs. R = 1 − ρ."},
		{"signal-to-noise", "Rise of the calibration curves over the last three quarters of the budget, divided by their standard deviation at the end. Below 10 the probe is too noisy for a target."},
		{"A/A", "The same thing measured twice. Calibration and evaluation seeds of the baseline must agree in epochs; a repeated run must agree to the bit, and in seconds within the host's stated noise."},
		{"verdict", "By fixed rule on the interval of ρ at the primary target, in this order: void (a check fails or runs are missing); not measurable (the target isn't admissible); supported (the whole interval at or below 0.60, and no run with MTO censored); less than claimed (all below 1); slower (all above 1); not shown at this scale (it contains 1). A study whose primary target is another than c = 0.95 gets no verdict: its numbers stand alone."},
	}
}
