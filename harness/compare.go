package harness

import (
	"encoding/json"
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/internal/statistics"
)

// A Comparison is the statistics of methodology b.5 for one target in one unit of the budget. Off is the
// baseline, on the arm with MTO; values are in that unit, a run that missed the target standing at its
// budget.
type Comparison struct {
	Pairs           int
	Crossings       []Pair // what is compared, in the lock's order of seeds
	HitsOff, HitsOn int    // runs that reached the target
	MedianOff       float64
	MedianOn        float64

	Converged bool // the target is the baseline's converged quality, c = 1.00, which about half of the baseline runs miss by construction

	// The headline. Without censoring: the paired geometric-mean ratio with Student's interval of its
	// logarithm. By the censored rules: the ratio of restricted means with the interval of the pair bootstrap.
	Ratio       float64 // rho, on / off; NaN where a run needed nothing
	Interval    Interval
	BCa         Interval // beside it, without censoring: the bootstrap's
	Percentile  Interval // beside it, by the censored rules: the plain percentiles of the pair bootstrap
	RMSTOff     float64  // restricted means, by the censored rules
	RMSTOn      float64
	CensoredOff bool
	CensoredOn  bool

	P      float64 // exact signed-rank of the log ratios; by the censored rules, log-rank under label swaps
	Chi2   float64 // log-rank, by the censored rules
	Swaps  int     // label swaps visited, by the censored rules
	Exact  bool    // P is of the exact null: always without censoring, else up to statistics.ExactSwaps pairs
	Won    int     // pairs in which on was earlier
	Lost   int     // pairs in which off was; the rest are ties
	KMBoth bool    // both arms have a Kaplan-Meier median
	KMOff  float64
	KMOn   float64
	ERTOff float64 // expected running time: all that was spent for each hit; 0 without a hit
	ERTOn  float64

	SurvivalOff, SurvivalOn statistics.SurvivalCurve // Kaplan-Meier

	Correlation      float64 // measured rho of ln E within pairs that both hit; NaN below three, or where a side is constant
	CorrelationPairs int     // how many those are
	StartedAtTarget  bool    // some run needed nothing: no ratio
	OwnHorizons      bool    // with censoring, and runs that end elsewhere in this unit: the means go to each run's own end, and there is no test
}

// Censored reports whether any run missed the target.
func (c Comparison) Censored() bool { return c.CensoredOff || c.CensoredOn }

// CensoredRules reports whether the statistics are those of censored runs: where any is censored, and always at c = 1.00
// (methodology b.4), so that the rule doesn't hang on what happened to be missed.
func (c Comparison) CensoredRules() bool { return c.Censored() || c.Converged }

// Reduction is R = 1 - rho.
func (c Comparison) Reduction() float64 { return 1 - c.Ratio }

// ReductionInterval is the interval of R.
func (c Comparison) ReductionInterval() Interval {
	return Interval{Lo: 1 - c.Interval.Hi, Hi: 1 - c.Interval.Lo}
}

// ShareWon is the share of pairs in which on was earlier.
func (c Comparison) ShareWon() float64 { return float64(c.Won) / float64(c.Pairs) }

// compare judges pairs of crossings of a target, at least one.
func compare(pairs []Pair, t Target) Comparison {
	c := Comparison{Pairs: len(pairs), Crossings: pairs, Converged: t.converged()}
	offX, onX := arms(pairs)
	off, on := statistics.Times(offX), statistics.Times(onX)
	for _, p := range pairs {
		c.count(p)
	}
	c.MedianOff, c.MedianOn = statistics.Median(off), statistics.Median(on)
	c.SurvivalOff, c.SurvivalOn = statistics.KaplanMeier(offX), statistics.KaplanMeier(onX)
	kmOff, okOff := c.SurvivalOff.Median()
	kmOn, okOn := c.SurvivalOn.Median()
	if c.KMBoth = okOff && okOn; c.KMBoth {
		c.KMOff, c.KMOn = kmOff, kmOn
	}
	if ert, ok := statistics.ExpectedRunningTime(offX); ok {
		c.ERTOff = ert
	}
	if ert, ok := statistics.ExpectedRunningTime(onX); ok {
		c.ERTOn = ert
	}
	c.correlate()
	if c.StartedAtTarget = c.atStart() > 0; c.StartedAtTarget {
		c.Ratio, c.Interval, c.P = math.NaN(), Interval{Lo: 0, Hi: math.Inf(1)}, 1
		return c
	}
	if c.CensoredRules() {
		means := statistics.CompareRestrictedMeans(offX, onX)
		c.Ratio, c.Interval, c.Percentile = means.Ratio, means.Interval, means.Percentile
		c.RMSTOff, c.RMSTOn = means.Off, means.On
		test := statistics.LogRankSwap(offX, onX)
		c.Chi2, c.P, c.Swaps, c.Exact = test.Chi2, test.P, test.Swaps, test.Exact
		return c
	}
	logs := statistics.LogRatios(on, off)
	c.Ratio, c.Interval = detmath.Exp(statistics.Mean(logs)), statistics.StudentInterval(logs).Exp()
	c.BCa = statistics.BCaMean(logs).Exp()
	c.P, c.Exact = statistics.SignedRank(logs), true
	return c
}

// atStart counts the runs that were at the target before any training.
func (c Comparison) atStart() int {
	runs := 0
	for _, p := range c.Crossings {
		for _, x := range []Crossing{p.Off, p.On} {
			if x.Hit && x.At == 0 {
				runs++
			}
		}
	}
	return runs
}

// correlate measures how much pairing pays.
func (c *Comparison) correlate() {
	var off, on []float64
	for _, p := range c.Crossings {
		if p.Off.Hit && p.On.Hit && p.Off.At > 0 && p.On.At > 0 {
			off, on = append(off, p.Off.At), append(on, p.On.At)
		}
	}
	c.Correlation, c.CorrelationPairs = math.NaN(), len(off)
	if len(off) >= 3 {
		c.Correlation = statistics.Correlation(statistics.Logs(off), statistics.Logs(on))
	}
}

// count adds one pair's hits, win and censoring.
func (c *Comparison) count(p Pair) {
	if p.Off.Hit {
		c.HitsOff++
	} else {
		c.CensoredOff = true
	}
	if p.On.Hit {
		c.HitsOn++
	} else {
		c.CensoredOn = true
	}
	if p.On.Hit && (!p.Off.Hit || p.On.At < p.Off.At) {
		c.Won++
	}
	if p.Off.Hit && (!p.On.Hit || p.Off.At < p.On.At) {
		c.Lost++
	}
}

// MarshalJSON leaves out what doesn't exist for the sample: what is of censoring without any, and the
// reverse.
func (c Comparison) MarshalJSON() ([]byte, error) {
	type both struct {
		Off any `json:"off"`
		On  any `json:"on"`
	}
	m := map[string]any{
		"pairs": c.Pairs, "hits": both{c.HitsOff, c.HitsOn}, "median": both{c.MedianOff, c.MedianOn},
		"pairs_won": c.Won, "pairs_lost": c.Lost,
		"kaplan_meier": both{c.SurvivalOff, c.SurvivalOn},
		"times":        both{timesJSON(c.Crossings, false), timesJSON(c.Crossings, true)},
	}
	if !math.IsNaN(c.Correlation) {
		m["correlation"], m["correlation_pairs"] = c.Correlation, c.CorrelationPairs
	}
	if c.StartedAtTarget {
		m["ratio"] = nil
		return json.Marshal(m)
	}
	m["ratio"], m["interval"] = c.Ratio, c.Interval
	if !c.OwnHorizons {
		m["p"], m["p_exact"] = c.P, c.Exact
	}
	if !c.CensoredRules() {
		m["ratio_of"], m["test"], m["bca"] = "geometric means", "signed-rank", c.BCa
		return json.Marshal(m)
	}
	m["ratio_of"], m["percentile"], m["restricted_mean"] = "restricted means", c.Percentile, both{c.RMSTOff, c.RMSTOn}
	if c.OwnHorizons {
		m["ratio_of"] = "means up to each run's own end"
	} else {
		m["test"], m["chi2"], m["swaps"] = "log-rank under label swaps", c.Chi2, c.Swaps
	}
	if c.KMBoth {
		m["kaplan_meier_median"] = both{c.KMOff, c.KMOn}
	}
	ert := both{}
	if c.HitsOff > 0 {
		ert.Off = c.ERTOff
	}
	if c.HitsOn > 0 {
		ert.On = c.ERTOn
	}
	m["expected_running_time"] = ert
	return json.Marshal(m)
}

// timesJSON lists one arm's crossings.
func timesJSON(pairs []Pair, on bool) []map[string]any {
	var list []map[string]any
	for _, p := range pairs {
		x := p.Off
		if on {
			x = p.On
		}
		list = append(list, map[string]any{"at": x.At, "hit": x.Hit})
	}
	return list
}
