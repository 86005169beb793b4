package harness

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/statistics"
)

// minReferenceRuns is the least number of runs of reference convergence points: twice the pairs of a
// study, as in MLPerf Training (methodology 1.2).
const minReferenceRuns = 20

// ReferenceConvergence trains baseline runs with seeds first, first+1, ..., which serve nothing else, and
// returns their convergence points under the study's lock. Finished runs are skipped.
func (s *Study) ReferenceConvergence(ctx context.Context, first, runs int, remake string) (*benchdata.Convergence, error) {
	if s.Lock == nil {
		return nil, fmt.Errorf("%w: %s has none yet, so there is no target; mtobench lock makes it", ErrLock, s.Root)
	}
	if runs < minReferenceRuns {
		return nil, fmt.Errorf("%w: %d reference runs; at least %d are needed", ErrConfig, runs, minReferenceRuns)
	}
	for seed := first; seed < first+runs; seed++ {
		if slices.Contains(s.Lock.Seeds, seed) || slices.Contains(s.Lock.Calibration.Seeds, seed) {
			return nil, fmt.Errorf("%w: reference seed %d is one of the study's pairs or calibration runs: choose another --first-seed", ErrConfig, seed)
		}
	}
	c := s.Config
	c.Probe.Layer = s.Lock.Calibration.Layer
	var jobs []Job
	for seed := first; seed < first+runs; seed++ {
		// Like a calibration run: without a lock, so that nothing opens the test split.
		jobs = append(jobs, Job{jobCalibration, seed, ArmOff, filepath.Join(s.Root, "reference", seedDir(seed), armDir(ArmOff))})
	}
	failed, err := s.runJobs(ctx, c, jobs)
	if err != nil {
		return nil, err
	}
	if len(failed) > 0 {
		return nil, failed[0]
	}
	target := s.Lock.primary()
	points := &benchdata.Convergence{
		Schema: benchdata.ConvergenceSchema, Remake: remake, Workload: c.WorkloadHash(s.Lock.Data.SHA256), Numerics: Numerics,
		Study: s.Config.Study.Name, Target: target.Tau, C: target.C,
	}
	for _, j := range jobs {
		curve, err := ReadCurve(filepath.Join(j.Dir, curveName))
		if err != nil {
			return nil, err
		}
		o := outcome(curve, target.Tau)
		points.Epochs = curve.epochs()
		points.Runs = append(points.Runs, benchdata.ConvergenceRun{
			Seed: j.Seed, Chain: curve[len(curve)-1].Chain, Quality: curve.quality(), Needed: o.At, Hit: o.Hit,
		})
	}
	return points, nil
}

// checkReference compares the baseline with the reference convergence points that ship for the workload
// (methodology b.7), at the study's own target.
func (r *Report) checkReference(off []*Finished) error {
	if len(off) == 0 {
		return nil
	}
	points, err := benchdata.ReferenceConvergence(off[0].Manifest.Workload)
	if err != nil {
		return err
	}
	if points == nil || points.Numerics != Numerics {
		r.Warnings = append(r.Warnings, "no reference convergence points ship for this workload, so nothing outside the study vouches for its baseline")
		return nil
	}
	tau := r.Study.Lock.primary().Tau
	var reference, have []float64
	for _, run := range points.Runs {
		x := statistics.FirstCrossing(points.Epochs, statistics.Isotonic(run.Quality), tau)
		if collapsed(run.Quality) {
			x = Crossing{At: points.Epochs[len(points.Epochs)-1]}
		}
		reference = append(reference, x.At)
	}
	for _, f := range off {
		have = append(have, f.Outcome(tau).At)
	}
	r.Checks = append(r.Checks, sameConvergence(reference, have))
	return nil
}

// sameConvergence is the two-sided rank test of a baseline against its reference.
func sameConvergence(reference, have []float64) Check {
	p := statistics.RankSum(reference, have)
	c := Check{
		"baseline agrees with its reference convergence points", p >= sameLevel,
		fmt.Sprintf("exact rank test of %d runs against %d, p = %.3f (medians %.2f and %.2f epochs)",
			len(have), len(reference), p, statistics.Median(have), statistics.Median(reference)),
	}
	if !c.OK {
		if statistics.Median(have) > statistics.Median(reference) {
			c.Found += ": slower, so the baseline is broken or under-tuned"
		} else {
			c.Found += ": faster, so this is another workload than it claims to be"
		}
	}
	return c
}
