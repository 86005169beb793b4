package statistics

import (
	"math/bits"
	"slices"

	"github.com/mtobench/mtobench/nn"
)

// ExactSwaps is the number of pairs up to which [LogRankSwap] visits every label swap; beyond it, it
// draws DrawnSwaps of them.
const (
	ExactSwaps = 20
	DrawnSwaps = 1 << 16
)

// A SwapTest is a log-rank test whose null distribution is that of label swaps inside pairs.
type SwapTest struct {
	Chi2  float64 // log-rank statistic, hypergeometric variance
	P     float64 // share of the swaps whose chi-square is at least the observed one
	Swaps int     // how many were visited
	Exact bool    // all 2^n were; otherwise they were drawn, and the observed one counts among them
}

// LogRank is the log-rank chi-square of two samples of right-censored times (Mantel, 1966), with the
// hypergeometric variance; 0 where no hit tells them apart.
func LogRank(x, y []Crossing) float64 {
	l := newLogRank(x, y)
	return l.chi2(0)
}

// LogRankSwap tests that the labels of each pair (off[i], on[i]) could as well be swapped: under that
// hypothesis each of the 2^n swaps is equally likely, whatever the censoring, which must be the same in
// both arms. No asymptotics are involved.
func LogRankSwap(off, on []Crossing) SwapTest {
	l := newLogRank(off, on)
	t := SwapTest{Chi2: l.chi2(0), Exact: len(off) <= ExactSwaps}
	least := t.Chi2 * (1 - 1e-12) // equal up to the order of summation counts as equal
	hits := 0
	if t.Exact {
		t.Swaps = 1 << len(off)
		for i := range uint64(t.Swaps) { // in Gray code: one pair changes at a time
			if l.chi2(i^i>>1) >= least {
				hits++
			}
		}
		t.P = float64(hits) / float64(t.Swaps)
		return t
	}
	t.Swaps = DrawnSwaps
	stream := nn.NewStream(0, "swap")
	for b := range uint32(DrawnSwaps) {
		draw := stream.At(0, b)
		l.unswap()
		for i := range off {
			if draw.Uint32()&1 == 1 {
				l.swap(i)
			}
		}
		if l.statistic() >= least {
			hits++
		}
	}
	t.P = float64(hits+1) / (DrawnSwaps + 1)
	return t
}

// logRank computes the statistic over and over under swaps. Times, numbers at risk and hits of both
// samples together don't change; what does are the sums over the sample "on".
type logRank struct {
	last   [2][]int     // [off, on][pair]: the last event time at which the run is at risk, an index; -1: none
	score  [2][]float64 // [off, on][pair]: hit minus its expectation
	risk   []int        // [event time] of both samples
	weight []float64    // [event time]: hits (risk - hits) / ((risk - 1) risk^2)

	swapped []bool // [of on]; the first are the pairs
	ending  []int  // [event time]: runs in "on" whose last time at risk it is
	now     uint64 // the swaps as bits; the first 64 pairs
}

func newLogRank(off, on []Crossing) *logRank {
	l := &logRank{swapped: make([]bool, len(on))}
	var times []float64
	for _, c := range slices.Concat(off, on) {
		if c.Hit {
			times = append(times, c.At)
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	hits := make([]int, len(times))
	l.risk, l.ending = make([]int, len(times)), make([]int, len(times))
	arms := [2][]Crossing{off, on}
	for arm, list := range arms {
		for _, c := range list {
			at, exact := slices.BinarySearch(times, c.At)
			last := at - 1
			if exact {
				last = at
				if c.Hit {
					hits[at]++
				}
			}
			l.last[arm] = append(l.last[arm], last)
			for k := range last + 1 {
				l.risk[k]++
			}
		}
	}
	hazard := make([]float64, len(times)) // cumulative (Nelson and Aalen)
	sum := 0.0
	for k, d := range hits {
		n := float64(l.risk[k])
		sum += float64(d) / n
		hazard[k] = sum
		w := 0.0
		if n > 1 {
			w = float64(d) * (n - float64(d)) / ((n - 1) * n * n)
		}
		l.weight = append(l.weight, w)
	}
	for arm, list := range arms {
		for i, c := range list {
			score := 0.0
			if c.Hit {
				score = 1
			}
			if last := l.last[arm][i]; last >= 0 {
				score -= hazard[last]
			}
			l.score[arm] = append(l.score[arm], score)
		}
	}
	for _, last := range l.last[1] {
		if last >= 0 {
			l.ending[last]++
		}
	}
	return l
}

// swap exchanges the labels of pair i.
func (l *logRank) swap(i int) {
	from, to := 1, 0
	if l.swapped[i] {
		from, to = 0, 1
	}
	if k := l.last[from][i]; k >= 0 {
		l.ending[k]--
	}
	if k := l.last[to][i]; k >= 0 {
		l.ending[k]++
	}
	l.swapped[i] = !l.swapped[i]
}

func (l *logRank) unswap() {
	for i, s := range l.swapped {
		if s {
			l.swap(i)
		}
	}
	l.now = 0
}

// chi2 is the statistic with the pairs swapped whose bit is set; 64 pairs at most.
func (l *logRank) chi2(swaps uint64) float64 {
	for change := swaps ^ l.now; change != 0; change &= change - 1 {
		l.swap(bits.TrailingZeros64(change))
	}
	l.now = swaps
	return l.statistic()
}

// statistic is (observed - expected)^2 / variance of the sample now labelled "on".
func (l *logRank) statistic() float64 {
	diff := 0.0
	for i, s := range l.swapped {
		arm := 1
		if s {
			arm = 0
		}
		diff += l.score[arm][i]
	}
	variance, riskOn := 0.0, 0
	for k := len(l.risk) - 1; k >= 0; k-- {
		riskOn += l.ending[k]
		variance += float64(l.weight[k] * float64(riskOn*(l.risk[k]-riskOn)))
	}
	if variance == 0 {
		return 0
	}
	return diff * diff / variance
}
