package harness

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/mtobench/mtobench/internal/statistics"
)

// WriteText prints the confirmation for people.
func (c *CompleteReport) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "whole schedules (%s to zero), T = %.6g epochs and T/2 = %.6g, on the test split\n", c.Schedule, c.Epochs, c.Half)
	for i, f := range c.Figures {
		deciding := ""
		if i > 0 {
			deciding = ", beside it"
		}
		fmt.Fprintf(t, "  %s, %d pairs%s\n", f.Name, len(f.Seeds), deciding)
		fmt.Fprintf(t, "    mean\twithout MTO %.2f %% in T, %.2f %% in T/2; with MTO %.2f %% in T, %.2f %% in T/2\n",
			statistics.Mean(f.Base), statistics.Mean(f.BaseHalf), statistics.Mean(f.MTO), statistics.Mean(f.MTOHalf))
		fmt.Fprintf(t, "    baseline, T/2 against T\t%+.2f points, 95 %% interval %+.2f to %+.2f: %s\n", f.Assay.Mean, f.Assay.Interval.Lo, f.Assay.Interval.Hi, c.assay(&f))
		fmt.Fprintf(t, "    MTO in T/2 against baseline in T\t%+.2f points, one-sided 95 %% limit %+.2f: %s\n", f.NonInferior.Mean, f.NonInferior.Lower, c.claim(&f))
		fmt.Fprintf(t, "    MTO in T against baseline in T\t%+.2f points, 95 %% interval %+.2f to %+.2f: a difference in quality, no speed\n", f.Gain.Mean, f.Gain.Interval.Lo, f.Gain.Interval.Hi)
	}
	if len(c.Figures) == 0 {
		fmt.Fprintf(t, "  no seed has finished its four runs (%d runs are missing)\n", len(c.Missing))
	}
	return t.Flush()
}

func (c *CompleteReport) assay(f *CompleteFigure) string {
	if f.Sensitive(c.Margin) {
		return fmt.Sprintf("worse by more than %.2g, so half the epochs can be told from all of them", c.Margin)
	}
	return fmt.Sprintf("not worse by %.2g for certain, so nothing follows from the next line", c.Margin)
}

func (c *CompleteReport) claim(f *CompleteFigure) string {
	switch {
	case !f.Sensitive(c.Margin):
		return "says nothing here"
	case f.Confirmed(c.Margin):
		return fmt.Sprintf("confirmed: not worse by %.2g", c.Margin)
	}
	return fmt.Sprintf("not confirmed: may be worse by %.2g or more", c.Margin)
}
