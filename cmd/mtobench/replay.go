package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/mtobench/mtobench/harness"
)

type replayCommand struct {
	Folder  string  `arg:"" name:"run" help:"Folder of a run: runs/STUDY/WORKLOAD/seed=001/mto=on."`
	Until   float64 `placeholder:"EPOCH" help:"Compare up to this epoch only. Default: all that was recorded."`
	Threads int     `help:"Worker threads; changes no bit. 0: all processors."`
}

func (r *replayCommand) Help() string {
	return "Exit status: 0 the same bits, 1 other bits (the first difference is named) or a record that was changed, 2 this program, machine or data can't give the bits of that run."
}

func (r *replayCommand) Run(ctx context.Context) error {
	if math.IsNaN(r.Until) || r.Until < 0 || r.Threads < 0 {
		return fmt.Errorf("%w: --until %v, --threads %d: want 0 or more", harness.ErrConfig, r.Until, r.Threads)
	}
	switch d, err := harness.ReadDivergence(r.Folder); {
	case err == nil:
		return r.divergence(ctx, d)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	replay, err := harness.ReplayRun(r.Folder, harness.ReplayOptions{Until: r.Until, Threads: r.Threads, Progress: showReplay, Context: ctx})
	if isTerminal() {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	if err != nil {
		return err
	}
	m := replay.Manifest
	fmt.Printf("%s: run %s, seed %d mto=%s, recorded on %s (%s) with %s\n", r.Folder, m.Run, m.Seed, m.Arm, m.Machine.CPU, m.ISA, m.Code())
	if d := replay.Difference; d != nil {
		what := "weights and metrics"
		switch {
		case d.Weights == "":
			what = "metrics, but not weights,"
		case len(d.Metrics) == 0:
			what = "weights, but no metric,"
		}
		fmt.Printf("%d evaluations are the same; %s differ in evaluation %d of %d (step %d, epoch %.6g):\n", replay.Compared, what, d.Point, replay.Points, d.Step, d.Epochs)
		for _, line := range append([]string{d.Weights}, d.Metrics...) {
			if line != "" {
				fmt.Printf("  %s\n", line)
			}
		}
		return fmt.Errorf("replay: other bits than recorded from evaluation %d on", d.Point)
	}
	fmt.Printf("the same bits in %d of %d evaluations: hash chain %s, state %s\n", replay.Compared, replay.Points, replay.Chain, replay.State)
	return nil
}

// divergence makes a recorded failure again, from the state that lies beside it.
func (r *replayCommand) divergence(ctx context.Context, want harness.Divergence) error {
	fmt.Printf("%s: run %s, seed %d mto=%s, failed in %s\n", r.Folder, want.Run, want.Seed, want.Arm, want.Place())
	found, err := harness.ReplayDivergence(ctx, r.Folder, r.Threads)
	if err != nil {
		return err
	}
	fmt.Printf("the same failure, bit for bit: %s\n", found.Error)
	if found.First != nil {
		fmt.Printf("first bad value: %v\n", found.First)
	}
	for _, name := range slices.Sorted(maps.Keys(found.Terms)) {
		fmt.Printf("  %s %s\n", name, found.Terms[name].Text)
	}
	return nil
}

// showReplay says how far a replay is, on a terminal.
func showReplay(r *harness.Replay) {
	if isTerminal() {
		fmt.Fprintf(os.Stderr, "\r\x1b[Kreplay: %d of %d evaluations the same", r.Compared, r.Points)
	}
}
