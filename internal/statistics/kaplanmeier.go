package statistics

import (
	"cmp"
	"slices"
)

// A SurvivalStep is one step of a Kaplan-Meier curve: from Time on, the share Survival of the runs is
// estimated not to have reached the target.
type SurvivalStep struct {
	Time     float64 `json:"time"`
	AtRisk   int     `json:"at_risk"`  // runs that were under observation just before
	Hits     int     `json:"hits"`     // of them, how many reached the target here
	Censored int     `json:"censored"` // how many left observation here without
	Survival float64 `json:"survival"`
}

// A SurvivalCurve is the product-limit estimate (Kaplan and Meier, "Nonparametric estimation from
// incomplete observations", 1958) as steps in ascending time; before the first it is 1.
type SurvivalCurve []SurvivalStep

// KaplanMeier estimates the survival curve of right-censored times. Times that are both hit and
// censored count the censored ones as at risk.
func KaplanMeier(times []Crossing) SurvivalCurve {
	sorted := slices.SortedFunc(slices.Values(times), func(a, b Crossing) int { return cmp.Compare(a.At, b.At) })
	var curve SurvivalCurve
	survival := 1.0
	for i := 0; i < len(sorted); {
		step := SurvivalStep{Time: sorted[i].At, AtRisk: len(sorted) - i}
		for ; i < len(sorted) && sorted[i].At == step.Time; i++ {
			if sorted[i].Hit {
				step.Hits++
			} else {
				step.Censored++
			}
		}
		survival = float64(survival * float64(step.AtRisk-step.Hits) / float64(step.AtRisk))
		step.Survival = survival
		curve = append(curve, step)
	}
	return curve
}

// Median is the first time at which the curve is at or below one half; false where it stays above.
func (c SurvivalCurve) Median() (float64, bool) {
	for _, s := range c {
		if s.Survival <= 0.5*(1+1e-12) { // the product rounds
			return s.Time, true
		}
	}
	return 0, false
}

// RestrictedMean is the area under the curve from 0 to the horizon: the mean time to the target, times
// beyond the horizon counting as the horizon.
func (c SurvivalCurve) RestrictedMean(horizon float64) float64 {
	area, at, survival := 0.0, 0.0, 1.0
	for _, s := range c {
		if s.Time >= horizon {
			break
		}
		area += float64(survival * (s.Time - at))
		at, survival = s.Time, s.Survival
	}
	return area + float64(survival*(horizon-at))
}
