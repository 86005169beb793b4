package main

import (
	"fmt"
	"runtime"

	"github.com/mtobench/mtobench/harness"
)

type stepCommand struct {
	Data    string   `default:"glyphs" help:"Data set by name, or a folder, zip or tar."`
	Method  string   `default:"simmim" help:"Pre-training method: simmim or mae."`
	MTO     string   `name:"mto" default:"on" help:"off, on, or another preset: literal, gated, hard, no-spa, no-e, no-r."`
	Model   string   `default:"vit_micro" help:"Model."`
	Seed    uint64   `default:"7" help:"Seed of the run."`
	Batch   int      `default:"4" help:"Images a step."`
	At      int      `default:"20" help:"Which step to write, 1 being the first."`
	Final   string   `placeholder:"NAME" help:"Write a step of this end-of-run evaluation instead, behind a few steps of pre-training: attentive or finetune."`
	Threads int      `help:"Worker threads; changes no result. 0: all processors."`
	Set     []string `short:"s" sep:"none" placeholder:"KEY=VALUE" help:"Set a configuration key. May be repeated."`
	Out     string   `default:"step.safetensors" help:"File to write."`
}

func (s *stepCommand) Run() error {
	overrides, err := harness.DataOverrides(s.Data)
	if err != nil {
		return err
	}
	arm := harness.ArmOff
	if s.MTO != harness.ArmOff {
		arm = harness.ArmOn
		overrides = append(overrides, "mto.preset="+s.MTO)
	}
	overrides = append(overrides, "method.name="+s.Method, "model.name="+s.Model, fmt.Sprintf("train.batch=%d", s.Batch))
	c, err := harness.Load("defaults", nil, append(overrides, s.Set...))
	if err != nil {
		return err
	}
	rc, set, err := harness.OpenRun(c, s.Seed, arm)
	if err != nil {
		return err
	}
	threads := s.Threads
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	if s.Final != "" {
		if err := harness.DumpTuningStep(rc, set, threads, s.Final, s.At, s.Out); err != nil {
			return err
		}
		fmt.Printf("step %d of %s behind %s with mto=%s, seed %d: %s\n", s.At, s.Final, s.Method, s.MTO, s.Seed, s.Out)
		return nil
	}
	if err := harness.DumpStep(rc, set, threads, s.At, s.Out); err != nil {
		return err
	}
	fmt.Printf("step %d of seed %d, %s with mto=%s: %s\n", s.At, s.Seed, s.Method, s.MTO, s.Out)
	return nil
}
