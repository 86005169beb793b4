package harness

import "math"

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
	var off, on []float64
	var offX, onX []Crossing
	for _, p := range pairs {
		off, on = append(off, p.Off.At), append(on, p.On.At)
		offX, onX = append(offX, p.Off), append(onX, p.On)
		c.count(p)
	}
	c.MedianOff, c.MedianOn = median(off), median(on)
	c.ERTOff, _ = expectedRunningTime(offX)
	c.ERTOn, _ = expectedRunningTime(onX)
	if c.StartedAtTarget {
		c.Ratio, c.Interval, c.P = math.NaN(), Interval{0, math.Inf(1)}, 1
		return c
	}
	if c.Censored() {
		c.Ratio, c.Interval = rmstRatio(pairs)
		c.Chi2, c.P = logRankSwap(pairs)
		kmOff, okOff := kmMedian(offX)
		kmOn, okOn := kmMedian(onX)
		if c.KMBoth = okOff && okOn; c.KMBoth {
			c.KMOff, c.KMOn = kmOff, kmOn
		}
		return c
	}
	logs := logRatios(on, off)
	c.Ratio, c.Interval = geometricMean(logs), tInterval(logs)
	c.BCa = expInterval(bcaMean(logs))
	c.P = signedRank(logs)
	c.Correlation = correlation(logsOf(off), logsOf(on))
	return c
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
