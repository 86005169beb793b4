package harness

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/mtobench/mtobench/internal/statistics"
)

// A FinalComparison is one end-of-run evaluation in both arms, paired by seed, on the test split. It stands beside the
// verdict and doesn't change it.
type FinalComparison struct {
	Name, Unit      string
	Off, On         []float64 // top-1 in percent of the pairs that have it, in the lock's order of seeds
	MeanOff, MeanOn float64
	Difference      statistics.Difference // on - off, in points
}

// MarshalJSON writes the comparison by arm.
func (c FinalComparison) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{
		"name": c.Name, "unit": c.Unit, "test_pct": map[string][]float64{ArmOff: c.Off, ArmOn: c.On},
		"mean": map[string]float64{ArmOff: c.MeanOff, ArmOn: c.MeanOn}, "difference": c.Difference,
	})
}

// finalComparisons compares what both arms of a pair have.
func (r *Report) finalComparisons() []FinalComparison {
	var list []FinalComparison
	for _, u := range finalUnits {
		c := FinalComparison{Name: u.name, Unit: u.unit}
		for _, pair := range r.Pairs() {
			off, okOff := pair[0].Final.figure(u.name)
			on, okOn := pair[1].Final.figure(u.name)
			if okOff && okOn {
				c.Off, c.On = append(c.Off, off.Test), append(c.On, on.Test)
			}
		}
		if len(c.Off) > 0 {
			c.MeanOff, c.MeanOn = statistics.Mean(c.Off), statistics.Mean(c.On)
			c.Difference = statistics.PairedDifference(c.On, c.Off)
			list = append(list, c)
		}
	}
	return list
}

// figure is the evaluation of that name; a nil Final has none.
func (f *Final) figure(name string) (FinalFigure, bool) {
	if f != nil {
		for _, figure := range f.Figures {
			if figure.Name == name {
				return figure, true
			}
		}
	}
	return FinalFigure{}, false
}

// writeFinal prints the end-of-run evaluations.
func (r *Report) writeFinal(b *strings.Builder) {
	if len(r.Final) == 0 {
		return
	}
	b.WriteString("\ntop-1 at the budget, on the test split\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, c := range r.Final {
		interval := "no interval below two pairs"
		if c.Difference.Pairs > 1 {
			interval = fmt.Sprintf("95 %% interval %+.2f to %+.2f (paired t, n = %d)", c.Difference.Interval.Lo, c.Difference.Interval.Hi, c.Difference.Pairs)
		}
		fmt.Fprintf(w, "  %s\twithout MTO %.2f %%\twith MTO %.2f %%\tdifference %+.2f points\t%s\n", c.Name, c.MeanOff, c.MeanOn, c.Difference.Mean, interval)
	}
	w.Flush()
}
