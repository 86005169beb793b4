package harness

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
)

func replayFake(dir string, o ReplayOptions, change func(*fakeStepper) stepper) (*Replay, error) {
	return replayRun(dir, o, openOnce, func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
		s, err := newFake(1.5)(rc, set, threads)
		return change(s.(*fakeStepper)), err
	})
}

// other changes what a fake does from a step on.
type other struct {
	*fakeStepper
	from             int
	weights, quality bool
}

func (o other) StateHash() string {
	if o.weights && o.step >= o.from {
		return "other " + o.state
	}
	return o.state
}

func (o other) Evaluate() (Evaluation, error) {
	e, err := o.fakeStepper.Evaluate()
	if o.quality && o.step >= o.from {
		e.KNNTop1 += 1e-9
	}
	return e, err
}

func TestReplayFindsTheFirstEvaluationThatDiffers(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	dir := runDir(s.Root, 2, ArmOn)
	curve, err := ReadCurve(filepath.Join(dir, curveName))
	require.NoError(t, err)

	same := func(f *fakeStepper) stepper { return f }
	r, err := replayFake(dir, ReplayOptions{}, same)
	require.NoError(t, err)
	require.Nil(t, r.Difference)
	require.Equal(t, []int{11, 11}, []int{r.Points, r.Compared})
	require.Equal(t, curve[10].Chain, r.Chain)
	require.Equal(t, curve[10].State, r.State)

	for _, c := range []struct{ weights, quality bool }{{true, false}, {false, true}, {true, true}} {
		change := func(f *fakeStepper) stepper { return other{f, 90, c.weights, c.quality} } // from evaluation 4, step 96
		r, err = replayFake(dir, ReplayOptions{}, change)
		require.NoError(t, err)
		require.Equal(t, 3, r.Compared)
		require.Equal(t, []int{4, 96}, []int{r.Difference.Point, r.Difference.Step})
		require.Equal(t, c.weights, r.Difference.Weights != "")
		require.Equal(t, c.quality, len(r.Difference.Metrics) == 1)
		r, err = replayFake(dir, ReplayOptions{Until: 2}, change)
		require.NoError(t, err)
		require.Nil(t, r.Difference, "epoch 2 lies before")
		require.Equal(t, 3, r.Compared)
	}

	r, err = replayFake(dir, ReplayOptions{}, func(f *fakeStepper) stepper { return apart{f} })
	require.NoError(t, err)
	require.Contains(t, r.Difference.Weights, "initial weights")

	calibration := calibrationJobs(s.Root, s.Config)[0].Dir
	r, err = replayFake(calibration, ReplayOptions{}, same)
	require.NoError(t, err)
	require.Nil(t, r.Difference)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = replayFake(calibration, ReplayOptions{Context: ended}, same)
	require.ErrorIs(t, err, ErrInterrupted)
}

// What another program, machine or data set can't give again is neither right nor wrong; a record that was
// changed is wrong.
func TestReplayTellsWhatItCannotJudge(t *testing.T) {
	t.Parallel()
	same := func(f *fakeStepper) stepper { return f }
	for name, c := range map[string]struct {
		file, pattern, to, want string
		status                  int
	}{
		"other numerics":        {manifestName, `"numerics": [0-9]+`, `"numerics": 999`, "it was run with numerics 999", ExitUnclear},
		"a newer schema":        {manifestName, `"schema": 1`, `"schema": 2`, "this program knows schemas up to 1", ExitUnclear},
		"other arithmetic":      {manifestName, `"arithmetic": "f32"`, `"arithmetic": "bf16-other"`, "its arithmetic was bf16-other", ExitUnclear},
		"other images":          {manifestName, `"data_sha256": "[0-9a-f]{4}`, `"data_sha256": "0000`, "not the same images", ExitUnclear},
		"other configuration":   {configName, `base_lr = [0-9.e-]+`, `base_lr = 0.25`, "isn't the configuration of run", ExitUnclear},
		"a changed curve":       {curveName, `\n64,8192,2,[0-9]`, "\n64,8192,2,9", "line 5 of curve.csv doesn't continue the hash chain", ExitFailed},
		"a curve cut at a line": {curveName, `(?s)\n192,.*`, "\n", "curve.csv has 6 evaluations, the grid has 11: the file was cut off; restore", ExitFailed},
		"a curve cut in a line": {curveName, `.{9}\n$`, "", "curve.csv: damaged: its last line is cut off; restore that file, or remove result.bench", ExitFailed},
		"an empty curve":        {curveName, `(?s)\n0,0,0,.*`, "\n", "0 evaluations recorded", ExitUnclear},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := finishedStudy(t)
			dir := runDir(s.Root, 2, ArmOn)
			edit(t, filepath.Join(dir, c.file), c.pattern, c.to)
			_, err := replayFake(dir, ReplayOptions{}, same)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.status, ExitStatus(err))
		})
	}
	s := finishedStudy(t)
	dir := runDir(s.Root, 2, ArmOn)
	for _, name := range []string{configName, curveName} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.Rename(path, path+".away"))
		_, err := replayFake(dir, ReplayOptions{}, same)
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "remove result.bench beside it")
		require.Equal(t, ExitUnclear, ExitStatus(err))
		require.NoError(t, os.Rename(path+".away", path))
	}
	_, err := replayFake(t.TempDir(), ReplayOptions{}, same)
	require.ErrorContains(t, err, "not the folder of a run")
	require.Equal(t, ExitUnclear, ExitStatus(err))
}

// A run that was killed is replayed as far as it got.
func TestReplayOfAnUnfinishedRun(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	dir := runDir(s.Root, 2, ArmOn)
	curve, err := ReadCurve(filepath.Join(dir, curveName))
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, resultName)))
	require.NoError(t, writeFile(filepath.Join(dir, curveName), curve[:5].csv()))
	r, err := replayFake(dir, ReplayOptions{}, func(f *fakeStepper) stepper { return f })
	require.NoError(t, err)
	require.Equal(t, []int{5, 5}, []int{r.Points, r.Compared})
}
