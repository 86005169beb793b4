package harness

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLockNeedsFinishedCalibrationAndTrainsNothing(t *testing.T) {
	t.Parallel()
	s, m := fakeStudy(t, t.TempDir(), 1)
	_, err := s.MakeLock()
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "6 of 6 calibration runs aren't finished; mtobench calibrate trains them")
	require.Empty(t, m.finished)
	require.NoError(t, s.Calibrate(context.Background()))
	require.Nil(t, s.Lock, "calibrate makes no lock")
	made, err := s.MakeLock()
	require.NoError(t, err)
	require.True(t, made)
	before, err := os.ReadFile(s.LockPath())
	require.NoError(t, err)
	made, err = s.MakeLock()
	require.NoError(t, err)
	require.False(t, made, "it is reproduced")
	after, err := os.ReadFile(s.LockPath())
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	require.Len(t, m.finished, 6)
}

func TestEditedCalibrationMakesNoLock(t *testing.T) {
	t.Parallel()
	for _, edit := range []struct {
		what, want string
		edit       func(*Point)
	}{
		{"quality", "hash chain", func(p *Point) { p.Top1++ }},
		{"another layer's quality", "curves of its layers", func(p *Point) { p.Diagnostics[layerKey(1)] += 5 }},
	} {
		s, _ := fakeStudy(t, t.TempDir(), 1)
		require.NoError(t, s.Calibrate(context.Background()))
		path := filepath.Join(calibrationJobs(s.Root, s.Config)[2].Dir, curveName)
		curve, err := ReadCurve(path)
		require.NoError(t, err)
		edit.edit(&curve[4])
		require.NoError(t, writeFile(path, curve.csv()))
		_, err = s.MakeLock()
		require.ErrorIs(t, err, ErrLock, edit.what)
		require.ErrorContains(t, err, edit.want)
		require.NoFileExists(t, s.LockPath())
	}
}

func TestCalibrationOfOtherSettingsMakesNoLock(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	require.NoError(t, s.Calibrate(context.Background()))
	s.Config.Train.BaseLR = 1e-3
	_, err := s.MakeLock()
	require.ErrorContains(t, err, "other settings, data, seed, numerics or kind of CPU")
}

func TestALockIsNotRemadeUnderPairsThatHaveBegun(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	s, _ := fakeStudy(t, out, 1)
	_, err := s.Run(context.Background())
	require.NoError(t, err)

	// The same calibration gives the same lock: it may come back.
	require.NoError(t, os.Remove(s.LockPath()))
	s.Lock = nil
	made, err := s.MakeLock()
	require.NoError(t, err)
	require.True(t, made)

	// Another one may not, and the message says in what they differ.
	require.NoError(t, os.Remove(s.LockPath()))
	s.Lock = nil
	s.Config.Study.Target = 0.9
	_, err = s.MakeLock()
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "config.study.target: 0.95 there, 0.9 here")
	require.ErrorContains(t, err, "results of two locks are never mixed")
	require.NoFileExists(t, s.LockPath())
	_, err = s.Run(context.Background())
	require.ErrorContains(t, err, "results of two locks are never mixed")
}

// A manifest cut off by a power failure: the unfinished run makes it again, a finished one once its result is gone.
func TestDamagedManifestOfARunThatHasBegun(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	want := epochsBlock(t, report.Results)
	cut := func(dir, name string) {
		require.NoError(t, os.Truncate(filepath.Join(dir, name), 60))
	}
	dir, other := runDir(s.Root, 3, ArmOff), runDir(s.Root, 3, ArmOn)
	cut(dir, manifestName)
	_, err = s.Run(context.Background())
	require.ErrorContains(t, err, dir+": the run is finished, but one of its files can't be read")
	require.ErrorContains(t, err, "remove result.bench beside it and give the study's command again")
	require.NoError(t, os.Remove(filepath.Join(dir, resultName)))
	report, err = s.Run(context.Background())
	require.NoError(t, err)
	require.Equal(t, want, epochsBlock(t, report.Results))

	for _, name := range []string{manifestName, curveName} { // beside an arm that begins
		require.NoError(t, os.RemoveAll(other))
		require.NoError(t, os.Remove(filepath.Join(dir, resultName)))
		cut(dir, name)
		jobs := pairJobs(s.Root, []int{3}, false)
		slices.SortFunc(jobs, func(a, b Job) int { return -strings.Compare(a.Arm, b.Arm) })
		_, err = s.runJobs(context.Background(), s.Config, jobs)
		require.NoError(t, err, name)
		report, err = s.Collect()
		require.NoError(t, err)
		require.Equal(t, want, epochsBlock(t, report.Results))
	}
}

func TestRunsOfTwoLocksAreNotCollected(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	other := *s.Lock
	other.Primary = 0.9
	other.Hash = other.hash()
	s.Lock = &other
	_, err = s.Collect()
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "primary_target: 0.95 there, 0.9 here")
}

func TestAResultOfAnotherLockIsNotCollected(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	path := filepath.Join(runDir(s.Root, 2, ArmOn), resultName)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), "study: "+s.Lock.Study(), "study: 0123456789abcdef", 1)), 0o644))
	_, err = s.Collect()
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "says study 0123456789abcdef")
}

func TestDifferenceNamesTheFirstPlace(t *testing.T) {
	t.Parallel()
	lock := quickLock()
	require.NotNil(t, lock)
	for want, change := range map[string]func(*Lock){
		"":                               func(l *Lock) { l.Name = "renamed" },
		"grid_steps[3]: ":                func(l *Lock) { l.Grid = slices.Clone(l.Grid); l.Grid[3]++ },
		"seeds: 6 entries there, 1 here": func(l *Lock) { l.Seeds = l.Seeds[:1] },
		"calibration.layers[0].signal_to_noise": func(l *Lock) {
			l.Calibration.Layers = append([]LayerProbe{{Layer: 1, Q0: l.Calibration.Layers[0].Q0, QT: l.Calibration.Layers[0].QT}}, l.Calibration.Layers[1:]...)
		},
		"config.added stands here only": func(l *Lock) {
			l.Config = maps.Clone(l.Config)
			l.Config["added"] = "1"
		},
	} {
		other := *lock
		change(&other)
		got := lock.Difference(&other)
		require.True(t, strings.HasPrefix(got, want) && (want != "" || got == ""), "%q: %q", want, got)
	}
}

func TestLockSaysPlainlyWhetherItIsMeasurable(t *testing.T) {
	t.Parallel()
	text := func(s *Study) string {
		var b strings.Builder
		require.NoError(t, s.Lock.WriteText(&b))
		return b.String()
	}
	s, _ := fakeStudy(t, t.TempDir(), 1, "study.tuning_trials=12")
	calibrateAndLock(t, s)
	require.Contains(t, text(s), "\nmeasurable: the verdict's target is")
	require.Contains(t, text(s), "chosen from 12 trials")
	s.Lock.Targets[2].Refused = []string{"the probe's signal to noise is 3.0 (at least 10)"}
	s.Lock.Config[tuningKey] = "0"
	require.Contains(t, text(s), "\nnot measurable: the verdict's target (c = 0.95) is refused: the probe's signal to noise is 3.0 (at least 10)")
	require.Contains(t, text(s), "neither arm was tuned")
}

func TestRepeatedRunIsNeverBesideItsTwin(t *testing.T) {
	t.Parallel()
	for _, first := range []int{1, 2} {
		for _, n := range []int{1, 3} {
			var seeds []int
			for i := range n {
				seeds = append(seeds, first+i)
			}
			jobs := pairJobs("root", seeds, true)
			require.Len(t, jobs, 2*n+1)
			var twins []int
			for i, j := range jobs {
				if j.Seed == first && j.Arm == ArmOff {
					twins = append(twins, i)
				}
			}
			require.Len(t, twins, 2)
			require.GreaterOrEqual(t, twins[1]-twins[0], 2, "%v", jobs)
		}
	}
}

func TestWhatIsNoLockSaysWhatALockIs(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	whole, err := os.ReadFile(s.LockPath())
	require.NoError(t, err)
	cut := filepath.Join(t.TempDir(), LockName)
	require.NoError(t, os.WriteFile(cut, whole[:100], 0o644))
	for _, path := range []string{filepath.Join(s.Root, "results.txt"), filepath.Join(runDir(s.Root, 1, ArmOn), finalName), cut} {
		_, err := ReadLock(path)
		require.ErrorIs(t, err, ErrLock)
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "a lock is the study.lock.json of a study")
		require.NotContains(t, err.Error(), "edited after it was made")
	}
}
