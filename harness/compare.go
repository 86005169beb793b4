package harness

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/internal/statistics"
)

// A Comparison is the statistics of b.5 for one target, or for one other unit of the budget.
type Comparison struct {
	Pairs           int
	HitsOff, HitsOn int
	MedianOff       float64 // median E, censored ones at the budget
	MedianOn        float64
	Ratio           float64  // rho: paired geometric mean, or RMST where anything is censored
	Interval        Interval // t of the logs, or the pair bootstrap of RMST
	BCa             Interval // beside the t-interval; zero where anything is censored
	P               float64  // exact signed-rank, or log-rank under swaps
	Chi2            float64  // log-rank; where anything is censored
	Won             int      // pairs in which on was earlier
	Correlation     float64  // of ln E between the arms; NaN where a side is constant or censored
	CensoredOff     bool
	CensoredOn      bool
	KMOff, KMOn     float64 // Kaplan-Meier medians, where both exist
	KMBoth          bool
	ERTOff, ERTOn   float64 // expected running time; 0 without a hit
	StartedAtTarget bool    // some run needed no epoch: no ratio
}

// Censored reports whether any run missed the target.
func (c Comparison) Censored() bool { return c.CensoredOff || c.CensoredOn }

// Reduction is 1 - rho.
func (c Comparison) Reduction() float64 { return 1 - c.Ratio }

// compare judges pairs of crossings.
func compare(pairs []Pair) Comparison {
	c := Comparison{Pairs: len(pairs), Correlation: math.NaN()}
	offX, onX := arms(pairs)
	off, on := times(offX), times(onX)
	for _, p := range pairs {
		c.count(p)
	}
	c.MedianOff, c.MedianOn = statistics.Median(off), statistics.Median(on)
	c.ERTOff, _ = statistics.ExpectedRunningTime(offX)
	c.ERTOn, _ = statistics.ExpectedRunningTime(onX)
	if c.StartedAtTarget {
		c.Ratio, c.Interval, c.P = math.NaN(), Interval{Lo: 0, Hi: math.Inf(1)}, 1
		return c
	}
	if c.Censored() {
		c.Ratio, c.Interval = statistics.RestrictedMeanRatio(offX, onX)
		test := statistics.LogRankSwap(offX, onX)
		c.Chi2, c.P = test.Chi2, test.P
		kmOff, okOff := statistics.KaplanMeier(offX).Median()
		kmOn, okOn := statistics.KaplanMeier(onX).Median()
		if c.KMBoth = okOff && okOn; c.KMBoth {
			c.KMOff, c.KMOn = kmOff, kmOn
		}
		return c
	}
	logs := statistics.LogRatios(on, off)
	c.Ratio, c.Interval = detmath.Exp(statistics.Mean(logs)), statistics.StudentInterval(logs).Exp()
	c.BCa = statistics.BCaMean(logs).Exp()
	c.P = statistics.SignedRank(logs)
	c.Correlation = statistics.Correlation(statistics.Logs(off), statistics.Logs(on))
	return c
}

// times lists where the crossings are.
func times(c []Crossing) []float64 {
	at := make([]float64, len(c))
	for i, x := range c {
		at[i] = x.At
	}
	return at
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
	if p.Off.Hit && p.Off.At == 0 || p.On.Hit && p.On.At == 0 {
		c.StartedAtTarget = true
	}
}
