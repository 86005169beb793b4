package harness

import (
	"context"

	"github.com/mtobench/mtobench/benchdata"
)

// A stepper trains one run. Trainer is the real one.
type stepper interface {
	Step() (StepStats, error)                          // one optimizer step; a non-finite loss is an error
	Evaluate() (Evaluation, error)                     // changes no state
	Watch(ctx context.Context)                         // from its end on, these three give up within a moment: ErrInterrupted, the state is what it was
	Final(test benchdata.Split) ([]FinalFigure, error) // end-of-run evaluations; changes no state
	Done() bool                                        // the budget is used up
	AtGridPoint() bool                                 // an evaluation is due before the next step; true at step 0 and at the end
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
