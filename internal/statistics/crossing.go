package statistics

// A Crossing is the first place where a quality curve reaches a target (methodology b.5): a time that is
// right-censored where it never does.
type Crossing struct {
	At  float64 // E in epochs, or the clock there; at the budget where Hit is false
	Hit bool    // false: right-censored at the budget
}

// FirstCrossing returns the first epoch at which the fitted curve reaches target. epochs and fit are the
// grid, fit non-decreasing; between the last point below and the first at or above it interpolates.
func FirstCrossing(epochs, fit []float64, target float64) Crossing {
	for i, q := range fit {
		if q < target {
			continue
		}
		if i == 0 {
			return Crossing{epochs[0], true}
		}
		share := (target - fit[i-1]) / (q - fit[i-1])
		return Crossing{epochs[i-1] + float64(share*(epochs[i]-epochs[i-1])), true}
	}
	return Crossing{epochs[len(epochs)-1], false}
}

// FirstAtLeast returns the first grid point whose value reaches the target, without interpolation.
func FirstAtLeast(epochs, q []float64, target float64) Crossing {
	for i, v := range q {
		if v >= target {
			return Crossing{epochs[i], true}
		}
	}
	return Crossing{epochs[len(epochs)-1], false}
}

// Interpolate reads the piecewise linear curve (x ascending, y) at the point at, which lies
// within x.
func Interpolate(x, y []float64, at float64) float64 {
	for i := 1; i < len(x); i++ {
		if at <= x[i] {
			share := (at - x[i-1]) / (x[i] - x[i-1])
			return y[i-1] + float64(share*(y[i]-y[i-1]))
		}
	}
	return y[len(y)-1]
}

// MeanHeight is the trapezoid integral of the curve divided by the length of x: its mean height.
func MeanHeight(x, y []float64) float64 {
	area := 0.0
	for i := 1; i < len(x); i++ {
		area += float64((x[i] - x[i-1]) * (y[i] + y[i-1]) / 2)
	}
	return area / (x[len(x)-1] - x[0])
}
