package harness

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
)

// lrStepper is a fake that is best at a learning rate of 2e-3 without MTO, at 4e-3 and lambda_e 0.2 with it, and
// diverges with MTO at 8e-3.
type lrStepper struct{ *fakeStepper }

func (s lrStepper) Step() (StepStats, error) {
	if s.acts() && s.rc.Train.BaseLR == 8e-3 {
		s.diverg = 3
	}
	return s.fakeStepper.Step()
}

func (s lrStepper) Evaluate() (Evaluation, error) {
	best := 2e-3
	if s.acts() {
		best = 4e-3
	}
	loss := 4 * math.Abs(math.Log2(s.rc.Train.BaseLR/best))
	if s.acts() && s.rc.MTO.LambdaE != 0.2 {
		loss++
	}
	e, err := s.fakeStepper.Evaluate()
	if s.step > 0 {
		for i := range e.Layers {
			e.Layers[i] -= loss
		}
	}
	return e, err
}

// tuningStudy is a study and a search on the fake; runs counts what is really trained.
func tuningStudy(t *testing.T, out string, runs *int, given Search) (*Study, Search) {
	t.Helper()
	s, _ := fakeStudy(t, out, 1)
	s.launch = inProcess(t, func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
		*runs++
		require.Contains(t, []uint64{1007, 1008}, rc.Seed, "neither seeds of the calibration, 1001 to 1006, nor of pairs")
		f, err := newFake(1)(rc, set, threads)
		return lrStepper{f.(*fakeStepper)}, err
	})
	given.Load = func(overrides []string) (Config, error) { return fakeConfig(t, overrides...), nil }
	return s, given
}

// tune runs a search on the fake; runs counts what was really trained.
func tune(t *testing.T, out string, k int, words ...string) (report *TuningReport, runs int, err error) {
	t.Helper()
	return tuneDraw(t, out, 1, k, words...)
}

func tuneDraw(t *testing.T, out string, draw uint64, k int, words ...string) (report *TuningReport, runs int, err error) {
	t.Helper()
	given := search(t, k, words...)
	given.Draw = draw
	s, given := tuningStudy(t, out, &runs, given)
	report, err = s.Tune(context.Background(), given)
	return report, runs, err
}

func TestTuningGivesTheBaselineItsBestAndMTOItsOwn(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	space := []string{"train.base_lr=1e-3,2e-3,4e-3,8e-3", "mto.lambda_e=0.1,0.2"}
	report, runs, err := tune(t, out, 0, space...)
	require.NoError(t, err)
	require.Equal(t, 19, runs, "4 trials and a confirmation, 2 arms, 2 seeds; a trial whose first seed diverged has no second")
	settings, err := report.Settings()
	require.NoError(t, err)
	best := report.Trials[report.best(ArmOn)]
	require.Equal(t, "0.004", best.Shared[0].Value)
	require.Equal(t, "study.tuning_trials=4 train.base_lr=0.002 "+best.Own.String(), settings.String())

	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.Contains(t, text.String(), "mto=on failed: seed 1007: ")
	require.Contains(t, text.String(), "loss NaN")
	require.Contains(t, text.String(), "[study]\ntuning_trials = 4\n[mto]\nlambda_e = "+best.Own[0].Value+"\n[train]\nbase_lr = 0.002\n")
	require.Contains(t, text.String(), "What the arms share has one value, the baseline's best. There, in trial ")

	// What is printed is a study that loads, and says so in its lock.
	_, lines, _ := strings.Cut(text.String(), "for the study file:\n")
	c, err := Load("tuned", []byte(lines), nil)
	require.NoError(t, err)
	require.Equal(t, 4, c.Study.TuningTrials)
	require.Equal(t, 2e-3, c.Train.BaseLR)

	again, runs, err := tune(t, out, 0, space...)
	require.NoError(t, err)
	require.Zero(t, runs, "finished and diverged runs are kept")
	var same strings.Builder
	require.NoError(t, again.WriteText(&same))
	require.Equal(t, text.String(), same.String())

	found := 0
	require.NoError(t, filepath.WalkDir(out, func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(path) == LockName || filepath.Base(path) == finalName {
			found++
		}
		return err
	}))
	require.Zero(t, found, "tuning makes no lock and opens no test split")
}

// Here the baseline is best in a trial with one value of MTO's own, MTO in a trial with another.
func TestChosenSettingsAreTrainedTogether(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	space := []string{"train.base_lr=2e-3,4e-3", "mto.lambda_e=0.1,0.2"}
	var report *TuningReport
	var runs int
	for draw := uint64(1); report == nil || report.Confirmation == nil; draw++ {
		require.Less(t, draw, uint64(20), "no draw of these gives the two trials different values for each arm's best")
		var err error
		out = t.TempDir()
		report, runs, err = tuneDraw(t, out, draw, 0, space...)
		require.NoError(t, err)
	}
	require.Equal(t, 12, runs, "2 trials and the confirmation, 2 arms, 2 seeds")
	chosen := report.Confirmation
	settings, err := report.Settings()
	require.NoError(t, err)
	require.Equal(t, "study.tuning_trials=2 "+chosen.settings().String(), settings.String(), "the confirmation counts as no trial")
	require.Equal(t, 2e-3, chosen.Config.Train.BaseLR)
	require.Equal(t, report.Trials[report.best(ArmOff)].Off.Top1, chosen.Off.Top1, "the baseline has these settings there too")
	require.True(t, chosen.On.ok())
	require.NotEqual(t, report.Trials[report.best(ArmOff)].On.Top1, chosen.On.Top1)

	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.Contains(t, text.String(), chosen.settings().String()+": without MTO "+chosen.Off.String()+", with MTO "+chosen.On.String()+"\n")

	_, runs, err = tuneDraw(t, out, report.Search.Draw, 0, space...)
	require.NoError(t, err)
	require.Zero(t, runs, "a finished confirmation is kept")

	chosen.On = TrialOutcome{Failed: "seed 1007: loss NaN", done: true}
	text.Reset()
	err = report.WriteText(&text)
	require.ErrorIs(t, err, ErrDiverged)
	require.ErrorContains(t, err, "together failed with MTO")
	require.NotContains(t, text.String(), "for the study file")
}

func TestShardsOfATuningLeaveWhatOneProcessDoes(t *testing.T) {
	t.Parallel()
	space := []string{"train.base_lr=1e-3,2e-3,4e-3", "mto.lambda_e=0.1,0.2"}
	whole, runs, err := tune(t, t.TempDir(), 0, space...)
	require.NoError(t, err)
	confirming := runs - 12

	out, trained := t.TempDir(), 0
	s, given := tuningStudy(t, out, &trained, search(t, 0, space...))
	for i, want := range []int{8, 12} { // trials 1 and 3, then 2; 2 arms, 2 seeds
		require.NoError(t, s.TuneShard(context.Background(), given, Shard{i, 2}))
		require.Equal(t, want, trained)
	}
	joined, err := s.Tune(context.Background(), given)
	require.NoError(t, err)
	require.Equal(t, 12+confirming, trained, "no trial is trained again")
	var one, many strings.Builder
	require.NoError(t, whole.WriteText(&one))
	require.NoError(t, joined.WriteText(&many))
	require.Equal(t, one.String(), many.String())
}

func TestForecastOfATuningCountsItsRuns(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	report, runs, err := tune(t, out, 2, "train.base_lr=1e-3,2e-3")
	require.NoError(t, err)
	require.Equal(t, 8, runs, "2 trials, 2 arms, 2 seeds")
	require.NoError(t, os.Remove(filepath.Join(report.Trials[1].jobs(1008)[0].Dir, resultName)))
	f, err := report.Study.forecastTuning(newFake(1), report, Shard{0, 2})
	require.NoError(t, err)
	require.Equal(t, 4, f.Finished)
	require.Zero(t, f.Runs, "the first trial alone")
	f, err = report.Study.forecastTuning(newFake(1), report, Shard{0, 1})
	require.NoError(t, err)
	require.Equal(t, 7, f.Finished)
	require.Equal(t, 1, f.Runs)
	require.Positive(t, f.Run)
	require.Equal(t, f.Run, f.Total)
	require.Positive(t, f.Memory)
}

func TestForecastOfATuningOutlivesATrialThatDiverges(t *testing.T) {
	t.Parallel()
	report, _, err := tune(t, t.TempDir(), 0, "train.base_lr=8e-3")
	require.NoError(t, err)
	_, err = report.Study.forecastTuning(func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
		f, err := newFake(1)(rc, set, threads)
		return lrStepper{f.(*fakeStepper)}, err
	}, report, Shard{0, 1})
	require.NoError(t, err)
}

func TestMoreTrialsKeepThoseThatWereRun(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	_, runs, err := tune(t, out, 1, "train.base_lr=1e-3,2e-3,4e-3")
	require.NoError(t, err)
	require.Equal(t, 4, runs)
	_, runs, err = tune(t, out, 3, "train.base_lr=1e-3,2e-3,4e-3")
	require.NoError(t, err)
	require.Equal(t, 8, runs)
}

func TestTuningWithoutAWinnerSaysSo(t *testing.T) {
	t.Parallel()
	report, _, err := tune(t, t.TempDir(), 0, "train.base_lr=8e-3")
	require.NoError(t, err)
	var text strings.Builder
	err = report.WriteText(&text)
	require.ErrorIs(t, err, ErrDiverged)
	require.ErrorContains(t, err, "all trials with MTO failed")
	require.Contains(t, text.String(), "failed")
	require.NotContains(t, text.String(), "for the study file")
}

// runsOf are one arm's runs, of one seed each, by the quality at the end after blocks 1 and 2.
func runsOf(after1, after2 float64) []CalibrationRun {
	return []CalibrationRun{{Seed: 1, Quality: map[int][]float64{1: {10, 30, after1}, 2: {10, 30, after2}}}}
}

func TestCollapsedTrialsFail(t *testing.T) {
	r := TuningReport{Trials: []Trial{{}, {}}}
	r.Trials[0].Off.runs = []CalibrationRun{{Seed: 1, Quality: map[int][]float64{1: {10, 30, 40}}}, {Seed: 2, Quality: map[int][]float64{1: {10, 90, 40}}}}
	r.Trials[1].Off.Failed = "seed 1: loss NaN"
	require.Zero(t, r.chooseBlock())
	r.Trials[0].judge(0)
	require.Contains(t, r.Trials[0].Off.Failed, "diverged or collapsed in every trial")
	r.Trials[0].Off.Failed = ""
	r.Trials[0].judge(1)
	require.Contains(t, r.Trials[0].Off.Failed, "seed 2: collapsed")
}

// Methodology, pitfall 12: no arm has a block of its own. MTO would be better after block 1, in trial 2 above all.
func TestBothArmsOfATuningAreReadAfterTheBaselinesBlock(t *testing.T) {
	r := TuningReport{Trials: []Trial{
		{Off: TrialOutcome{runs: runsOf(40, 50)}, On: TrialOutcome{runs: runsOf(60, 55)}},
		{Off: TrialOutcome{runs: runsOf(45, 44)}, On: TrialOutcome{runs: runsOf(90, 52)}},
	}}
	require.Equal(t, 2, r.chooseBlock())
	for i := range r.Trials {
		r.Trials[i].judge(2)
	}
	require.Equal(t, []float64{50, 55, 44, 52}, []float64{r.Trials[0].Off.Top1, r.Trials[0].On.Top1, r.Trials[1].Off.Top1, r.Trials[1].On.Top1})
	require.Zero(t, r.best(ArmOff))
	require.Zero(t, r.best(ArmOn))
}
