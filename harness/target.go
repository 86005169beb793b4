package harness

import (
	"fmt"

	"github.com/mtobench/mtobench/internal/statistics"
)

// Guards of methodology b.4.
const (
	minCalibrationSeeds = 6
	minSignalToNoise    = 10.0
	maxCrossingCV       = 0.15
	maxMisses           = 1
)

// A Target is one fixed quality (methodology b.4) with what the calibration runs say about it.
type Target struct {
	C         float64   `json:"c"`         // fraction of the way from Q0 to QT
	Tau       float64   `json:"tau_pct"`   // the quality, percent
	Crossings []float64 `json:"crossings"` // E_s(c) by calibration seed, epochs; the budget where missed
	Hits      []bool    `json:"hits"`
	CV        float64   `json:"cv"`      // of the crossings of those that hit
	Refused   []string  `json:"refused"` // why it isn't admissible; empty: it is
}

// converged reports whether the target is the baseline's converged quality: it is read by the censored rules alone, and
// reported whatever the guard says (methodology b.4).
func (t Target) converged() bool { return t.C == 1 }

// A LayerProbe is what calibration says about the features after one block.
type LayerProbe struct {
	Layer int     `json:"layer"`
	Q0    float64 `json:"q0_pct"` // median q(0)
	QT    float64 `json:"qT_pct"` // median fitted q(T)
	SN    float64 `json:"signal_to_noise"`
}

// signalToNoise is (q(T) - q(T/4)) / sd of q(T) over the seeds (methodology 2.3), q raw and averaged
// over the seeds. It is 0 where the curve falls, and capped where the seeds agree exactly.
func signalToNoise(epochs []float64, q [][]float64) float64 {
	var end, rise []float64
	for _, curve := range q {
		last := curve[len(curve)-1]
		end = append(end, last)
		rise = append(rise, last-statistics.Interpolate(epochs, curve, float64(epochs[len(epochs)-1]/4)))
	}
	sd, gain := statistics.StdDev(end), statistics.Mean(rise)
	switch {
	case !(gain > 0):
		return 0
	case sd == 0:
		return 1e6
	}
	return gain / sd
}

// probeLayer measures one layer's curves q [seeds][grid].
func probeLayer(layer int, epochs []float64, q [][]float64) LayerProbe {
	var first, last []float64
	for _, curve := range q {
		fit := statistics.Isotonic(curve)
		first, last = append(first, curve[0]), append(last, fit[len(fit)-1])
	}
	return LayerProbe{Layer: layer, Q0: statistics.Median(first), QT: statistics.Median(last), SN: signalToNoise(epochs, q)}
}

// chooseLayer returns the layer with the highest QT among those with enough signal to noise, or, where
// none has enough, the one with the most; ties go to the lower layer.
func chooseLayer(layers []LayerProbe) LayerProbe {
	best := layers[0]
	for _, l := range layers[1:] {
		enough, had := l.SN >= minSignalToNoise, best.SN >= minSignalToNoise
		switch {
		case enough && !had, enough && had && l.QT > best.QT, !enough && !had && l.SN > best.SN:
			best = l
		}
	}
	return best
}

// newTarget places tau at fraction c between Q0 and QT of the probe and applies the guards.
func newTarget(c float64, probe LayerProbe, epochs []float64, q [][]float64) Target {
	t := Target{C: c, Tau: probe.Q0 + float64(c*(probe.QT-probe.Q0)), Refused: []string{}}
	var hit []float64
	misses, atStart := 0, false
	for _, curve := range q {
		x := statistics.FirstCrossing(epochs, statistics.Isotonic(curve), t.Tau)
		if collapsed(curve) {
			x = Crossing{At: epochs[len(epochs)-1]}
		}
		t.Crossings, t.Hits = append(t.Crossings, x.At), append(t.Hits, x.Hit)
		if !x.Hit {
			misses++
			continue
		}
		hit = append(hit, x.At)
		atStart = atStart || x.At == 0
	}
	if len(hit) > 1 && statistics.Mean(hit) > 0 {
		t.CV = statistics.StdDev(hit) / statistics.Mean(hit)
	}
	refuse := func(format string, args ...any) { t.Refused = append(t.Refused, fmt.Sprintf(format, args...)) }
	if misses > maxMisses {
		refuse("%d of %d calibration runs miss it within the budget (at most %d may)", misses, len(q), maxMisses)
	}
	if t.CV > maxCrossingCV {
		refuse("the calibration runs' crossings scatter by %.0f %% (at most %.0f %%)", 100*t.CV, 100*maxCrossingCV)
	}
	if atStart {
		refuse("a calibration run is there before any training")
	}
	if probe.SN < minSignalToNoise {
		refuse("the probe's signal to noise is %.1f (at least %.0f)", probe.SN, minSignalToNoise)
	}
	return t
}
