package harness

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mtobench/mtobench/internal/statistics"
)

// A TuningReport is what the trials of a search gave.
type TuningReport struct {
	Study  *Study
	Search Search
	Seeds  []int
	Trials []Trial
}

// A TrialOutcome is what one arm reached in a trial.
type TrialOutcome struct {
	Top1   float64 // at the budget: median over the seeds of the isotonic fit, by the block where that is highest; percent of the validation split
	Layer  int     // that block
	Failed string  // why there is no such figure; the trial counts all the same
	done   bool
}

// ok reports whether there is a figure.
func (o TrialOutcome) ok() bool { return o.done && o.Failed == "" }

// Tune carries out the trials of a search that aren't finished, baseline and MTO with the same calibration seeds, and judges
// them by the calibration's quality: no lock, no evaluation seed and no test image is needed for it. A run that diverged
// isn't tried again.
func (s *Study) Tune(ctx context.Context, search Search) (*TuningReport, error) {
	r, err := s.PlanTuning(search)
	if err != nil {
		return nil, err
	}
	defer s.monitor.Clear()
	runs := 0
	for i := range r.Trials {
		t := &r.Trials[i]
		s.monitor.Say(fmt.Sprintf("trial %d of %d: %v", i+1, len(r.Trials), t.settings()))
		own := *s
		own.Config, own.Root, own.Lock = t.Config, t.Root, nil
		curves := map[string][]CalibrationRun{}
		for _, seed := range r.Seeds {
			for _, j := range t.jobs(seed) {
				own.monitor = numbered{s.monitor, runs, 2 * len(r.Seeds) * len(r.Trials)}
				runs++
				outcome := t.outcome(j.Arm)
				if outcome.Failed != "" {
					continue // by another seed
				}
				run, err := own.trialRun(ctx, j)
				switch {
				case errors.Is(err, ErrDiverged):
					outcome.Failed = fmt.Sprintf("seed %d: %v", seed, err)
				case err != nil:
					return nil, err
				}
				curves[j.Arm] = append(curves[j.Arm], run)
			}
		}
		for _, arm := range []string{ArmOff, ArmOn} {
			t.outcome(arm).judge(curves[arm])
		}
	}
	return r, nil
}

// jobs are the runs of both arms with a seed. They are calibration runs, without a lock, so that nothing opens the test split.
func (t *Trial) jobs(seed int) []Job {
	jobs := pairJobs(t.Root, []int{seed}, false)
	for i := range jobs {
		jobs[i].Kind = jobCalibration
	}
	return jobs
}

func (t *Trial) outcome(arm string) *TrialOutcome {
	if arm == ArmOn {
		return &t.On
	}
	return &t.Off
}

// trialRun carries out one run of a trial, or finds it finished or diverged, and reads it.
func (s *Study) trialRun(ctx context.Context, j Job) (CalibrationRun, error) {
	switch err := s.diverged(j); {
	case errors.Is(err, ErrDiverged):
		s.monitor.Finish(Update{Job: j, Err: fmt.Errorf("before this: %w", err)})
		return CalibrationRun{}, err
	case err != nil:
		return CalibrationRun{}, err
	}
	failed, err := s.runJobs(ctx, s.Config, []Job{j})
	if err == nil && len(failed) > 0 {
		if err := s.diverged(j); err != nil {
			return CalibrationRun{}, err // as it is told the next time
		}
		err = failed[0]
	}
	if err != nil {
		return CalibrationRun{}, err
	}
	return s.calibrationRun(j, s.Config)
}

// diverged is ErrDiverged where the run has left a record of that, nil where it has left none or another run has.
func (s *Study) diverged(j Job) error {
	d, err := ReadDivergence(j.Dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case d.Run != RunID(s.Config.WorkloadHash(s.data.SHA256), uint64(j.Seed), j.Arm):
		return nil
	}
	return fmt.Errorf("%w: %s", ErrDiverged, d.Error)
}

// judge reads an arm's runs, one for each seed, unless one failed.
func (o *TrialOutcome) judge(runs []CalibrationRun) {
	if o.done = true; o.Failed != "" {
		return
	}
	for layer := range runs[0].Quality {
		var ends []float64
		for _, r := range runs {
			fit := statistics.Isotonic(r.Quality[layer])
			ends = append(ends, fit[len(fit)-1])
		}
		if q := statistics.Median(ends); o.Layer == 0 || q > o.Top1 || q == o.Top1 && layer < o.Layer {
			o.Top1, o.Layer = q, layer
		}
	}
	for _, r := range runs {
		if collapsed(r.Quality[o.Layer]) {
			o.Failed = fmt.Sprintf("seed %d: collapsed: it ended more than %g points below its own best", r.Seed, collapseDrop)
			return
		}
	}
}

// best is the index of an arm's best trial, the first of several; -1 where all failed.
func (r *TuningReport) best(arm string) int {
	best := -1
	for i := range r.Trials {
		o := r.Trials[i].outcome(arm)
		if o.ok() && (best < 0 || o.Top1 > r.Trials[best].outcome(arm).Top1) {
			best = i
		}
	}
	return best
}

// Settings are what the study should use: what both arms share as in the baseline's best trial, MTO's own as in MTO's best
// trial, and the number of trials. A configuration has one value for what the arms share, and the baseline gets its best
// (methodology F4).
func (r *TuningReport) Settings() (Settings, error) {
	off, on := r.best(ArmOff), r.best(ArmOn)
	if off < 0 || on < 0 {
		arm := "without"
		if off >= 0 {
			arm = "with"
		}
		return nil, fmt.Errorf("%w: all trials %s MTO failed, so there is nothing to choose; try other values, a lower train.base_lr for one", ErrDiverged, arm)
	}
	list := Settings{{tuningKey, fmt.Sprint(len(r.Trials))}}
	return append(append(list, r.Trials[off].Shared...), r.Trials[on].Own...), nil
}
