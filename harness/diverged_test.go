package harness

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/nn"
)

// smallConfig is a real study of seconds: 32 steps, a grid point every 8.
func smallConfig(t testing.TB, overrides ...string) Config {
	t.Helper()
	c, err := Load("small", []byte(`
[study]
name = "small"
seeds = 6
grid = 4
[data]
name = "glyphs"
side = 32
train_images = 256
[model]
patch = 8
width = 24
depth = 1
heads = 2
[method]
name = "mae"
[train]
batch = 32
epochs = 4
[probe]
layer = 1
bank = 128
validation = 128
`), overrides)
	require.NoError(t, err)
	return c
}

// realRunIn prepares the folder of one real run.
func realRunIn(t *testing.T, out string, overrides ...string) Job {
	t.Helper()
	s, err := NewStudy(smallConfig(t, overrides...), Options{Out: out, Monitor: new(quiet), Command: []string{"none"}})
	require.NoError(t, err)
	j := calibrationJobs(s.Root, s.Config)[0]
	require.NoError(t, s.prepare(j.Dir, s.Config, nil))
	return j
}

// runReal carries out a real run in this process.
func runReal(j Job, threads int) error {
	var out bytes.Buffer
	Child{Kind: j.Kind, Dir: j.Dir, Seed: j.Seed, Arm: j.Arm, Threads: threads}.main(context.Background(), &out, io.Discard, openOnce, newRealStepper)
	return follow(&out, func(Progress) {})
}

// A learning rate beyond all measure: the second step meets weights of 1e29.
func TestDivergedRunLeavesWhatMakesItAgain(t *testing.T) {
	j := realRunIn(t, t.TempDir(), "train.base_lr=1e30", "train.clip=0")
	err := runReal(j, 2)
	require.ErrorIs(t, err, ErrDiverged)
	require.ErrorContains(t, err, "first bad value: operation ")
	require.ErrorContains(t, err, "mtobench replay "+j.Dir)

	d, err := ReadDivergence(j.Dir)
	require.NoError(t, err)
	require.Equal(t, inStep, d.Where)
	require.Greater(t, d.Step, 1)
	require.Len(t, d.Images, 32)
	require.Contains(t, d.Terms, "pixels")
	require.NotNil(t, d.First)
	require.Equal(t, "forward", d.First.Phase)

	for _, threads := range []int{1, 2} {
		found, err := ReplayDivergence(t.Context(), j.Dir, threads)
		require.NoError(t, err)
		require.Equal(t, d, found)
	}

	// Another state fails otherwise, and the replay says so.
	path := filepath.Join(j.Dir, divergedStateName)
	file, err := readCheckpoint(path)
	require.NoError(t, err)
	for _, e := range file.Tensors {
		for i := range e.Float32 {
			e.Float32[i] = 0
		}
	}
	delete(file.Metadata, "state")
	require.NoError(t, writeCheckpoint(path, file))
	_, err = ReplayDivergence(t.Context(), j.Dir, 1)
	require.ErrorContains(t, err, "the tensors hash to")

	// Given again, the run stops at the same step; made by a program that gets past it, the record goes.
	require.ErrorIs(t, runReal(j, 1), ErrDiverged)
	again, err := ReadDivergence(j.Dir)
	require.NoError(t, err)
	require.Equal(t, d, again)
}

// What an end-of-run evaluation trains may diverge as pre-training may: the step that failed is made again from its own
// state and the run's, and nothing before it.
func TestDivergedFinalEvaluationLeavesWhatMakesItAgain(t *testing.T) {
	t.Parallel()
	s, open := newSealedStudy(t, func(benchdata.Split) {}, "final.finetune=true", "final.finetune_lr=1e30")
	calibrateAndLock(t, s)
	j := pairJobs(s.Root, s.Lock.Seeds, false)[0]
	require.NoError(t, s.prepare(j.Dir, s.runConfig(s.Config, j), s.Lock))
	run := func(threads int) error { return s.launch(t.Context(), j, threads, func(Progress) {}) }
	err := run(2)
	require.ErrorIs(t, err, ErrDiverged)
	require.ErrorContains(t, err, "training failed: end-of-run evaluation: finetune, probe seed 1 of 3: step 2 of ")
	require.ErrorContains(t, err, "lower final.finetune_lr; first bad value: ")
	require.ErrorContains(t, err, "mtobench replay "+j.Dir)

	d, err := ReadDivergence(j.Dir)
	require.NoError(t, err)
	require.Equal(t, "finetune, probe seed 1, training step 2", d.Place())
	require.Len(t, d.Images, 10)
	require.Contains(t, d.Terms, "classifier 1")
	require.NotNil(t, d.First)
	for _, threads := range []int{1, 2} {
		found, err := replayDivergence(t.Context(), j.Dir, threads, open, newRealStepper)
		require.NoError(t, err)
		require.Equal(t, d, found)
	}

	// Given again, the run fails at once and as before: in a step behind the one that it has saved.
	require.ErrorIs(t, run(1), ErrDiverged)
	again, err := ReadDivergence(j.Dir)
	require.NoError(t, err)
	require.Equal(t, d, again)

	// Of another state, or of none, nothing is concluded.
	other := d
	other.Step = 3
	require.NoError(t, writeJSON(filepath.Join(j.Dir, divergedName), other))
	_, err = replayDivergence(t.Context(), j.Dir, 1, open, newRealStepper)
	require.ErrorContains(t, err, "it is the state before step 2, diverged.json names step 3")
	require.NoError(t, os.RemoveAll(filepath.Join(j.Dir, finalDir)))
	_, err = replayDivergence(t.Context(), j.Dir, 1, open, newRealStepper)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A replay without the images that the run had concludes nothing; one that is asked to stop, stops.
func TestReplayOfAFailureSaysWhyItCannotBe(t *testing.T) {
	j := realRunIn(t, t.TempDir(), "train.base_lr=1e30", "train.clip=0")
	require.ErrorIs(t, runReal(j, 1), ErrDiverged)
	_, err := replayDivergence(t.Context(), j.Dir, 1, func(*Config) (*benchdata.Set, *benchdata.SealedTest, error) {
		return nil, nil, fmt.Errorf("%w: no such images", ErrConfig)
	}, newRealStepper)
	require.Equal(t, ExitUnclear, ExitStatus(err), err)

	path := filepath.Join(j.Dir, manifestName)
	var m Manifest
	require.NoError(t, readJSON(path, &m))
	elsewhere := m
	elsewhere.Arithmetic = "of another CPU"
	require.NoError(t, writeJSON(path, elsewhere))
	_, err = ReplayDivergence(t.Context(), j.Dir, 1)
	require.Equal(t, ExitUnclear, ExitStatus(err), err)
	require.NoError(t, writeJSON(path, m))

	for _, late := range []bool{false, true} { // before the step, and within it
		ctx, cancel := context.WithCancel(t.Context())
		_, err = replayDivergence(ctx, j.Dir, 1, openOnce, func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
			s, err := newRealStepper(rc, set, threads)
			if s.(*Trainer).stopping.Store(late); !late {
				cancel()
			}
			return s, err
		})
		cancel()
		require.ErrorIs(t, err, ErrInterrupted)
	}
}

func TestRecordOfAFailureGoesOnceTheRunGetsPastIt(t *testing.T) {
	j := calibrationRunIn(t, t.TempDir())
	require.NoError(t, writeJSON(filepath.Join(j.Dir, divergedName), Divergence{Schema: 1}))
	require.NoError(t, os.WriteFile(filepath.Join(j.Dir, divergedStateName), []byte("x"), 0o644))
	require.NoError(t, inProcess(t, newFake(1))(context.Background(), j, 1, func(Progress) {}))
	require.NoFileExists(t, filepath.Join(j.Dir, divergedName))
	require.NoFileExists(t, filepath.Join(j.Dir, divergedStateName))
}

// A weight that is no number is named before any operation.
func TestBadStateIsNamedFirst(t *testing.T) {
	c := smallConfig(t)
	set, _, err := openOnce(&c)
	require.NoError(t, err)
	require.NoError(t, c.Resolve(set))
	tr, err := NewTrainer(RunConfig{Config: c, Seed: 1, Arm: ArmOff}, set, 1)
	require.NoError(t, err)
	defer tr.Close()
	flat, err := tr.state(nn.Weights)
	require.NoError(t, err)
	nan := float32(0)
	tr.params.Slice(flat, "mask_token")[3] = nan / nan
	require.NoError(t, tr.device.UploadState(tr.params, nn.Weights, flat))
	before := tr.StateHash()
	_, err = tr.Step()
	require.ErrorContains(t, err, "not finite")
	d, err := tr.Diagnose()
	require.NoError(t, err)
	require.Equal(t, &BadValue{Operation: -1, Tensor: "weights of mask_token", Index: 3, Value: Number{"NaN", "7fc00000"}, Bad: 1, Of: 32}, d.First)
	require.Equal(t, before, tr.StateHash(), "nothing was changed by it")
}

// However long a step or an evaluation is: one that is asked to stop leaves the state as it was.
func TestStoppedStepChangesNothing(t *testing.T) {
	c := smallConfig(t)
	set, _, err := openOnce(&c)
	require.NoError(t, err)
	require.NoError(t, c.Resolve(set))
	rc := RunConfig{Config: c, Seed: 1, Arm: ArmOff}
	tr, err := NewTrainer(rc, set, 2)
	require.NoError(t, err)
	defer tr.Close()
	_, err = tr.Step()
	require.NoError(t, err)
	before := tr.StateHash()
	ops := len(tr.program.Ops())
	for at := range ops + 1 { // gives up before each operation in turn
		left := at
		stopped, err := tr.device.(*nn.CPU).StepUnless(tr.program, func() bool { left--; return left < 0 })
		require.NoError(t, err)
		if !stopped {
			require.Greater(t, at, ops/2)
			require.NotEqual(t, before, tr.StateHash())
			break
		}
		require.Equal(t, before, tr.StateHash(), "operation %d", at)
	}
	ctx, cancel := context.WithCancel(context.Background())
	tr.Watch(ctx)
	cancel()
	for !tr.stopping.Load() {
		runtime.Gosched()
	}
	_, err = tr.Step()
	require.ErrorIs(t, err, ErrInterrupted)
	_, err = tr.Evaluate()
	require.ErrorIs(t, err, ErrInterrupted)
}
