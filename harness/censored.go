package harness

import (
	"slices"

	"github.com/mtobench/mtobench/nn"
)

// Pair is the crossings of one seed.
type Pair struct{ Off, On Crossing }

// rmstRatio is sum min(E_on, T) / sum min(E_off, T) with its percentile interval over resampled
// pairs (methodology b.5). A censored crossing holds T already.
func rmstRatio(pairs []Pair) (float64, Interval) {
	ratio := func(index []int) float64 {
		var on, off float64
		for _, i := range index {
			on += pairs[i].On.At
			off += pairs[i].Off.At
		}
		return on / off
	}
	all := make([]int, len(pairs))
	for i := range all {
		all[i] = i
	}
	return ratio(all), percentileInterval(bootstrap(len(pairs), ratio))
}

// kmMedian is the Kaplan-Meier median of crossings that are censored at the budget only: the first
// time by which at least half of the runs have hit. It exists where half of them did.
func kmMedian(c []Crossing) (float64, bool) {
	var hits []float64
	for _, x := range c {
		if x.Hit {
			hits = append(hits, x.At)
		}
	}
	slices.Sort(hits)
	half := (len(c) + 1) / 2
	if len(hits) < half {
		return 0, false
	}
	return hits[half-1], true
}

// expectedRunningTime is all epochs spent divided by the number of hits; it exists where there is one.
func expectedRunningTime(c []Crossing) (float64, bool) {
	spent, hits := 0.0, 0
	for _, x := range c {
		spent += x.At
		if x.Hit {
			hits++
		}
	}
	return spent / float64(max(hits, 1)), hits > 0
}

// exactSwaps is the number of pairs up to which all label swaps are visited; beyond it, as many are
// drawn from the stream "swap".
const exactSwaps = 16

// logRankSwap returns the log-rank chi-square of the two arms and its p under swaps of the labels
// inside pairs: the share of the 2^n swaps whose chi-square is at least the observed one.
func logRankSwap(pairs []Pair) (chi2, p float64) {
	swapped := make([]Pair, len(pairs))
	at := func(swap func(i int) bool) float64 {
		for i, q := range pairs {
			if swap(i) {
				q.Off, q.On = q.On, q.Off
			}
			swapped[i] = q
		}
		return logRank(swapped)
	}
	chi2 = logRank(pairs)
	least := chi2 * (1 - 1e-12) // equal up to the order of summation counts as equal
	hits := 0
	if len(pairs) <= exactSwaps {
		all := uint64(1) << len(pairs)
		for bits := range all {
			if at(func(i int) bool { return bits>>i&1 == 1 }) >= least {
				hits++
			}
		}
		return chi2, float64(hits) / float64(all)
	}
	stream := nn.NewStream(0, "swap")
	for b := range uint32(1 << exactSwaps) {
		draw := stream.At(0, b)
		if at(func(int) bool { return draw.Uint32()&1 == 1 }) >= least {
			hits++
		}
	}
	return chi2, float64(hits+1) / (1<<exactSwaps + 1)
}

// logRank is the log-rank chi-square (hypergeometric variance) of on against off, 0 where no hit
// tells them apart.
func logRank(pairs []Pair) float64 {
	var times []float64
	for _, p := range pairs {
		for _, c := range []Crossing{p.Off, p.On} {
			if c.Hit {
				times = append(times, c.At)
			}
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	var diff, variance float64
	for _, t := range times {
		var risk, riskOn, hits, hitsOn float64
		for _, p := range pairs {
			for arm, c := range []Crossing{p.Off, p.On} {
				if c.At < t {
					continue
				}
				hit := c.Hit && c.At == t
				risk++
				if hit {
					hits++
				}
				if arm == 1 {
					riskOn++
					if hit {
						hitsOn++
					}
				}
			}
		}
		diff += hitsOn - hits*riskOn/risk
		if risk > 1 {
			variance += hits * (riskOn / risk) * (1 - riskOn/risk) * (risk - hits) / (risk - 1)
		}
	}
	if variance == 0 {
		return 0
	}
	return diff * diff / variance
}
