package harness

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// The schedule-complete confirmation (methodology b.6) trains each seed four times more, each time with a
// whole schedule from warm-up to a rate of zero: both arms for the budget T and for half of it. It asks
// what a user asks: is MTO with half the epochs as good as the baseline with all of them?

// Kinds of its runs.
const (
	jobComplete     = "complete"      // budget T
	jobCompleteHalf = "complete-half" // budget T/2
)

// completeKind reports whether a kind of job is of the confirmation.
func completeKind(kind string) bool { return kind == jobComplete || kind == jobCompleteHalf }

// budgetDir names a budget in folders and benchmarks.
func budgetDir(kind string) string {
	if kind == jobCompleteHalf {
		return "budget=T_2"
	}
	return "budget=T"
}

// completeJob is one run of the confirmation.
func completeJob(root, kind string, seed int, arm string) Job {
	return Job{kind, seed, arm, filepath.Join(root, jobComplete, budgetDir(kind), seedDir(seed), armDir(arm))}
}

// completeJobs are its runs, each arm first for every other seed.
func completeJobs(root string, seeds []int) []Job {
	var jobs []Job
	for _, seed := range seeds {
		first, second := ArmOff, ArmOn
		if seed%2 == 0 {
			first, second = ArmOn, ArmOff
		}
		jobs = append(jobs,
			completeJob(root, jobComplete, seed, first), completeJob(root, jobCompleteHalf, seed, first),
			completeJob(root, jobCompleteHalf, seed, second), completeJob(root, jobComplete, seed, second))
	}
	return jobs
}

// completeEpochs is the budget of a run of the confirmation.
func (c *Config) completeEpochs(kind string) float64 {
	if kind == jobCompleteHalf {
		return c.Train.Epochs / 2
	}
	return c.Train.Epochs
}

// completed is the configuration of a run of the confirmation: the study's, but for schedule and budget. All
// that is a fraction of the budget (warm-up, cool-down, averaging horizon, MTO's ramp) is one of its own.
func (c Config) completed(kind string) Config {
	c.Train.Epochs, c.Train.Schedule = c.completeEpochs(kind), c.Complete.Schedule
	c.Complete.Run = false // such a run confirms, it isn't confirmed
	return c
}

// completed is what the lock says of a run of the confirmation.
func (l *Lock) completed(kind string) (*Lock, error) {
	own := *l
	own.Config = map[string]string{}
	for key, value := range l.Config {
		own.Config[key] = value
	}
	epochs, err := strconv.ParseFloat(l.Config["train.epochs"], 64)
	if err != nil {
		return nil, fmt.Errorf("%w: train.epochs %q", ErrLock, l.Config["train.epochs"])
	}
	c := Config{Train: TrainConfig{Epochs: epochs}}
	own.Config["train.epochs"] = strconv.FormatFloat(c.completeEpochs(kind), 'g', -1, 64)
	own.Config["train.schedule"], own.Config["complete.run"] = l.Config["complete.schedule"], "false"
	return &own, nil
}

// checkComplete refuses what can't be confirmed.
func (c *Config) checkComplete() error {
	m := &c.Complete
	if m.Margin == 0 || m.Margin >= 100 {
		return fmt.Errorf("complete.margin: %v: want percentage points above 0, such as 0.5", m.Margin)
	}
	if !m.Run {
		return nil
	}
	half := c.completed(jobCompleteHalf)
	switch {
	case !c.Final.Test:
		return fmt.Errorf("complete.run: true: the confirmation is read on the test split, which final.test=false leaves sealed; set final.test=true")
	case m.Schedule == "trapezoid" && c.Train.Cooldown == 0:
		return fmt.Errorf("complete.schedule: trapezoid with train.cooldown 0 never decays; give it a cool-down, or take cosine")
	case c.Data.TrainImages > 0 && half.Steps() < c.Study.Grid:
		return fmt.Errorf("complete.run: half of train.epochs is %d steps, fewer than study.grid (%d evaluations); raise one or lower the other", half.Steps(), c.Study.Grid)
	}
	return nil
}
