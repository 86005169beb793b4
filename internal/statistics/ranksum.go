package statistics

import "slices"

// RankSum returns the exact two-sided p of the Wilcoxon-Mann-Whitney test that x and y have one
// distribution, ties by mean ranks, conditional on the ties.
func RankSum(x, y []float64) float64 {
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
