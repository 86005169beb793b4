package harness

import (
	"cmp"
	"slices"
)

// doubledRanks returns twice the rank of each value among x, ties sharing their mean rank: whole
// numbers, so that rank sums are exact.
func doubledRanks(x []float64) []int {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(x[a], x[b]), cmp.Compare(a, b)) })
	ranks := make([]int, len(x))
	for lo := 0; lo < len(order); {
		hi := lo + 1
		for hi < len(order) && x[order[hi]] == x[order[lo]] {
			hi++
		}
		for _, i := range order[lo:hi] {
			ranks[i] = lo + 1 + hi // 2 * mean of lo+1..hi
		}
		lo = hi
	}
	return ranks
}

// signedRank returns the exact two-sided p of Wilcoxon's signed-rank test of d against 0. Zeros are
// dropped (Wilcoxon's rule); tied sizes share their mean rank. It is 1 where nothing is left.
func signedRank(d []float64) float64 {
	var sizes []float64
	var positive []bool
	for _, v := range d {
		if v != 0 {
			sizes = append(sizes, max(v, -v))
			positive = append(positive, v > 0)
		}
	}
	ranks := doubledRanks(sizes)
	observed, total := 0, 0
	for i, r := range ranks {
		total += r
		if positive[i] {
			observed += r
		}
	}
	ways := make([]float64, total+1) // sign patterns by rank sum; exact up to n = 53
	ways[0] = 1
	for _, r := range ranks {
		for s := total; s >= r; s-- {
			ways[s] += ways[s-r]
		}
	}
	return twoSided(ways, observed)
}

// rankSum returns the exact two-sided p of the Wilcoxon-Mann-Whitney test that x and y have one
// distribution, ties by mean ranks, conditional on the ties.
func rankSum(x, y []float64) float64 {
	ranks := doubledRanks(append(slices.Clone(x), y...))
	observed, total := 0, 0
	for i, r := range ranks {
		total += r
		if i < len(x) {
			observed += r
		}
	}
	ways := make([][]float64, len(x)+1) // [taken][rank sum]
	for k := range ways {
		ways[k] = make([]float64, total+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for k := len(x); k >= 1; k-- {
			for s := total; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	return twoSided(ways[len(x)], observed)
}

// twoSided doubles the smaller tail, at most 1: ways[s] counts the equally likely outcomes with sum s.
func twoSided(ways []float64, observed int) float64 {
	var all, low, high float64
	for s, w := range ways {
		all += w
		if s <= observed {
			low += w
		}
		if s >= observed {
			high += w
		}
	}
	return min(1, 2*min(low, high)/all)
}
