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
)

// sameLevel is the level of the rank tests of b.7: calibration against evaluation seeds, and the
// baseline against its reference convergence points.
const sameLevel = 0.01

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
	if err := r.checkReference(off); err != nil {
		return err
	}
	if err := r.checkRepeat(off, r.Repeat); err != nil {
		return err
	}
	r.checkTuning()
	lock := r.Study.Lock
	if len(r.Runs) > 0 { // a run of another was refused when it was read
		r.Checks = append(r.Checks, Check{"one lock and one numerics", true, fmt.Sprintf("lock %s, numerics %d in all of %d runs", lock.Study(), lock.Numerics, len(r.Runs))})
	}
	r.Checks = append(r.Checks, allFinished("all runs finished", r.Missing, 2*len(lock.Seeds)))
	return nil
}

// allFinished names the runs that are missing, and where each stopped.
func allFinished(name string, missing []Job, of int) Check {
	if len(missing) == 0 {
		return Check{name, true, "none is missing"}
	}
	var names []string
	for _, j := range missing {
		names = append(names, fmt.Sprintf("%s (%s)", j, j.Unfinished().Ended()))
	}
	return Check{name, false, fmt.Sprintf("%d of %d runs are missing: %s", len(names), of, strings.Join(names, ", "))}
}

// checkTuning says how the arms were tuned (b.7, F4): a configuration has one set of values for all that
// they share, and one number of trials for both. What its author tried beyond that no program can see.
func (r *Report) checkTuning() {
	r.Checks = append(r.Checks, Check{"arms tuned alike", true, r.Study.Lock.tuning() + "; both share every setting but mto.*"})
}

// checkWeightZero reads the records of the self-check, of which any folder of the study may have one.
func (r *Report) checkWeightZero() error {
	c := Check{Name: "MTO at weight 0 is the baseline, bit for bit"}
	for _, root := range r.Study.roots() {
		var record selfcheckRecord
		switch err := readJSON(filepath.Join(root, selfcheckName), &record); {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return withRemedy(filepath.Join(root, selfcheckName), err)
		}
		if n := r.Study.Lock.Numerics; record.Numerics != n {
			c.OK, c.Found = false, fmt.Sprintf("checked with numerics %d, the lock has %d; mtobench run checks again (of several shards, shard 0)", record.Numerics, n)
			break
		}
		if !record.same() {
			c.OK, c.Found = false, fmt.Sprintf("states differ after %d steps: %.16s and %.16s", record.Steps, record.Off, record.Zero)
			break
		}
		c.OK, c.Found = true, fmt.Sprintf("same state after %d steps", record.Steps)
	}
	if c.Found == "" {
		c.Found = fmt.Sprintf("not checked yet: no folder of the study has a %s; mtobench run makes it (of several shards, shard 0)", selfcheckName)
	}
	r.Checks = append(r.Checks, c)
	return nil
}

// checkPairs compares the arms of each pair before training.
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

// checkRepeat compares a repeated run with the first: bits must agree. Where the time differs by more than
// the noise that was stated when the run was repeated, the seconds of that clock are withheld, and nothing else.
func (r *Report) checkRepeat(off []*Finished, repeat *Finished) error {
	r.withheld = map[string]string{}
	if r.Study.Config.Study.Repeat && repeat == nil && len(off) > 0 {
		r.Checks = append(r.Checks, Check{"a repeated run gives the same bits", false, fmt.Sprintf("the repeated run has no result (%s)", r.Study.begun(r.Study.repeatJob()).Unfinished().Ended())})
	}
	if repeat == nil || len(off) == 0 || off[0].Job.Seed != repeat.Job.Seed {
		r.withholdSeconds("no run was repeated (study.repeat), so nobody knows how much they vary")
		return nil
	}
	a, b := off[0].Curve[len(off[0].Curve)-1], repeat.Curve[len(repeat.Curve)-1]
	r.Checks = append(r.Checks, Check{
		"a repeated run gives the same bits", a.Chain == b.Chain, fmt.Sprintf("hash chains %.16s and %.16s", a.Chain, b.Chain),
	})
	if !onePlace(off[0], repeat) {
		r.withholdSeconds("the run and its repetition were trained on different machines or with different numbers of threads (see the workers in their manifests), so nobody knows how much they vary")
		return nil
	}
	config, err := readResolved(filepath.Join(repeat.Job.Dir, configName)) // what is stated now may be stated after a look
	if err != nil {
		return err
	}
	r.checkClock(UnitTrainSeconds, a.TrainNS, b.TrainNS, config.Study.Noise)
	r.checkClock(UnitWallSeconds, a.WallNS, b.WallNS, config.Study.Noise)
	r.checkClock(UnitCPUSeconds, a.CPUNS, b.CPUNS, config.Study.Noise)
	elsewhere := 0
	for _, f := range off {
		if !onePlace(f, repeat) {
			elsewhere++
		}
	}
	if elsewhere > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d of %d pairs were trained on other machines than the repeated run, or with another number of threads: how much their seconds vary wasn't measured there", elsewhere, len(off)))
	}
	return nil
}

// checkPlaces withholds the seconds where the arms of a pair weren't trained in one place: their ratio
// would compare machines (methodology, pitfall 39).
func (r *Report) checkPlaces(both [][2]*Finished) {
	for _, p := range both {
		if onePlace(p[0], p[1]) {
			continue
		}
		for _, unit := range clockUnits {
			found := fmt.Sprintf("those of seed %d were not: see the workers in their manifests", p[0].Job.Seed)
			r.withheld[unit] = "the arms of a pair were trained on different machines or with different numbers of threads: " + found
			r.Withheld = append(r.Withheld, Check{"both arms of a pair have their " + unit + " from one machine", false, found})
		}
		return
	}
}

// onePlace reports whether all processes of two runs worked on one host with as many threads.
func onePlace(a, b *Finished) bool {
	workers := slices.Concat(a.Manifest.Workers, b.Manifest.Workers)
	for _, w := range workers {
		if first := workers[0]; w.Host != first.Host || w.Machine.CPU != first.Machine.CPU || w.Threads != first.Threads {
			return false
		}
	}
	return true
}

// checkClock is the A/A of seconds of one clock.
func (r *Report) checkClock(unit string, first, again int64, noise float64) {
	difference := relativeDifference(first, again)
	if difference <= noise {
		found := fmt.Sprintf("they differ by %.1f %%, the stated noise is %.0f %%", 100*difference, 100*noise)
		r.Checks = append(r.Checks, Check{repeatName(unit), true, found})
		return
	}
	r.withhold(unit, fmt.Sprintf("repeating one run changed them by %.0f %%, the noise stated for it is %.0f %% (study.noise)", 100*difference, 100*noise))
}

// relativeDifference is by how much the time of a run differs from that of its repetition.
func relativeDifference(first, again int64) float64 {
	return math.Abs(float64(first)/float64(max(1, again)) - 1)
}

func repeatName(unit string) string { return "a repeated run takes the same " + unit }

// withholdSeconds takes the numbers of all clocks away.
func (r *Report) withholdSeconds(found string) {
	for _, unit := range clockUnits {
		r.withhold(unit, found)
	}
}

// withhold takes the numbers of a clock away.
func (r *Report) withhold(unit, found string) {
	r.withheld[unit] = found
	r.Withheld = append(r.Withheld, Check{repeatName(unit), false, found})
}
