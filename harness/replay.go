package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/mtobench/mtobench/simd"
)

// A Replay is the outcome of running a recorded run again, from its configuration, seed and arm alone.
type Replay struct {
	Manifest   Manifest // of the recorded run
	Points     int      // evaluations that were recorded
	Compared   int      // evaluations that were made again and are the same, bit for bit
	Chain      string   // hash chain over these
	State      string   // SHA-256 of the last of their states
	Difference *ReplayDifference
}

// A ReplayDifference is the first evaluation that isn't what was recorded.
type ReplayDifference struct {
	Point   int // from 1
	Step    int
	Epochs  float64
	Weights string   // how the states differ; empty where weights, moments and average are the same bits
	Metrics []string // how each metric differs that does
}

// ReplayOptions of ReplayRun.
type ReplayOptions struct {
	Until    float64         // last epoch to compare; 0: all of the record
	Threads  int             // worker threads; 0: all processors
	Progress func(*Replay)   // called after each evaluation; may be nil
	Context  context.Context // ends the replay early with ErrInterrupted; may be nil
}

// ReplayRun trains the run in dir again and compares state and metrics of every recorded evaluation, up to
// the first that differs. It writes nothing. The error is ErrNotInterpretable where this program, this
// machine or the data at hand can't give the bits of that run; any other means that the record itself
// doesn't hold together.
func ReplayRun(dir string, o ReplayOptions) (*Replay, error) {
	return replayRun(dir, o, openData, newRealStepper)
}

func replayRun(dir string, o ReplayOptions, open openSet, build newStepper) (*Replay, error) {
	r, curve, rc, err := readRecord(dir)
	if err != nil {
		return nil, err
	}
	unclear := func(format string, args ...any) (*Replay, error) {
		return nil, fmt.Errorf("%w: %s: %w", ErrNotInterpretable, dir, fmt.Errorf(format, args...))
	}
	m := r.Manifest
	set, _, err := open(&rc.Config)
	if err != nil {
		return unclear("%w", err)
	}
	switch arithmetic := simd.Arithmetic(rc.precision()); {
	case set.SHA256 != m.DataSHA256:
		return unclear("it was trained on %s with SHA-256 %.16s, the data here has %.16s: not the same images", m.DataName, m.DataSHA256, set.SHA256)
	case arithmetic != m.Arithmetic:
		return unclear("its arithmetic was %s, this machine's is %s: replay it on a CPU of that kind", m.Arithmetic, arithmetic)
	case RunID(rc.WorkloadHash(set.SHA256), m.Seed, m.Arm) != m.Run:
		return unclear("%s isn't the configuration of run %s; replay it with the mtobench that ran it (%s)", configName, m.Run, m.Code())
	}
	s, err := build(rc, set, o.Threads)
	if err != nil {
		return unclear("%w", err)
	}
	defer s.Close()
	if o.Context != nil {
		s.Watch(o.Context)
	}
	if hash := s.PairHash(); hash != m.PairHash {
		r.Difference = &ReplayDifference{Point: 1, Weights: fmt.Sprintf("initial weights, order, crops or masks: %.16s recorded, %.16s now", m.PairHash, hash)}
		return r, nil
	}
	return r, r.compare(s, curve, o)
}

// readRecord reads what a run left and verifies that it holds together.
func readRecord(dir string) (*Replay, Curve, RunConfig, error) {
	fail := func(err error) (*Replay, Curve, RunConfig, error) {
		var newer newerSchema
		if errors.Is(err, fs.ErrNotExist) || errors.As(err, &newer) {
			err = fmt.Errorf("%w: %s: %w", ErrNotInterpretable, dir, err)
		}
		return nil, nil, RunConfig{}, err
	}
	r := &Replay{}
	path := filepath.Join(dir, manifestName)
	if err := readJSON(path, &r.Manifest); errors.Is(err, fs.ErrNotExist) {
		return fail(fmt.Errorf("%w: not the folder of a run; give one like runs/STUDY/WORKLOAD/seed=001/mto=on", err))
	} else if err != nil {
		return fail(withRemedy(path, err))
	}
	m := r.Manifest
	if m.Numerics != Numerics {
		return fail(fmt.Errorf("%w: %s: it was run with numerics %d, this build has %d: replay it with the mtobench that ran it (%s)", ErrNotInterpretable, dir, m.Numerics, Numerics, m.Code()))
	}
	config, err := readResolved(filepath.Join(dir, configName))
	if err != nil {
		return fail(err)
	}
	path = filepath.Join(dir, curveName)
	curve, err := ReadCurve(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fail(fmt.Errorf("%w: the run has no evaluation to compare; %s", err, remedy(dir)))
	}
	if err != nil {
		return fail(withRemedy(path, err))
	}
	switch points := config.Study.Grid + 1; {
	case len(curve) == 0 || len(curve) > points:
		return fail(fmt.Errorf("%w: %s: %d evaluations recorded, the grid has %d; %s", ErrNotInterpretable, dir, len(curve), points, remedy(dir)))
	case done(dir) && len(curve) < points:
		return fail(fmt.Errorf("%s: the run is finished, but %s has %d evaluations, the grid has %d: the file was cut off; %s", dir, curveName, len(curve), points, remedy(dir)))
	}
	r.Points = len(curve)
	rc := RunConfig{Config: config, Seed: m.Seed, Arm: m.Arm}
	return r, curve, rc, errors.Join(verifyGrid(dir, curve, config), verifyChain(dir, m.Run, curve))
}

// compare trains and evaluates along the recorded curve.
func (r *Replay) compare(s stepper, curve Curve, o ReplayOptions) error {
	step := 0
	for i, want := range curve {
		if o.Until > 0 && want.Epochs > o.Until {
			break
		}
		differs := ReplayDifference{Point: i + 1, Step: want.Step, Epochs: want.Epochs}
		for ; step < want.Step; step++ {
			if o.Context != nil && o.Context.Err() != nil {
				return ErrInterrupted
			}
			if _, err := s.Step(); errors.Is(err, ErrInterrupted) {
				return err
			} else if err != nil {
				differs.Weights = fmt.Sprintf("training failed on the way there: %v", err)
				r.Difference = &differs
				return nil
			}
		}
		e, err := s.Evaluate()
		switch {
		case errors.Is(err, ErrInterrupted):
			return err
		case err != nil:
			differs.Metrics = []string{fmt.Sprintf("the evaluation failed: %v", err)}
		default:
			differs.Metrics = metricDifferences(want, e)
		}
		if state := s.StateHash(); state != want.State {
			differs.Weights = fmt.Sprintf("state %.16s recorded, %.16s now", want.State, state)
		}
		if differs.Weights != "" || len(differs.Metrics) > 0 {
			r.Difference = &differs
			return nil
		}
		r.Compared, r.Chain, r.State = i+1, want.Chain, want.State
		if o.Progress != nil {
			o.Progress(r)
		}
	}
	return nil
}

// metricDifferences lists the metrics whose bits differ.
func metricDifferences(want Point, e Evaluation) []string {
	var list []string
	add := func(name string, recorded, now float64) {
		if recorded != now {
			list = append(list, fmt.Sprintf("%s %v recorded, %v now", name, recorded, now))
		}
	}
	add("top-1", want.Top1, e.Top1)
	add("kNN top-1", want.KNN, e.KNNTop1)
	add("reconstruction loss", want.Recon, e.ReconLoss)
	for i, v := range e.Layers {
		add(fmt.Sprintf("top-1 of layer %d", i+1), want.Diagnostics[layerKey(i+1)], v)
	}
	return slices.Clip(list)
}
