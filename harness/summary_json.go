package harness

import "encoding/json"

// MarshalJSON writes what WriteText prints, for programs. Comparisons that may not be shown
// (Report.Shown) are left out; of a void study also what was measured on the test split.
func (r *Report) MarshalJSON() ([]byte, error) {
	facts := r.facts()
	facts["schema"] = Schema
	return json.Marshal(facts)
}

// facts are the report's parts by name.
func (r *Report) facts() map[string]any {
	lock, c := r.Study.Lock, r.Study.Config
	type check struct {
		Name  string `json:"name"`
		OK    bool   `json:"ok"`
		Found string `json:"found"`
	}
	list := func(checks []Check) []check {
		all := []check{}
		for _, c := range checks {
			all = append(all, check(c))
		}
		return all
	}
	m := map[string]any{
		"study": c.Study.Name, "folder": r.Study.Root, "lock": lock.Hash, "numerics": lock.Numerics, "demonstration": r.Study.Quick,
		"data": lock.Data.Name, "model": c.Model.Name, "method": c.Method.Name, "mto": c.MTO.Preset,
		"budget_epochs": lock.Budget.Epochs, "seeds": lock.Seeds, "primary_target": lock.Primary,
		"verdict": r.Verdict, "checks": list(r.Checks), "withheld": list(r.Withheld), "warnings": append([]string{}, r.Warnings...),
		"missing": len(r.Missing), "results": r.Results,
	}
	unfinished := []map[string]any{}
	for _, j := range r.missing() {
		s := j.Unfinished()
		run := map[string]any{"run": j.String(), "state": s.State}
		if s.State != StateNever {
			run["step"], run["steps"] = s.Step, s.Steps
		}
		if s.Error != "" {
			run["error"] = s.Error
		}
		unfinished = append(unfinished, run)
	}
	m["unfinished"] = unfinished
	targets := []map[string]any{}
	for _, t := range r.Targets {
		fact := map[string]any{"c": t.C, "tau_pct": t.Tau, "refused": t.Refused, "calibration_cv": t.CV}
		if r.Shown(t) {
			fact["comparison"] = t.Comparison
		}
		targets = append(targets, fact)
	}
	m["targets"] = targets
	if r.compared() {
		if len(r.Final) > 0 {
			m["final"] = r.Final
		}
		if r.Complete != nil {
			m["complete"] = r.Complete
		}
	}
	if !r.ShownPrimary() {
		return m
	}
	m["units"], m["raw_crossing"] = r.Units, map[string]any{
		"median": map[string]float64{ArmOff: r.Secondary.MedianOff, ArmOn: r.Secondary.MedianOn},
		"hits":   map[string]int{ArmOff: r.Secondary.HitsOff, ArmOn: r.Secondary.HitsOn},
	}
	if r.Speed != nil {
		m["epoch_time"] = r.Speed
	}
	return m
}
