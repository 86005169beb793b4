package statistics

// Isotonic returns the non-decreasing sequence nearest to q in least squares, by pooling adjacent
// violators from left to right. Each fitted value is the mean of a block of q, summed in order.
func Isotonic(q []float64) []float64 {
	type block struct {
		sum   float64
		count int
	}
	mean := func(b block) float64 { return b.sum / float64(b.count) }
	var blocks []block
	for _, v := range q {
		blocks = append(blocks, block{v, 1})
		for n := len(blocks); n > 1 && mean(blocks[n-2]) > mean(blocks[n-1]); n = len(blocks) {
			blocks[n-2].sum += blocks[n-1].sum
			blocks[n-2].count += blocks[n-1].count
			blocks = blocks[:n-1]
		}
	}
	fit := make([]float64, 0, len(q))
	for _, b := range blocks {
		for range b.count {
			fit = append(fit, mean(b))
		}
	}
	return fit
}
