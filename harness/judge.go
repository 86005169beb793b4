package harness

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/statistics"

	"github.com/mtobench/mtobench/nn"
)

// sameLevel is the level of the A/A test of epochs (methodology b.7).
const sameLevel = 0.01

// What a study for a claim has (methodology b.3 and 1.8): with fewer pairs there is no verdict, with fewer
// validation images a note.
const (
	minPairs      = 6
	minValidation = 5000
)

// judge compares the finished pairs at every target and applies the rule of b.5.
func (r *Report) judge() error {
	lock := r.Study.Lock
	both := r.Pairs()
	if err := r.check(both); err != nil {
		return err
	}
	for i, t := range lock.Targets {
		if t.C == lock.Primary {
			r.Primary = i
		}
		tr := TargetReport{Target: t}
		if len(both) > 0 {
			tr.Comparison = compare(crossings(both, t.Tau))
		}
		r.Targets = append(r.Targets, tr)
	}
	primary := r.Targets[r.Primary]
	var failed []string
	for _, c := range r.Checks {
		if !c.OK {
			failed = append(failed, c.Name+": "+c.Found)
		}
	}
	guard := slices.Clone(primary.Refused)
	if schedule := r.Study.Config.Train.Schedule; schedule != string(nn.Constant) {
		guard = append(guard, fmt.Sprintf("under a %s schedule a crossing is no epoch reduction (train.schedule=constant measures one)", schedule))
	}
	if n := len(lock.Seeds); n < minPairs {
		guard = append(guard, fmt.Sprintf("%d pairs are too few for a verdict (at least %d)", n, minPairs))
	}
	r.Verdict = judge(primary.Comparison, failed, guard)
	if len(both) > 0 {
		if !r.noisy {
			r.seconds(both, primary.Tau)
		}
		r.raw(both, primary.Tau)
	}
	if n := lock.Data.Validation; n < minValidation {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d validation images: fewer than the 5,000 that a study for a claim should have", n))
	}
	return nil
}

// crossings reads each pair at one target.
func crossings(both [][2]*Finished, tau float64) []Pair {
	var pairs []Pair
	for _, p := range both {
		pairs = append(pairs, Pair{outcome(p[0].Curve, tau).Crossing, outcome(p[1].Curve, tau).Crossing})
	}
	return pairs
}

// seconds compares the training clock to the target.
func (r *Report) seconds(both [][2]*Finished, tau float64) {
	var pairs []Pair
	for _, p := range both {
		off, on := outcome(p[0].Curve, tau), outcome(p[1].Curve, tau)
		pairs = append(pairs, Pair{Crossing{At: off.TrainNS / 1e9, Hit: off.Hit}, Crossing{At: on.TrainNS / 1e9, Hit: on.Hit}})
	}
	c := compare(pairs)
	r.Seconds = &c
}

// raw reads the secondary number.
func (r *Report) raw(both [][2]*Finished, tau float64) {
	var off, on []float64
	for _, p := range both {
		a, b := outcome(p[0].Curve, tau).Raw, outcome(p[1].Curve, tau).Raw
		off, on = append(off, a.At), append(on, b.At)
		if a.Hit {
			r.Secondary.HitsOff++
		}
		if b.Hit {
			r.Secondary.HitsOn++
		}
	}
	r.Secondary.MedianOff, r.Secondary.MedianOn = statistics.Median(off), statistics.Median(on)
}

// check carries out the checks of b.7.
func (r *Report) check(both [][2]*Finished) error {
	var off []*Finished
	for _, f := range r.Runs {
		if f.Job.Arm == ArmOff {
			off = append(off, f)
		}
	}
	if err := r.checkWeightZero(); err != nil {
		return err
	}
	r.checkPairs(both)
	r.checkSameBaseline(off)
	r.checkRepeat(off, r.Repeat)
	missing := Check{"all runs finished", len(r.Missing) == 0, "none is missing"}
	if !missing.OK {
		var names []string
		for _, j := range r.Missing {
			names = append(names, j.String())
		}
		missing.Found = fmt.Sprintf("%d of %d runs are missing: %s", len(names), 2*len(r.Study.Lock.Seeds), strings.Join(names, ", "))
	}
	r.Checks = append(r.Checks, missing)
	return nil
}

func (r *Report) checkWeightZero() error {
	c := Check{Name: "MTO at weight 0 is the baseline, bit for bit"}
	var record selfcheckRecord
	err := readJSON(filepath.Join(r.Study.Root, selfcheckName), &record)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.Found = "not checked yet"
	case err != nil:
		return err
	case record.same():
		c.OK, c.Found = true, fmt.Sprintf("same state after %d steps", record.Steps)
	default:
		c.Found = fmt.Sprintf("states differ after %d steps: %.16s and %.16s", record.Steps, record.Off, record.Zero)
	}
	r.Checks = append(r.Checks, c)
	return nil
}

func (r *Report) checkPairs(both [][2]*Finished) {
	c := Check{"both arms of a pair start alike", true, fmt.Sprintf("initial weights, order, crops, masks and quality at step 0 agree in %d pairs", len(both))}
	for _, p := range both {
		if err := samePair(p[0].Manifest, p[1].Manifest, p[0].Curve[0], p[1].Curve[0]); err != nil {
			c.OK, c.Found = false, err.Error()
			break
		}
	}
	r.Checks = append(r.Checks, c)
}

// checkSameBaseline is the A/A of epochs: calibration and evaluation seeds of the baseline.
func (r *Report) checkSameBaseline(off []*Finished) {
	if len(off) == 0 {
		return
	}
	t := r.Study.Lock.primary()
	var evaluation []float64
	for _, f := range off {
		evaluation = append(evaluation, outcome(f.Curve, t.Tau).At)
	}
	p := statistics.RankSum(t.Crossings, evaluation)
	r.Checks = append(r.Checks, Check{
		"baseline of calibration and evaluation seeds agree", p >= sameLevel,
		fmt.Sprintf("exact rank test p = %.3f (medians %.2f and %.2f epochs)", p, statistics.Median(t.Crossings), statistics.Median(evaluation)),
	})
}

// checkRepeat compares a repeated run with the first: bits must agree, and the seconds within the
// stated noise, or none are reported.
func (r *Report) checkRepeat(off []*Finished, repeat *Finished) {
	if r.Study.Config.Study.Repeat && repeat == nil && len(off) > 0 {
		r.Checks = append(r.Checks, Check{"a repeated run gives the same bits", false, "the repeated run has no result"})
	}
	if repeat == nil || len(off) == 0 || off[0].Job.Seed != repeat.Job.Seed {
		r.Warnings = append(r.Warnings, "no run was repeated, so the seconds have no A/A check")
		return
	}
	a, b := off[0].Curve[len(off[0].Curve)-1], repeat.Curve[len(repeat.Curve)-1]
	r.Checks = append(r.Checks, Check{
		"a repeated run gives the same bits", a.Chain == b.Chain, fmt.Sprintf("hash chains %.16s and %.16s", a.Chain, b.Chain),
	})
	difference := math.Abs(float64(a.TrainNS)/float64(max(1, b.TrainNS)) - 1)
	if noise := r.Study.Config.Study.Noise; difference > noise {
		r.noisy = true
		r.Warnings = append(r.Warnings, fmt.Sprintf("seconds aren't compared: repeating one run changed its time by %.0f %%, the stated noise is %.0f %% (study.noise)", 100*difference, 100*noise))
	}
}
