package harness

import (
	"context"

	"github.com/mtobench/mtobench/benchdata"
)

// A stepper trains one run. Trainer is the real one.
type stepper interface {
	Step() (StepStats, error)      // one optimizer step; a non-finite loss is an error
	Evaluate() (Evaluation, error) // changes no state
	Watch(ctx context.Context)     // from its end on, all that computes gives up within a moment: ErrInterrupted, the state is what it was

	// PrepareFinal trains what the end-of-run evaluations need, without the test split; Final evaluates on it. Neither
	// changes the state.
	PrepareFinal(dir string, tell func(stage string, done, total int) error) error
	Final(test benchdata.Split) ([]FinalFigure, error)

	Done() bool        // the budget is used up
	AtGridPoint() bool // an evaluation is due before the next step; true at step 0 and at the end
	ImagesSeen() int64
	TotalSteps() int
	Save(path string, extra map[string]string) error
	Restore(path string) (extra map[string]string, err error)
	StateHash() string
	PairHash() string
	Params() int
	FLOPsPerStep() int64
	Close()
}

// newStepper makes a stepper at step 0.
type newStepper func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error)

// openSet reads the images of a configuration: all but the test split, and that split sealed.
type openSet func(c *Config) (*benchdata.Set, *benchdata.SealedTest, error)
