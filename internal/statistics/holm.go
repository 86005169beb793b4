package statistics

import (
	"cmp"
	"slices"
)

// Holm returns the p-values adjusted for their number (Holm, "A simple sequentially rejective multiple
// test procedure", 1979), in the order of the argument: one at or below a level is significant at that
// level with the chance of any false finding, over all of them, at most that level.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted := make([]float64, len(p))
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = least
	}
	return adjusted
}
