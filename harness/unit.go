package harness

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/mtobench/mtobench/internal/statistics"
)

// Units of the budget, in the order of a report.
const (
	UnitEpochs       = "epochs"
	UnitImages       = "images"
	UnitFLOP         = "FLOP"
	UnitTrainSeconds = "training seconds" // optimizer steps only
	UnitWallSeconds  = "wall seconds"     // with evaluations and checkpoints
	UnitCPUSeconds   = "CPU seconds"      // processor time of optimizer steps: what other processes take isn't in it
)

// clockUnits are measured, where the others are counted.
var clockUnits = []string{UnitTrainSeconds, UnitWallSeconds, UnitCPUSeconds}

// A UnitComparison is what the pairs need to the primary target in one unit of the budget: the same
// statistics for each (methodology b.5). Those of the clocks are withheld where their A/A check failed.
type UnitComparison struct {
	Unit string
	Comparison
	Withheld string // why there are no numbers; empty: there are
}

// MarshalJSON writes the unit beside the comparison's fields, or why there are none.
func (u UnitComparison) MarshalJSON() ([]byte, error) {
	if u.Withheld != "" {
		return json.Marshal(map[string]string{"unit": u.Unit, "withheld": u.Withheld})
	}
	return json.Marshal(map[string]any{"unit": u.Unit, "comparison": u.Comparison})
}

// A SpeedRatio compares the time of an epoch, on / off, over pairs: geometric mean with Student's
// interval. Reduction is that of seconds, R = 1 - rho * ratio, with rho of epochs (methodology b.5).
type SpeedRatio struct {
	Ratio     float64  `json:"ratio"`
	Interval  Interval `json:"interval"`
	Reduction float64  `json:"reduction"`
}

// A run that misses the target stands at its budget. In epochs and images that is one number for all runs, as
// restricted means and the log-rank test want it; in FLOP and in seconds it is each run's own, larger where an
// epoch costs more. Without censoring no budget enters.

// spent returns where a run crossed the target in each unit.
func (r *Report) spent(f *Finished, tau float64) map[string]Crossing {
	o := f.Outcome(tau)
	images := o.At * float64(r.Study.Lock.Data.Train)
	in := map[string]float64{
		UnitEpochs: o.At, UnitImages: images, UnitFLOP: images / float64(r.Study.Config.Train.Batch) * float64(f.Manifest.FLOPs),
		UnitTrainSeconds: o.TrainNS / 1e9, UnitWallSeconds: o.WallNS / 1e9, UnitCPUSeconds: o.CPUNS / 1e9,
	}
	crossings := map[string]Crossing{}
	for unit, at := range in {
		crossings[unit] = Crossing{At: at, Hit: o.Hit}
	}
	return crossings
}

// compareUnits fills Units and Speed from the pairs at the primary target.
func (r *Report) compareUnits(both [][2]*Finished, t Target) {
	r.checkPlaces(both)
	pairs, ends := map[string][]Pair{}, map[string][]float64{}
	var perEpoch []float64
	for _, p := range both {
		off, on := r.spent(p[0], t.Tau), r.spent(p[1], t.Tau)
		for unit := range off {
			pairs[unit] = append(pairs[unit], Pair{off[unit], on[unit]})
		}
		for _, f := range p {
			for unit, end := range r.spent(f, math.Inf(1)) { // a target that none reaches: its budget
				ends[unit] = append(ends[unit], end.At)
			}
		}
		perEpoch = append(perEpoch, secondsPerEpoch(p[1])/secondsPerEpoch(p[0]))
	}
	for _, unit := range slices.Concat([]string{UnitEpochs, UnitImages, UnitFLOP}, clockUnits) {
		u := UnitComparison{Unit: unit, Withheld: r.withheld[unit]}
		switch {
		case unit == UnitEpochs:
			u.Comparison = r.Targets[r.Primary].Comparison
		case u.Withheld == "":
			u.Comparison = compare(pairs[unit], t)
			u.OwnHorizons = u.Censored() && slices.Min(ends[unit]) < slices.Max(ends[unit])
		}
		r.Units = append(r.Units, u)
	}
	if r.withheld[UnitTrainSeconds] == "" && !r.Units[0].StartedAtTarget {
		logs := statistics.Logs(perEpoch)
		r.Speed = &SpeedRatio{Ratio: statistics.GeometricMean(perEpoch), Interval: statistics.StudentInterval(logs).Exp()}
		r.Speed.Reduction = 1 - float64(r.Speed.Ratio*r.Units[0].Ratio)
	}
}

// secondsPerEpoch of a run's training clock, positive.
func secondsPerEpoch(f *Finished) float64 {
	end := f.Curve[len(f.Curve)-1]
	return float64(max(1, end.TrainNS)) / 1e9 / end.Epochs
}

// In returns the comparison in a unit, nil where it is withheld or there are no pairs.
func (r *Report) In(unit string) *Comparison {
	for i := range r.Units {
		if u := &r.Units[i]; u.Unit == unit && u.Withheld == "" {
			return &u.Comparison
		}
	}
	return nil
}
