package harness

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// completeUnits are those that only results of the confirmation have.
var completeUnits = []Unit{
	{Name: "epochs", Better: "lower", Assume: "exact"},
	{Name: "flop", Better: "lower", Assume: "exact"},
	{Name: "ns-to-end", Better: "lower", Assume: "nothing", Time: true},
}

// CompleteUnits lists the units of results of the confirmation, in results.complete.txt: its own, the curve's
// end, and the end-of-run evaluations, of which the one that decides must be there.
func CompleteUnits() []Unit {
	list := slices.Clone(completeUnits)
	for _, u := range units {
		final := slices.ContainsFunc(finalUnits, func(f struct{ name, unit string }) bool { return f.unit == u.Name })
		if final || u.Name == "top1-%" || u.Name == "peak-rss-bytes" {
			u.Optional = final && u.Name != finalUnits[0].unit
			list = append(list, u)
		}
	}
	return list
}

// CompleteBudgets are the budgets in the names of results of the confirmation: whole and half.
func CompleteBudgets() []string {
	var names []string
	for _, kind := range []string{jobComplete, jobCompleteHalf} {
		names = append(names, strings.TrimPrefix(budgetDir(kind), "budget="))
	}
	return names
}

// newResultOf is the result of a run of any kind under its lock.
func newResultOf(kind string, lock *Lock, c Config, m Manifest, curve Curve, final *Final, peak int64) Result {
	if completeKind(kind) {
		return newCompleteResult(kind, lock, c, m, curve, final, peak)
	}
	return newResult(lock, c, m, curve, final, peak)
}

// newCompleteResult is the result of a run of the confirmation: a benchmark name of its own, with the budget
// in it, and no target.
func newCompleteResult(kind string, lock *Lock, c Config, m Manifest, curve Curve, final *Final, peak int64) Result {
	r := newResult(lock, c, m, curve, nil, peak)
	end := curve[len(curve)-1]
	name := func(n benchfmt.Name) benchfmt.Name {
		n = bytes.Replace(n, []byte("Pretrain/"), []byte("Complete/"), 1)
		return bytes.Replace(n, []byte("/mto="), []byte("/"+budgetDir(kind)+"/mto="), 1)
	}
	r.Epochs.Name, r.Time.Name = name(r.Epochs.Name), name(r.Time.Name)
	for _, block := range []*benchfmt.Result{r.Epochs, r.Time} {
		block.Config = slices.DeleteFunc(block.Config, func(l benchfmt.Config) bool { return l.Key == "target" || l.Key == "budget-epochs" })
		block.Config = append(block.Config, line("schedule", c.Train.Schedule))
	}
	r.Epochs.Values = []benchfmt.Value{
		{Value: end.Epochs, Unit: "epochs"},
		{Value: float64(end.Step) * float64(m.FLOPs), Unit: "flop"},
		{Value: end.Top1, Unit: "top1-%"},
	}
	if final != nil { // judgeComplete refuses a run without
		for _, figure := range final.Figures {
			r.Epochs.Values = append(r.Epochs.Values, benchfmt.Value{Value: figure.Test, Unit: figure.Unit})
		}
	}
	r.Time.Values = []benchfmt.Value{
		{Value: float64(max(1, end.TrainNS)), Unit: "ns-to-end"},
		{Value: float64(peak), Unit: "peak-rss-bytes"},
	}
	return r
}

// writeComplete writes the confirmation's result file: budget T first, mto=off before on, seeds ascending.
func (r *Report) writeComplete() error {
	if r.Complete == nil || len(r.Complete.Runs) == 0 {
		return nil
	}
	var list []Result
	for _, kind := range []string{jobComplete, jobCompleteHalf} {
		for _, arm := range []string{ArmOff, ArmOn} {
			for _, f := range r.Complete.Runs {
				if f.Job.Kind == kind && f.Job.Arm == arm {
					list = append(list, f.Result)
				}
			}
		}
	}
	return writeFile(r.completeResults(), benchText(list, false))
}

// completeResults is where they lie.
func (r *Report) completeResults() string {
	return filepath.Join(r.Study.Root, "results.complete.txt")
}
