package harness

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/mtobench/mtobench/internal/statistics"
)

// Studies are several studies side by side: every workload that was tried, whatever came of it
// (methodology F14).
type Studies struct {
	Reports []*Report
	Holm    []float64 // p of each report's primary target, adjusted for the number of tests; NaN without a test
	Tests   int       // how many there are: studies with a ratio that may be shown
}

// CompareStudies adjusts the p-values of the primary targets by Holm's method over all studies that have
// one. A study that is void or not measurable has no number and so no test.
func CompareStudies(reports []*Report) *Studies {
	s := &Studies{Reports: reports}
	var p []float64
	for _, r := range reports {
		if r.tested() {
			p = append(p, r.Targets[r.Primary].P)
		}
	}
	s.Tests = len(p)
	adjusted := statistics.Holm(p)
	for _, r := range reports {
		holm := math.NaN()
		if r.tested() {
			holm, adjusted = adjusted[0], adjusted[1:]
		}
		s.Holm = append(s.Holm, holm)
	}
	return s
}

// tested reports whether the primary target has a ratio and a p that may be shown.
func (r *Report) tested() bool { return r.ShownPrimary() && !r.Targets[r.Primary].StartedAtTarget }

// WriteText prints one row for each workload, then each study in the order of methodology 1.8.
func (s *Studies) WriteText(w io.Writer) error {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "workload\tpairs\thits off, on\tratio\t95 % interval\tp\tHolm\tverdict")
	for i, r := range s.Reports {
		c := r.Targets[r.Primary].Comparison
		if !r.tested() {
			fmt.Fprintf(table, "%s\t%d\t-\t-\t-\t-\t-\t%s\n", r.workload(), c.Pairs, r.Verdict.Word)
			continue
		}
		fmt.Fprintf(table, "%s\t%d\t%d, %d\t%.3f\t%.3f to %.3f\t%.4f\t%.4f\t%s\n",
			r.workload(), c.Pairs, c.HitsOff, c.HitsOn, c.Ratio, c.Interval.Lo, c.Interval.Hi, c.P, s.Holm[i], r.Verdict.Word)
	}
	table.Flush()
	fmt.Fprintf(&b, "Holm: p adjusted over %s of %s tried\n", plural(s.Tests, "test"), plural(len(s.Reports), "workload"))
	for _, r := range s.Reports {
		p := r.Targets[r.Primary]
		fmt.Fprintf(&b, "\n%s (lock %s, %s)\n", r.workload(), r.Study.Lock.Study(), r.Study.Root)
		fmt.Fprintf(&b, "target: %.2f %% top-1 (c = %.2f), budget %.6g epochs\n", p.Tau, p.C, r.Study.Lock.Budget.Epochs)
		if err := r.writeNumbers(&b); err != nil {
			return err
		}
		r.writeChecks(&b)
		r.writeVerdict(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// MarshalJSON writes the rows with everything that WriteText prints.
func (s *Studies) MarshalJSON() ([]byte, error) {
	rows := []map[string]any{}
	for i, r := range s.Reports {
		m := r.facts()
		if !math.IsNaN(s.Holm[i]) {
			m["holm_p"] = s.Holm[i]
		}
		rows = append(rows, m)
	}
	return json.Marshal(map[string]any{"schema": Schema, "tests": s.Tests, "studies": rows})
}

// workload names the study's workload in a table.
func (r *Report) workload() string {
	lock, c := r.Study.Lock, r.Study.Config
	return fmt.Sprintf("%s %s %s T=%.6g", lock.Data.Name, c.Model.Name, c.Method.Name, lock.Budget.Epochs)
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
