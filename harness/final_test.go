package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
)

// sealedConfig is a real study of a few seconds: 8 pixels, 2 blocks of width 24.
func sealedConfig(t *testing.T, overrides ...string) Config {
	t.Helper()
	c, err := Load("sealed", []byte(`
[study]
name = "sealed"
seeds = 6
grid = 4
repeat = false
threads = 2
[data]
name = "noise"
train_images = 60
[model]
patch = 4
width = 24
depth = 2
heads = 2
[train]
batch = 10
epochs = 1
[probe]
bank = 60
knn_k = 5
`), overrides)
	require.NoError(t, err)
	return c
}

// sealedStudy calibrates and runs the study on images whose test split was changed by edit.
func sealedStudy(t *testing.T, edit func(test benchdata.Split)) (*Study, *Report) {
	t.Helper()
	s, _ := newSealedStudy(t, edit)
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	return s, report
}

// newSealedStudy is that study before anything is run, and what opens its images.
func newSealedStudy(t *testing.T, edit func(test benchdata.Split), overrides ...string) (*Study, openSet) {
	t.Helper()
	set := noiseSet(8, 1, 60)
	set.Test = benchdata.Split{Images: append([]uint8(nil), set.Val.Images...), Labels: append([]int32(nil), set.Val.Labels...)}
	edit(set.Test)
	set.SHA256 = set.Hash()
	test := set.Seal()
	open := func(*Config) (*benchdata.Set, *benchdata.SealedTest, error) { return set, test, nil }
	c := sealedConfig(t, overrides...)
	require.NoError(t, c.Resolve(set))
	s := &Study{
		Config: c, Root: t.TempDir(), monitor: new(quiet),
		data: LockedData{set.Name, set.SHA256, c.Data.TrainImages, c.Probe.Validation},
	}
	s.launch = func(ctx context.Context, j Job, threads int, report func(Progress)) error {
		var out strings.Builder
		var log strings.Builder
		Child{Kind: j.Kind, Dir: j.Dir, Seed: j.Seed, Arm: j.Arm, Threads: threads}.main(ctx, &out, &log, open, newRealStepper)
		return follow(strings.NewReader(out.String()), report)
	}
	return s, open
}

// TestTestSplitReachesNothingBeforeTheLockIsClosed changes every pixel and label of the test split. Calibration, lock
// and curves keep every bit but the data's hash and what is made of it; the final figures don't.
func TestTestSplitReachesNothingBeforeTheLockIsClosed(t *testing.T) {
	t.Parallel()
	a, reportA := sealedStudy(t, func(benchdata.Split) {})
	b, reportB := sealedStudy(t, func(test benchdata.Split) {
		for i := range test.Images {
			test.Images[i] = ^test.Images[i]
		}
		for i := range test.Labels {
			test.Labels[i] = (test.Labels[i] + 1) % 2
		}
	})
	require.NotEqual(t, a.Lock.Hash, b.Lock.Hash, "the data's hash covers the test split")
	lock := func(s *Study) Lock {
		l := *s.Lock
		l.Data.SHA256, l.Hash, l.Calibration.Chains = "", "", nil // chains begin with the run's identity
		return l
	}
	require.Equal(t, lock(a), lock(b))
	jobs := func(s *Study) []Job {
		return append(calibrationJobs(s.Root, s.Config), pairJobs(s.Root, s.Lock.Seeds, false)...)
	}
	figures := 0
	for i, j := range jobs(a) {
		curve := func(dir string) Curve {
			c, err := ReadCurve(filepath.Join(dir, curveName))
			require.NoError(t, err)
			for i := range c {
				c[i].Chain, c[i].TrainNS, c[i].WallNS, c[i].CPUNS = "", 0, 0, 0
			}
			return c
		}
		other := jobs(b)[i]
		require.Equal(t, curve(j.Dir), curve(other.Dir), j)
		if j.Kind == jobCalibration {
			require.NoFileExists(t, filepath.Join(j.Dir, finalName))
			continue
		}
		x, err := ReadFinal(filepath.Join(j.Dir, finalName))
		require.NoError(t, err)
		y, err := ReadFinal(filepath.Join(other.Dir, finalName))
		require.NoError(t, err)
		require.Equal(t, x.State, y.State)
		for k := range x.Figures {
			require.Equal(t, x.Figures[k].Validation, y.Figures[k].Validation)
			if x.Figures[k].Test != y.Figures[k].Test {
				figures++
			}
			// Test images that are the validation images give the validation figure.
			require.Equal(t, x.Figures[k].Validation, x.Figures[k].Test, "%s %s", j, x.Figures[k].Name)
		}
		end := curve(j.Dir)
		require.Equal(t, end[len(end)-1].Top1, x.Figures[0].Validation, "the ridge probe of the curve")
		require.Equal(t, end[len(end)-1].KNN, x.Figures[1].Validation, "the kNN probe of the curve")
	}
	require.NotZero(t, figures, "the edit shows where it should")
	for _, r := range []*Report{reportA, reportB} {
		require.Equal(t, Check{sealedCheck, true, "12 openings by 12 runs, each at its budget and under the lock"}, r.Checks[0])
	}
}

func TestEachRunUnderTheLockOpensTheTestSplitOnceAndSaysSo(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	for _, j := range append(calibrationJobs(s.Root, s.Config), pairJobs(s.Root, s.Lock.Seeds, true)...) {
		openings, err := readOpenings(filepath.Join(j.Dir, eventsName))
		require.NoError(t, err)
		if j.Kind != jobPair {
			require.Empty(t, openings, j)
			require.NoFileExists(t, filepath.Join(j.Dir, finalName))
			continue
		}
		require.Len(t, openings, 1, j)
		f, err := ReadFinal(filepath.Join(j.Dir, finalName))
		require.NoError(t, err)
		require.Equal(t, openings, f.Openings)
		o := f.Openings[0]
		require.Equal(t, os.Getpid(), o.PID)
		require.Equal(t, thisHolder().Host, o.Host)
		require.Equal(t, s.Lock.Hash, o.Study)
		require.Equal(t, []string{"ridge", "knn", "logistic"}, o.Evaluations)
		require.Equal(t, f.Images, o.Images)
		at, err := time.Parse(time.RFC3339Nano, o.Time)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Hour)
	}
	require.Equal(t, []string{"test-top1-%", "test-knn-%", "logistic-top1-%"}, s.Config.FinalUnits())
}

func TestOpeningsBeforeTheLockOrTwiceAreNamed(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	add := func(dir, lock string) {
		l, err := openEvents(filepath.Join(dir, eventsName), systemClock)
		require.NoError(t, err)
		o := newOpening("x", lock, 10, []string{"ridge"})
		require.NoError(t, l.add(eventTestOpen, o.Images, o.metadata()))
		require.NoError(t, l.close())
	}
	add(runDir(s.Root, 3, ArmOn), s.Lock.Hash)
	report, err := s.Collect()
	require.NoError(t, err)
	require.True(t, report.Checks[0].OK)
	require.Contains(t, strings.Join(report.Warnings, "\n"), "seed 3 mto=on opened the test split 2 times")

	add(runDir(s.Root, 4, ArmOff), "another lock")
	report, err = s.Collect()
	require.NoError(t, err)
	require.Contains(t, report.Checks[0].Found, "opened before it by seed 4 mto=off")
	require.Equal(t, "void", report.Verdict.Word)

	require.NoError(t, os.Remove(filepath.Join(runDir(s.Root, 4, ArmOff), eventsName)))
	add(calibrationJobs(s.Root, s.Config)[0].Dir, s.Lock.Hash)
	report, err = s.Collect()
	require.NoError(t, err)
	require.Contains(t, report.Checks[0].Found, "opened before it by calibration seed 1001")
	require.NoError(t, os.Remove(filepath.Join(calibrationJobs(s.Root, s.Config)[0].Dir, eventsName)))
	report, err = s.Collect()
	require.NoError(t, err)
	require.Contains(t, report.Checks[0].Found, "figures without a logged opening: seed 4 mto=off")
}

func TestTestSplitStaysSealedWhereNothingAsksForIt(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1, "final.test=false")
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	for _, j := range pairJobs(s.Root, s.Lock.Seeds, true) {
		require.NoFileExists(t, filepath.Join(j.Dir, finalName))
		openings, err := readOpenings(filepath.Join(j.Dir, eventsName))
		require.NoError(t, err)
		require.Empty(t, openings)
	}
	require.NotContains(t, fmt.Sprint(report.Checks), sealedCheck)
}

func TestEditedOrForeignFinalFiguresAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	path := filepath.Join(runDir(s.Root, 2, ArmOn), finalName)
	f, err := ReadFinal(path)
	require.NoError(t, err)
	f.Figures[0].Test++
	require.NoError(t, writeJSON(path, f))
	_, err = s.Collect()
	require.ErrorContains(t, err, "edited after it was made")

	data, err := os.ReadFile(filepath.Join(runDir(s.Root, 3, ArmOn), finalName))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o644))
	_, err = s.Collect()
	require.ErrorContains(t, err, "move it away")
}

func TestOpenTestRefusesRunsWithoutLockOrShortOfTheirBudget(t *testing.T) {
	t.Parallel()
	set, test, err := openOnce(nil)
	require.NoError(t, err)
	f, err := newFake(1)(RunConfig{Config: fakeConfig(t, "probe.layer=1")}, set, 1)
	require.NoError(t, err)
	r := run{set: set, test: test, stepper: f}
	_, err = r.openTest(nil)
	require.ErrorIs(t, err, ErrBug)
	require.ErrorContains(t, err, "without a lock")
	r.lock = &Lock{}
	_, err = r.openTest(nil)
	require.ErrorIs(t, err, ErrBug)
	require.ErrorContains(t, err, "at step 0 of 320")
}

// TestKilledFinalEvaluationGivesTheSameFigures kills a run between the opening of the test split and final.json, twice.
func TestKilledFinalEvaluationGivesTheSameFigures(t *testing.T) {
	s, _ := fakeStudy(t, t.TempDir(), 1.5)
	calibrateAndLock(t, s)
	prepare := func(root string) Job {
		j := pairJobs(root, s.Lock.Seeds, false)[0]
		c := s.Config
		c.Probe.Layer = s.Lock.Calibration.Layer
		require.NoError(t, s.prepare(j.Dir, c, s.Lock))
		return j
	}
	whole := prepare(t.TempDir())
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), whole, 1, func(Progress) {}))
	want, err := ReadFinal(filepath.Join(whole.Dir, finalName))
	require.NoError(t, err)

	j := prepare(t.TempDir())
	for range 2 {
		cmd, stdin, _ := startStalled(t, j, "final")
		require.NoError(t, cmd.Process.Kill())
		cmd.Wait()
		stdin.Close()
	}
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), j, 1, func(Progress) {}))
	got, err := ReadFinal(filepath.Join(j.Dir, finalName))
	require.NoError(t, err)
	require.Equal(t, want.Figures, got.Figures)
	require.Equal(t, want.Hash, got.Hash)
	openings, err := readOpenings(filepath.Join(j.Dir, eventsName))
	require.NoError(t, err)
	require.Len(t, openings, 3)
	require.Equal(t, openings, got.Openings)
}

func TestFinalUnitsAreDeclaredInResultFiles(t *testing.T) {
	for _, u := range finalUnits {
		require.True(t, slices.ContainsFunc(ResultUnits(), func(r Unit) bool { return r.Name == u.unit && r.Optional }), u.unit)
	}
}

// Differences of test figures by pair: the fake's arms differ by what their curves end with.
func TestArmsAreComparedAtTheEndOfTheRun(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	require.Len(t, report.Final, 3)
	c := report.Final[0]
	require.Equal(t, [2]string{"ridge", "test-top1-%"}, [2]string{c.Name, c.Unit})
	require.Len(t, c.Off, 6)
	var sum float64
	for _, pair := range report.Pairs() {
		sum += pair[1].Final.Figures[0].Test - pair[0].Final.Figures[0].Test
	}
	require.InDelta(t, sum/6, c.Difference.Mean, 1e-9)
	require.InDelta(t, c.MeanOn-c.MeanOff, c.Difference.Mean, 1e-9)
	require.True(t, c.Difference.Interval.Contains(c.Difference.Mean))
	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.Contains(t, text.String(), fmt.Sprintf("difference %+.2f points", c.Difference.Mean))

	// A run of an older program has no figures: the pair is left out.
	report.Runs[0].Final = nil
	require.Equal(t, 5, report.finalComparisons()[0].Difference.Pairs)
}
