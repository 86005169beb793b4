package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
)

// steadyClock is a clock of which each look takes a millisecond: two runs that do the same take as long, however
// loaded the machine is.
func steadyClock() clock {
	var looks time.Duration
	return clock{day: time.Now, since: func() time.Duration { looks++; return looks * time.Millisecond }}
}

// inProcess is a launcher that runs a job in this process, by a steady clock.
func inProcess(t testing.TB, make newStepper) launcher {
	return func(ctx context.Context, j Job, threads int, report func(Progress)) error {
		var out bytes.Buffer
		Child{Kind: j.Kind, Dir: j.Dir, Seed: j.Seed, Arm: j.Arm, Threads: threads, clock: steadyClock()}.main(ctx, &out, io.Discard, openOnce, make)
		return follow(&out, report)
	}
}

func fakeStudy(t testing.TB, out string, speed float64, overrides ...string) (*Study, *quiet) {
	t.Helper()
	m := new(quiet)
	s, err := NewStudy(fakeConfig(t, overrides...), Options{Out: out, Monitor: m, Overrides: overrides, Command: []string{"none"}})
	require.NoError(t, err)
	s.launch = inProcess(t, newFake(speed))
	s.Lock, s.Quick = nil, false // the fake's own calibration
	return s, m
}

// calibrateAndLock is the first part of a study.
func calibrateAndLock(t testing.TB, s *Study) {
	t.Helper()
	require.NoError(t, s.Calibrate(context.Background()))
	made, err := s.MakeLock()
	require.NoError(t, err)
	require.True(t, made)
}

func TestStudyCalibratesRunsPairsAndJudges(t *testing.T) {
	t.Parallel()
	s, m := fakeStudy(t, t.TempDir(), 2)
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	for _, c := range report.Checks {
		require.True(t, c.OK, "%s: %s", c.Name, c.Found)
	}
	require.Equal(t, "supported", report.Verdict.Word, report.Verdict.Sentence)
	p := report.Targets[report.Primary]
	require.Equal(t, 6, p.Pairs)
	require.InDelta(t, 0.5, p.Ratio, 0.03) // the fake learns twice as fast with MTO
	require.Equal(t, 2, s.Lock.Calibration.Layer)

	// 6 calibration runs, then the pairs in ABBA order with the repeated run behind the first pair.
	var order []string
	for _, u := range m.finished[6:] {
		order = append(order, u.Job.String())
	}
	require.Equal(t, []string{"seed 1 mto=off", "seed 1 mto=on", "repeat seed 1 mto=off", "seed 2 mto=on", "seed 2 mto=off", "seed 3 mto=off"}, order[:6])

	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.NoError(t, report.WriteFiles(&text))
	results, err := os.ReadFile(report.Results)
	require.NoError(t, err)
	_, lines, _ := strings.Cut(string(results), "\nBenchmark")
	require.Less(t, strings.Index(lines, "mto=off"), strings.Index(lines, "mto=on"), "the order of columns")
	for _, want := range []string{"verdict: supported", "reconstruction", "results.txt", "6 of 6"} {
		require.Contains(t, text.String(), want)
	}
}

func TestFinishedRunsAreSkippedAndResultsAreByteStable(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	s, _ := fakeStudy(t, out, 1)
	first, err := s.Run(context.Background())
	require.NoError(t, err)
	before, err := os.ReadFile(first.Results)
	require.NoError(t, err)

	again, m := fakeStudy(t, out, 1)
	set, _, err := openData(&again.Config)
	require.NoError(t, err)
	require.NoError(t, again.findLock(nil, set))
	second, err := again.Run(context.Background())
	require.NoError(t, err)
	for _, u := range m.finished {
		require.True(t, u.Skipped, u.Job)
	}
	after, err := os.ReadFile(second.Results)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestCalibrationGivesTheSameBytesAnywhere(t *testing.T) {
	t.Parallel()
	var locks []string
	for range 2 {
		s, _ := fakeStudy(t, t.TempDir(), 1)
		calibrateAndLock(t, s)
		data, err := os.ReadFile(filepath.Join(s.Root, LockName))
		require.NoError(t, err)
		locks = append(locks, string(data))
	}
	require.Equal(t, locks[0], locks[1])
	_, err := parseLock("lock", []byte(strings.Replace(locks[0], `"numerics": 1`, `"numerics": 2`, 1)))
	require.ErrorContains(t, err, "edited after it was made")
}

func TestDivergedRunIsReportedAndVoidsTheVerdict(t *testing.T) {
	t.Setenv("MTOBENCH_TEST_DIVERGE", "100")
	s, m := fakeStudy(t, t.TempDir(), 1)
	report, err := s.Run(context.Background())
	require.ErrorIs(t, err, ErrDiverged)
	require.ErrorContains(t, err, "loss NaN")
	require.Equal(t, "void", report.Verdict.Word)
	require.Len(t, report.Missing, 6)
	var text strings.Builder
	require.NoError(t, errors.Join(report.WriteText(&text), report.WriteFiles(&text)))
	require.Contains(t, text.String(), "6 of 12 runs are missing: seed 1 mto=on (failed at step 99 of 320), seed 2")
	require.Contains(t, text.String(), "\n  failed  seed 6 mto=on: training failed: step 100: loss NaN; to see it again")
	require.Contains(t, text.String(), "\nmissing: seed 6 mto=on (failed at step 99 of 320)\n")
	data, err := json.Marshal(report)
	require.NoError(t, err)
	require.Contains(t, string(data), `{"error":"training failed: step 100: loss NaN`)
	require.Contains(t, string(data), `"run":"seed 4 mto=on","state":"failed","step":99,"steps":320}`)
	require.Len(t, m.finished, 6+6+6+1)
}

// Where no pair is left to collect, the reason is why they failed.
func TestStudyWhoseRunsAllDivergeSaysWhy(t *testing.T) {
	s, _ := fakeStudy(t, t.TempDir(), 1)
	calibrateAndLock(t, s)
	t.Setenv("MTOBENCH_TEST_DIVERGE", "-100")
	report, err := s.Run(context.Background())
	require.Nil(t, report)
	require.ErrorIs(t, err, ErrDiverged)
	require.ErrorContains(t, err, "13 of 13 runs failed; the first: ")
	require.ErrorContains(t, err, "mtobench replay "+runDir(s.Root, 1, ArmOff))
}

func TestNoisyClockWithholdsSecondsAndNothingElse(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	require.Empty(t, report.Withheld, "the fake's clocks are exact")
	require.NotNil(t, report.In(UnitTrainSeconds))
	require.NotNil(t, report.In(UnitWallSeconds))
	require.NotNil(t, report.In(UnitCPUSeconds))
	path := filepath.Join(repeatDir(s.Root, 1), curveName)
	curve, err := ReadCurve(path)
	require.NoError(t, err)
	for i := range curve {
		curve[i].TrainNS *= 2
	}
	require.NoError(t, writeFile(path, curve.csv()))
	remakeResult(t, s, filepath.Dir(path))
	report, err = s.Collect()
	require.NoError(t, err)
	require.Nil(t, report.In(UnitTrainSeconds))
	require.NotNil(t, report.In(UnitFLOP))
	require.Equal(t, "supported", report.Verdict.Word)
	require.NotNil(t, report.In(UnitWallSeconds))
	require.NotNil(t, report.In(UnitCPUSeconds))
	require.Len(t, report.Withheld, 1)
	require.Contains(t, report.Withheld[0].Found, "changed them by 50 %, the noise stated for it is 10 %")

	s.Config.Study.Noise = 9 // as mtobench run -s study.noise=9 would have it after that look
	report, err = s.Run(context.Background())
	require.NoError(t, err)
	require.Nil(t, report.In(UnitTrainSeconds), "the noise is that which was stated when the run was repeated")
	again, err := OpenFolder(s.Root)
	require.NoError(t, err)
	report, err = again.Judge()
	require.NoError(t, err)
	require.Nil(t, report.In(UnitTrainSeconds))

	for i := range curve {
		curve[i].TrainNS, curve[i].CPUNS = curve[i].TrainNS/2, curve[i].CPUNS*2
	}
	require.NoError(t, writeFile(path, curve.csv()))
	remakeResult(t, s, filepath.Dir(path))
	report, err = s.Collect()
	require.NoError(t, err)
	require.NotNil(t, report.In(UnitTrainSeconds))
	require.Nil(t, report.In(UnitCPUSeconds), "each clock for itself")
	require.Len(t, report.Withheld, 1)
}

// moveRun makes a finished run one of another machine.
func moveRun(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, manifestName)
	var m Manifest
	require.NoError(t, readJSON(path, &m))
	require.NotEmpty(t, m.Workers)
	m.Workers[0].Host += "-other"
	require.NoError(t, writeJSON(path, m))
}

func TestSecondsOfARepetitionOnAnotherMachineSayNothing(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	moveRun(t, repeatDir(s.Root, 1))
	report, err := s.Judge()
	require.NoError(t, err)
	require.Nil(t, report.In(UnitTrainSeconds))
	require.Nil(t, report.In(UnitWallSeconds))
	require.Nil(t, report.In(UnitCPUSeconds))
	require.Len(t, report.Withheld, 3)
	require.Contains(t, report.Withheld[0].Found, "different machines")
	require.Equal(t, "supported", report.Verdict.Word)
	for _, c := range report.Checks {
		require.True(t, c.OK, "the bits agree all the same: %s: %s", c.Name, c.Found)
	}

	// With a whole pair elsewhere and the repetition in its place, the seconds stand with a note.
	s, _ = fakeStudy(t, t.TempDir(), 2)
	report, err = s.Run(context.Background())
	require.NoError(t, err)
	notes := len(report.Warnings)
	moveRun(t, runDir(s.Root, 2, ArmOff))
	moveRun(t, runDir(s.Root, 2, ArmOn))
	report, err = s.Judge()
	require.NoError(t, err)
	require.NotNil(t, report.In(UnitTrainSeconds))
	require.Len(t, report.Warnings, notes+1)
	require.Contains(t, strings.Join(report.Warnings, "\n"), "1 of 6 pairs were trained on other machines than the repeated run")
}

func TestSecondsOfAPairFromTwoMachinesAreWithheld(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	moveRun(t, runDir(s.Root, 2, ArmOn))
	report, err := s.Collect()
	require.NoError(t, err)
	require.Nil(t, report.In(UnitTrainSeconds))
	require.Nil(t, report.In(UnitWallSeconds))
	require.Nil(t, report.In(UnitCPUSeconds))
	require.Nil(t, report.Speed)
	require.NotNil(t, report.In(UnitFLOP))
	require.Equal(t, "supported", report.Verdict.Word)
	require.Len(t, report.Withheld, 3)
	require.Contains(t, report.Withheld[0].Found, "seed 2")
}

func TestStudyThatCannotBeMeasuredPrintsNoRatio(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	report, err := s.Collect()
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.Contains(t, text.String(), "paired ratio")
	report.Targets[report.Primary].Refused = []string{"too noisy"}
	report.Verdict.Word = NotMeasurable
	text.Reset()
	require.NoError(t, report.WriteText(&text))
	require.NotContains(t, text.String(), "paired ratio")
	require.Contains(t, text.String(), "no ratio is shown: not measurable")
}

func TestFailureOfTwoKindsStopsTheStudy(t *testing.T) {
	for range 20 { // an order by chance would show
		require.Equal(t, "full", failure(fmt.Errorf("%w: %w", ErrDiverged, errFull)).Kind)
	}
}

func TestMTOThatActsAtWeightZeroVoidsTheVerdict(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	require.NoError(t, writeJSON(filepath.Join(s.Root, selfcheckName), selfcheckRecord{Schema: 1, Numerics: Numerics, Off: "a", Zero: "b"}))
	report, err := s.Collect()
	require.NoError(t, err)
	require.Equal(t, "void", report.Verdict.Word)
	require.Contains(t, report.Verdict.Sentence, "weight 0")
}

func TestEditedCurveIsFound(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	path := filepath.Join(runDir(s.Root, 1, ArmOn), curveName)
	curve, err := ReadCurve(path)
	require.NoError(t, err)
	curve[3].Top1 += 1
	require.NoError(t, writeFile(path, curve.csv()))
	_, err = s.Collect()
	require.ErrorContains(t, err, "hash chain")
}

func TestArmsThatStartApartAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	s.launch = inProcess(t, func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
		f, err := newFake(1)(rc, set, threads)
		return apart{f.(*fakeStepper)}, err
	})
	_, err := s.Run(context.Background())
	require.ErrorIs(t, err, ErrPair)
	require.Equal(t, ExitBug, ExitStatus(err))
}

// apart has another pair hash in the arm with MTO.
type apart struct{ *fakeStepper }

func (a apart) PairHash() string { return a.fakeStepper.PairHash() + a.rc.Arm }

// rewrite changes what a finished run left, and all that follows from it: no single file gives it away.
func rewrite(t *testing.T, s *Study, dir string, change func(m *Manifest, c Curve)) {
	t.Helper()
	var m Manifest
	require.NoError(t, readJSON(filepath.Join(dir, manifestName), &m))
	curve, err := ReadCurve(filepath.Join(dir, curveName))
	require.NoError(t, err)
	change(&m, curve)
	m.Run = RunID(m.Workload, m.Seed, m.Arm)
	chain := m.Run
	for i := range curve {
		curve[i].Chain = link(chain, curve[i])
		chain = curve[i].Chain
	}
	require.NoError(t, writeJSON(filepath.Join(dir, manifestName), m))
	require.NoError(t, writeFile(filepath.Join(dir, curveName), curve.csv()))
	remakeResult(t, s, dir)
}

// Each check of b.7 voids a study by itself, whatever the pairs say.
func TestEachFailedCheckVoidsTheVerdict(t *testing.T) {
	t.Parallel()
	quick, err := Load("lock", nil, quickLock().Overrides())
	require.NoError(t, err)
	quick.Probe.Layer = quickLock().Calibration.Layer
	baselines := func(t *testing.T, s *Study, change func(m *Manifest, c Curve)) {
		rewrite(t, s, repeatDir(s.Root, 1), change)
		for _, seed := range s.Lock.Seeds {
			rewrite(t, s, runDir(s.Root, seed, ArmOff), change)
		}
	}
	for _, c := range []struct {
		name, found string
		spoil       func(t *testing.T, s *Study)
	}{
		{"MTO at weight 0 is the baseline, bit for bit", "states differ after 4 steps", func(t *testing.T, s *Study) {
			edit(t, filepath.Join(s.Root, selfcheckName), `"zero_state": "....`, `"zero_state": "0000`)
		}},
		{"both arms of a pair start alike", "seed 2: initial weights, order, crops or masks differ", func(t *testing.T, s *Study) {
			rewrite(t, s, runDir(s.Root, 2, ArmOn), func(m *Manifest, _ Curve) { m.PairHash += "another" })
		}},
		{"both arms of a pair start alike", "seed 3: quality before training differs", func(t *testing.T, s *Study) {
			rewrite(t, s, runDir(s.Root, 3, ArmOff), func(_ *Manifest, c Curve) { c[0].KNN++ })
		}},
		{"baseline of calibration and evaluation seeds agree", "exact rank test p = 0.00", func(t *testing.T, s *Study) {
			baselines(t, s, func(_ *Manifest, c Curve) {
				for i := len(c) - 1; i > 0; i-- {
					c[i].Top1 = c[i/2].Top1
				}
			})
		}},
		{"baseline agrees with its reference convergence points", "faster, so this is another workload than it claims to be", func(t *testing.T, s *Study) {
			baselines(t, s, func(m *Manifest, _ Curve) { m.Workload = quick.WorkloadHash(quickLock().Data.SHA256) })
		}},
		{"a repeated run gives the same bits", "hash chains", func(t *testing.T, s *Study) {
			rewrite(t, s, repeatDir(s.Root, 1), func(_ *Manifest, c Curve) { c[4].State = "another" })
		}},
		{"a repeated run gives the same bits", "the repeated run has no result", func(t *testing.T, s *Study) {
			require.NoError(t, os.Remove(filepath.Join(repeatDir(s.Root, 1), resultName)))
		}},
		{"all runs finished", "1 of 12 runs are missing: seed 5 mto=on", func(t *testing.T, s *Study) {
			require.NoError(t, os.Remove(filepath.Join(runDir(s.Root, 5, ArmOn), resultName)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := fakeStudy(t, t.TempDir(), 2, "final.test=false")
			report, err := s.Run(context.Background())
			require.NoError(t, err)
			require.Equal(t, Supported, report.Verdict.Word)
			c.spoil(t, s)
			report, err = s.Judge()
			require.NoError(t, err)
			require.Equal(t, Void, report.Verdict.Word)
			var failed []string
			for _, check := range report.Checks {
				if !check.OK {
					failed = append(failed, check.Name)
					require.Contains(t, check.Found, c.found)
				}
			}
			require.Equal(t, []string{c.name}, failed)
			require.Contains(t, report.Verdict.Sentence, c.name+": ")
		})
	}
}
