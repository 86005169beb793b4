package statistics

// RestrictedMeanRatio is the sum of on over the sum of off, where a censored time holds the horizon
// already: the ratio of the arms' restricted means (methodology b.5). The interval is the percentile
// interval over resampled pairs.
func RestrictedMeanRatio(off, on []Crossing) (float64, Interval) {
	ratio := func(index []int) float64 {
		var x, y float64
		for _, i := range index {
			x += on[i].At
			y += off[i].At
		}
		return x / y
	}
	all := make([]int, len(off))
	for i := range all {
		all[i] = i
	}
	return ratio(all), Percentile(Bootstrap(len(off), ratio))
}

// ExpectedRunningTime is all time spent divided by the number of hits; it exists where there is one.
func ExpectedRunningTime(times []Crossing) (float64, bool) {
	spent, hits := 0.0, 0
	for _, x := range times {
		spent += x.At
		if x.Hit {
			hits++
		}
	}
	return spent / float64(max(hits, 1)), hits > 0
}
