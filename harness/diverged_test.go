package harness

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

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
		found, err := ReplayDivergence(j.Dir, threads)
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
	_, err = ReplayDivergence(j.Dir, 1)
	require.ErrorContains(t, err, "the tensors hash to")

	// Given again, the run stops at the same step; made by a program that gets past it, the record goes.
	require.ErrorIs(t, runReal(j, 1), ErrDiverged)
	again, err := ReadDivergence(j.Dir)
	require.NoError(t, err)
	require.Equal(t, d, again)
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
