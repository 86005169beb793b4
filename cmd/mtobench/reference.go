package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
)

// referenceCommand makes the reference convergence points of a study. Those of the study that ships with
// mtobench lie in benchdata/convergence.
type referenceCommand struct {
	studyFlags
	FirstSeed int `default:"2001" help:"First seed of the runs; they may not be the study's."`
	Runs      int `default:"20" help:"Number of baseline runs, at least 20."`
}

func (r *referenceCommand) Run(ctx context.Context) error {
	s, err := r.open()
	if err != nil {
		return err
	}
	remake := "mtobench " + strings.Join(os.Args[1:], " ")
	points, err := s.ReferenceConvergence(ctx, r.FirstSeed, r.Runs, remake)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(points)
}
