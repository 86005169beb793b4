package harness

import "github.com/mtobench/mtobench/internal/statistics"

// An Outcome is what one run says about one target (methodology b.3 and b.5).
type Outcome struct {
	Crossing            // by isotonic fit and interpolation; censored where collapsed
	Raw       Crossing  // first grid point at or above the target, of the raw curve
	Collapsed bool      // ended more than collapseDrop points below its own maximum
	Fit       []float64 // isotonic fit on the grid
	Top1      float64   // the fit at the budget, percent
	AUC       float64   // area under the fit over the budget, percent
	TrainNS   float64   // training clock at the crossing or the budget
	WallNS    float64   // wall clock there
	CPUNS     float64   // processor time of training there
}

// outcome reads a complete curve.
func outcome(c Curve, tau float64) Outcome {
	x, q := c.epochs(), c.quality()
	o := Outcome{Fit: statistics.Isotonic(q), Raw: statistics.FirstAtLeast(x, q, tau), Collapsed: collapsed(q)}
	o.Crossing = statistics.FirstCrossing(x, o.Fit, tau)
	if o.Collapsed {
		o.Crossing = Crossing{At: x[len(x)-1]}
	}
	o.Top1 = o.Fit[len(o.Fit)-1]
	o.AUC = statistics.MeanHeight(x, o.Fit)
	train := c.column(func(p Point) float64 { return float64(p.TrainNS) })
	wall := c.column(func(p Point) float64 { return float64(p.WallNS) })
	cpu := c.column(func(p Point) float64 { return float64(p.CPUNS) })
	o.TrainNS, o.WallNS, o.CPUNS = statistics.Interpolate(x, train, o.At), statistics.Interpolate(x, wall, o.At), statistics.Interpolate(x, cpu, o.At)
	return o
}
