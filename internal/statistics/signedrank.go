package statistics

// SignedRank returns the exact two-sided p of Wilcoxon's signed-rank test of d against 0. Zeros are
// dropped (Wilcoxon's rule); tied sizes share their mean rank. It is 1 where nothing is left.
func SignedRank(d []float64) float64 {
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
