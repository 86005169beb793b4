package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/harness"
)

type tuneCommand struct {
	studyFlags
	shardFlag
	Keys       []string `arg:"" optional:"" name:"key=values" help:"Keys to search with the values to try: train.base_lr=1e-3,2e-3. Keys of mto.* are MTO's own; both arms share the others."`
	Trials     int      `help:"Trials of each arm. 0: one for each setting of the shared keys."`
	TrialSeeds int      `default:"2" help:"Train each trial with so many seeds: those after the calibration's, which serve nothing else."`
	Draw       uint64   `default:"1" help:"Chooses the trials where there are more settings than trials."`
	DryRun     bool     `help:"Print the trials, how long they will take, how much memory and disk, from a few timed steps; run nothing."`
}

func (t *tuneCommand) Help() string {
	return "Both arms get the same number of trials, of the same search space, with the same seeds; MTO's own keys are searched inside its trials; where no trial had all the chosen settings, one more of each arm confirms them. " +
		"Prints a table of the trials, the best of each arm and the lines for the study file. Trials that are finished aren't trained again. See docs/studies.md."
}

func (t *tuneCommand) Run(ctx context.Context) error {
	if strings.Contains(t.Study, "=") { // no study file, the first key stands in its place
		t.Keys, t.Study = slices.Insert(t.Keys, 0, t.Study), ""
	}
	if t.Lock != "" {
		return fmt.Errorf("%w: --lock: a lock fixes the settings that tune would choose; tune the study without it", harness.ErrConfig)
	}
	keys, err := harness.ParseSearch(t.Keys)
	if err != nil {
		return err
	}
	shard, err := t.shard()
	if err != nil {
		return err
	}
	s, err := t.open()
	if err != nil {
		return err
	}
	search := harness.Search{Keys: keys, Trials: t.Trials, Seeds: t.TrialSeeds, Draw: t.Draw}
	given := t.Set
	search.Load = func(overrides []string) (harness.Config, error) {
		t.Set = slices.Concat(given, overrides)
		c, _, err := t.config(nil)
		return c, err
	}
	if t.DryRun {
		plan, err := s.PlanTuning(search)
		if err != nil {
			return err
		}
		forecast, err := s.ForecastTuning(plan, shard)
		if err != nil {
			return err
		}
		if err := plan.WritePlan(os.Stdout); err != nil {
			return err
		}
		fmt.Println()
		return forecast.WriteText(os.Stdout)
	}
	if t.Shard != "" {
		if err := s.TuneShard(ctx, search, shard); err != nil {
			return err
		}
		fmt.Printf("shard %v of the trials is finished; when all shards are, the same command without --shard prints the table and what to choose\n", shard)
		return nil
	}
	report, err := s.Tune(ctx, search)
	if err != nil {
		return err
	}
	return report.WriteText(os.Stdout)
}
