package statistics

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
