package harness_test

import (
	"context"
	"fmt"
	"os"

	"github.com/mtobench/mtobench/harness"
)

// A study from its configuration to its verdict, on images that the program draws itself: six baseline
// runs fix the target, then each of two seeds trains without and with MTO. Two pairs are too few for a
// verdict on MTO, and the study says so.
func Example() {
	out, err := os.MkdirTemp("", "study")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(out)
	config, err := harness.Load("example", []byte(`
[study]
name = "example"
seeds = 2
grid = 4
repeat = false
[data]
name = "glyphs"
side = 32
train_images = 256
[model]
patch = 8
width = 24
[method]
name = "mae"
[train]
batch = 32
epochs = 4
base_lr = 5e-3
[probe]
bank = 256
validation = 500
`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	study, err := harness.NewStudy(config, harness.Options{Out: out})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := study.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	target := report.Targets[report.Primary]
	for _, pair := range report.Pairs() {
		off, on := pair[0].Outcome(target.Tau), pair[1].Outcome(target.Tau)
		fmt.Printf("seed %d: %.1f %% without MTO, %.1f %% with, of %.1f %%\n", pair[0].Job.Seed, off.Top1, on.Top1, target.Tau)
	}
	fmt.Println(report.Verdict.Word)
	fmt.Println(target.Refused[0])
	// Output:
	// seed 1: 17.8 % without MTO, 17.9 % with, of 16.0 %
	// seed 2: 15.0 % without MTO, 15.0 % with, of 16.0 %
	// not measurable
	// 2 of 6 calibration runs miss it within the budget (at most 1 may)
}
