package benchdata

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
)

// Convergence is the reference convergence points (RCP) of a workload: how its baseline learns over many
// seeds, as this program trained it. A baseline that differs is broken, under-tuned, or of another
// workload than it claims. The figures are the same bits on every machine.
type Convergence struct {
	Schema   int              `json:"schema"`
	Remake   string           `json:"remake"`   // the command that makes this file
	Workload string           `json:"workload"` // harness.Config.WorkloadHash of the runs
	Numerics int              `json:"numerics"`
	Study    string           `json:"study"` // as its author calls it
	Target   float64          `json:"target_pct"`
	C        float64          `json:"c"` // fraction of the way that Target is
	Epochs   []float64        `json:"grid_epochs"`
	Runs     []ConvergenceRun `json:"runs"`
}

// A ConvergenceRun is one of its seeds.
type ConvergenceRun struct {
	Seed    int       `json:"seed"`
	Chain   string    `json:"chain"`            // hash chain at the end of the run
	Quality []float64 `json:"quality_pct"`      // [grid]: raw top-1, percent
	Needed  float64   `json:"epochs_to_target"` // the budget where Hit is false
	Hit     bool      `json:"hit"`
}

// ConvergenceSchema is the version of the files.
const ConvergenceSchema = 1

//go:embed convergence/*.json
var convergenceFiles embed.FS

// ReferenceConvergence returns the points that ship for a workload, nil where none do.
func ReferenceConvergence(workload string) (*Convergence, error) {
	entries, err := convergenceFiles.ReadDir("convergence")
	if err != nil {
		return nil, fmt.Errorf("reference convergence points: %w", err)
	}
	for _, e := range entries {
		c, err := readConvergence(path.Join("convergence", e.Name()))
		if err != nil {
			return nil, err
		}
		if c.Workload == workload {
			return c, nil
		}
	}
	return nil, nil
}

func readConvergence(name string) (*Convergence, error) {
	text, err := convergenceFiles.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reference convergence points: %w", err)
	}
	c := new(Convergence)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if c.Schema != ConvergenceSchema {
		return nil, fmt.Errorf("%s: schema %d, this program reads %d; remake it: %s", name, c.Schema, ConvergenceSchema, c.Remake)
	}
	for _, r := range c.Runs {
		if len(r.Quality) != len(c.Epochs) {
			return nil, fmt.Errorf("%s: the curve of seed %d has %d points, the grid %d; remake it: %s", name, r.Seed, len(r.Quality), len(c.Epochs), c.Remake)
		}
	}
	return c, nil
}
