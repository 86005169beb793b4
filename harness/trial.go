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
	Block  int // the figures of all trials and both arms are read after it, as in a study; 0: no run of the baseline has one

	Confirmation *Trial // of the chosen settings; nil where one of the trials had them
}

// A TrialOutcome is what one arm reached in a trial.
type TrialOutcome struct {
	Top1   float64 // at the budget: median over the seeds of the isotonic fit, after the report's block; percent of the validation split
	Failed string  // why there is no such figure; the trial counts all the same
	runs   []CalibrationRun
	done   bool
}

// ok reports whether there is a figure.
func (o TrialOutcome) ok() bool { return o.done && o.Failed == "" }

// Tune carries out the trials of a search that aren't finished, baseline and MTO with the same seeds, and judges them by the
// calibration's quality: no lock, no calibration or evaluation seed and no test image is needed for it. A run that diverged
// isn't tried again. Where no trial had all the chosen settings, one more of both arms confirms them; it chooses nothing.
func (s *Study) Tune(ctx context.Context, search Search) (*TuningReport, error) {
	r, err := s.PlanTuning(search)
	if err != nil {
		return nil, err
	}
	defer s.monitor.Clear()
	if err := s.runTrials(ctx, r, Shard{0, 1}); err != nil {
		return nil, err
	}
	r.Block = r.chooseBlock()
	for i := range r.Trials {
		r.Trials[i].judge(r.Block)
	}
	chosen, err := r.untried()
	if err != nil || chosen == nil {
		return r, err
	}
	s.monitor.Say(fmt.Sprintf("the chosen settings together: %v", chosen.settings()))
	if err := s.runTrial(ctx, r, chosen, 0, 2*len(r.Seeds)); err != nil {
		return nil, err
	}
	chosen.judge(r.Block)
	r.Confirmation = chosen
	return r, nil
}

// TuneShard carries out one shard of the trials and chooses nothing: Tune does, from what all shards left.
func (s *Study) TuneShard(ctx context.Context, search Search, shard Shard) error {
	r, err := s.PlanTuning(search)
	if err != nil {
		return err
	}
	defer s.monitor.Clear()
	return s.runTrials(ctx, r, shard)
}

func (s *Study) runTrials(ctx context.Context, r *TuningReport, shard Shard) error {
	each := 2 * len(r.Seeds)
	mine := r.share(shard)
	for k, t := range mine {
		s.monitor.Say(fmt.Sprintf("trial %d of %d: %v", shard.Index+k*shard.Count+1, len(r.Trials), t.settings()))
		if err := s.runTrial(ctx, r, t, k*each, len(mine)*each); err != nil {
			return err
		}
	}
	return nil
}

// runTrial carries out a trial, whose runs are number first and following of total.
func (s *Study) runTrial(ctx context.Context, r *TuningReport, t *Trial, first, total int) error {
	own := *s
	own.Config, own.Root, own.Lock = t.Config, t.Root, nil
	for _, seed := range r.Seeds {
		for _, j := range t.jobs(seed) {
			own.monitor = numbered{s.monitor, first, total}
			first++
			outcome := t.outcome(j.Arm)
			if outcome.Failed != "" {
				continue // by another seed
			}
			run, err := own.trialRun(ctx, j)
			switch {
			case errors.Is(err, ErrDiverged):
				outcome.Failed = fmt.Sprintf("seed %d: %v", seed, err)
			case err != nil:
				return err
			}
			outcome.runs = append(outcome.runs, run)
		}
	}
	return nil
}

// share lists the trials in a shard.
func (r *TuningReport) share(shard Shard) []*Trial {
	var mine []*Trial
	for i := range r.Trials {
		if shard.has(i) {
			mine = append(mine, &r.Trials[i])
		}
	}
	return mine
}

// untried is the trial of the chosen settings, nil where it was one of the search or there is nothing to choose.
func (r *TuningReport) untried() (*Trial, error) {
	off, on := r.best(ArmOff), r.best(ArmOn)
	if off < 0 || on < 0 || r.Trials[off].Own.String() == r.Trials[on].Own.String() {
		return nil, nil
	}
	set, _, err := openData(&r.Study.Config)
	if err != nil {
		return nil, err
	}
	t := &Trial{Shared: r.Trials[off].Shared, Own: r.Trials[on].Own}
	return t, r.Study.resolveTrial(r.Search, set, t)
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

// chooseBlock is the block after which the baseline is best in any trial, the lower one of two; 0 where it is nowhere
// without a collapse. A study has one for both arms, too, chosen on the baseline (methodology, pitfall 12).
func (r *TuningReport) chooseBlock() int {
	block, best := 0, 0.0
	for i := range r.Trials {
		off := &r.Trials[i].Off
		if off.Failed != "" {
			continue
		}
		for layer := range off.runs[0].Quality {
			q, collapse := atBudget(off.runs, layer)
			if collapse == "" && (block == 0 || q > best || q == best && layer < block) {
				block, best = layer, q
			}
		}
	}
	return block
}

// atBudget is an arm's figure after a block, and which of its runs collapsed there.
func atBudget(runs []CalibrationRun, block int) (top1 float64, collapse string) {
	var ends []float64
	for _, r := range runs {
		fit := statistics.Isotonic(r.Quality[block])
		ends = append(ends, fit[len(fit)-1])
		if collapse == "" && collapsed(r.Quality[block]) {
			collapse = fmt.Sprintf("seed %d: collapsed: it ended more than %g points below its own best", r.Seed, collapseDrop)
		}
	}
	return statistics.Median(ends), collapse
}

// judge reads both arms after a block, unless one failed.
func (t *Trial) judge(block int) {
	for _, o := range []*TrialOutcome{&t.Off, &t.On} {
		o.done = true
		switch {
		case o.Failed != "":
		case block == 0:
			o.Failed = "the baseline diverged or collapsed in every trial, so there is no block after which to read this"
		default:
			o.Top1, o.Failed = atBudget(o.runs, block)
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
// (methodology F4). Settings that failed together aren't chosen.
func (r *TuningReport) Settings() (Settings, error) {
	off, on := r.best(ArmOff), r.best(ArmOn)
	if off < 0 || on < 0 {
		arm := "without"
		if off >= 0 {
			arm = "with"
		}
		return nil, fmt.Errorf("%w: all trials %s MTO failed, so there is nothing to choose; try other values, a lower train.base_lr for one", ErrDiverged, arm)
	}
	if c := r.Confirmation; c != nil && !c.On.ok() {
		return nil, fmt.Errorf("%w: the chosen settings together failed with MTO: %v: %s; give the keys of mto.* other values", ErrDiverged, c.settings(), c.On.Failed)
	}
	list := Settings{{tuningKey, fmt.Sprint(len(r.Trials))}}
	return append(append(list, r.Trials[off].Shared...), r.Trials[on].Own...), nil
}
