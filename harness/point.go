package harness

// A Point is one evaluation of one run.
type Point struct {
	Step    int     `json:"step"`       // optimizer steps done
	Images  int64   `json:"images"`     // images processed in forward-backward
	Epochs  float64 `json:"epochs"`     // Images / |D_pre|
	Top1    float64 `json:"top1_pct"`   // primary probe, percent
	KNN     float64 `json:"knn_pct"`    // kNN probe, percent
	Recon   float64 `json:"recon_loss"` // held-out reconstruction loss, fixed masks, no MTO terms
	Loss    float64 `json:"train_loss"` // of the last step; the arms' training losses are different functions
	TrainNS int64   `json:"train_ns"`   // training clock: optimizer steps only
	WallNS  int64   `json:"wall_ns"`    // training, evaluation and checkpoints
	CPUNS   int64   `json:"cpu_ns"`     // processor time of the optimizer steps, all threads added up
	State   string  `json:"state"`      // SHA-256 of weights, moments and average
	Chain   string  `json:"chain"`      // hash chain over all points up to this one

	Diagnostics map[string]float64 `json:"diagnostics,omitempty"`
}

// A Curve is the points of one run in the order of the grid.
type Curve []Point

// Epochs lists the grid.
func (c Curve) epochs() []float64 { return c.column(func(p Point) float64 { return p.Epochs }) }

// quality lists the raw values of the primary probe.
func (c Curve) quality() []float64 { return c.column(func(p Point) float64 { return p.Top1 }) }

func (c Curve) column(of func(Point) float64) []float64 {
	x := make([]float64, len(c))
	for i, p := range c {
		x[i] = of(p)
	}
	return x
}
