package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mtobench/mtobench/benchdata"
)

// jobSelfcheck is the job that compares MTO at weight 0 with the baseline.
const jobSelfcheck = "selfcheck"

// selfcheckSteps is how many optimizer steps it compares.
const selfcheckSteps = 4

// selfcheckName is its record in the study's folder.
const selfcheckName = "selfcheck.json"

// selfcheckRecord says whether MTO with all weights 0 and no gate leaves no trace (methodology b.7). The arm at weight 0 has
// taps, the hook of the gate and measures in its program, which the baseline's lacks: two programs, one outcome.
type selfcheckRecord struct {
	Schema   int    `json:"schema"`
	Numerics int    `json:"numerics"`
	Seed     int    `json:"seed"`
	Steps    int    `json:"steps"`
	Workload string `json:"workload"`   // hash of all that can change a bit of it, as in a manifest
	Code     string `json:"code"`       // version of the program
	Off      string `json:"off_state"`  // SHA-256 of weights, moments and average
	Zero     string `json:"zero_state"` // the same with MTO at weight 0
}

// weightZero takes everything from MTO that acts.
func (c *MTOConfig) weightZero() { c.Gate, c.LambdaSpa, c.LambdaE, c.LambdaR = "none", 0, 0, 0 }

// same reports whether the check holds.
func (s selfcheckRecord) same() bool { return s.Off != "" && s.Off == s.Zero }

// newSelfcheck is the record of a study's configuration before its states are known.
func newSelfcheck(c Config, dataSHA256 string) selfcheckRecord {
	var m Manifest
	m.describe()
	return selfcheckRecord{
		Schema: Schema, Numerics: Numerics, Seed: c.Study.FirstSeed, Steps: selfcheckSteps,
		Workload: c.WorkloadHash(dataSHA256), Code: m.Code(),
	}
}

// selfcheck makes the record in a process of its own, unless the study has one that holds, of this program and of what it trains: one
// that failed is made again, since the reason may be mended.
func (s *Study) selfcheck(ctx context.Context) error {
	want := newSelfcheck(s.Config, s.data.SHA256)
	var have selfcheckRecord
	path := filepath.Join(s.Root, selfcheckName)
	if err := readJSON(path, &have); err == nil {
		want.Off, want.Zero = have.Off, have.Zero
		if have.same() && have == want {
			return nil
		}
	} else if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, errDamaged) {
		return err
	}
	j := Job{Kind: jobSelfcheck, Seed: s.Lock.Seeds[0], Arm: ArmOn, Dir: s.Root}
	if err := s.launch(ctx, j, s.threads(), func(Progress) {}); err != nil {
		return fmt.Errorf("self-check: %w", err)
	}
	return nil
}

// selfcheckStates trains a few steps of the baseline and of MTO at weight 0 and records both states.
func selfcheckStates(ctx context.Context, dir string, c Config, set *benchdata.Set, threads int, make newStepper) error {
	record := newSelfcheck(c, set.SHA256)
	c.Probe.Layer = max(1, c.Probe.Layer)
	for _, arm := range []string{ArmOff, ArmOn} {
		rc := RunConfig{Config: c, Seed: uint64(c.Study.FirstSeed), Arm: arm, Measure: arm == ArmOn}
		rc.MTO.weightZero()
		hash, err := stateAfter(ctx, rc, set, threads, make)
		if err != nil {
			return err
		}
		if arm == ArmOff {
			record.Off = hash
		} else {
			record.Zero = hash
		}
	}
	return writeJSON(filepath.Join(dir, selfcheckName), record)
}

func stateAfter(ctx context.Context, rc RunConfig, set *benchdata.Set, threads int, make newStepper) (string, error) {
	s, err := make(rc, set, threads)
	if err != nil {
		return "", err
	}
	defer s.Close()
	s.Watch(ctx)
	for range min(selfcheckSteps, s.TotalSteps()) {
		if _, err := s.Step(); err != nil {
			return "", err
		}
	}
	return s.StateHash(), nil
}
