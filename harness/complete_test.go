package harness

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/nn"
)

// scheduled is a fake whose test figure rises with the steps of its whole schedule, at rate per 320 steps,
// speed times as fast with MTO.
type scheduled struct {
	*fakeStepper
	rate, speed float64
}

func (s scheduled) Final(test benchdata.Split) ([]FinalFigure, error) {
	figures, err := s.fakeStepper.Final(test)
	rate := s.rate
	if s.acts() {
		rate *= s.speed
	}
	draw := nn.NewStream(s.rc.Seed, "scheduled").At(0, uint32(s.TotalSteps()))
	level := nn.NewStream(s.rc.Seed, "level").At(0, 0) // shared by the seed's four runs
	figures[0].Test = 60 + 20*(1-detmath.Exp(-rate*float64(s.TotalSteps())/320)) + 3*float64(level.Normal()) + 0.1*float64(draw.Normal())
	return figures[:1], err
}

func completeStudy(t *testing.T, rate, speed float64, overrides ...string) *Study {
	t.Helper()
	s, _ := fakeStudy(t, t.TempDir(), 2, append(overrides, "complete.run=true")...)
	s.launch = inProcess(t, func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
		f, err := newFake(2)(rc, set, threads)
		return scheduled{f.(*fakeStepper), rate, speed}, err
	})
	return s
}

// Known truth: at rate 2, half the schedule costs the baseline 20*(e^-1 - e^-2) = 4.65 points. Twice as
// fast, MTO is where the baseline ends; as fast, it is those 4.65 points below. At rate 20 all are on the
// plateau.
func TestConfirmationByWholeSchedules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what                 string
		rate, speed          float64
		sensitive, confirmed bool
		word                 string
	}{
		{"halves the epochs", 2, 2, true, true, "supported"},
		{"does nothing", 2, 1, true, false, "supported"}, // the trajectory's own claim stands by itself
		{"on the plateau", 20, 2, false, true, "void"},
	} {
		s := completeStudy(t, c.rate, c.speed)
		report, err := s.Run(context.Background())
		require.NoError(t, err, c.what)
		f := &report.Complete.Figures[0]
		require.Equal(t, "ridge", f.Name)
		require.Len(t, f.Seeds, 6)
		require.Equal(t, c.sensitive, f.Sensitive(0.5), c.what)
		require.Equal(t, c.confirmed, f.Confirmed(0.5), c.what)
		require.Equal(t, c.word, report.Verdict.Word, "%s: %s", c.what, report.Verdict.Sentence)
		if c.rate == 2 {
			require.InDelta(t, -4.65, f.Assay.Mean, 0.2, c.what)
			require.InDelta(t, map[float64]float64{2: 0, 1: -4.65}[c.speed], f.NonInferior.Mean, 0.2, c.what)
		} else {
			require.Contains(t, report.Verdict.Sentence, "T is on the plateau")
		}
		var text strings.Builder
		require.NoError(t, report.WriteText(&text))
		for want, there := range map[string]bool{"whole schedules (cosine to zero), T = 10 epochs and T/2 = 5": c.sensitive, "not worse by 0.5\n": c.sensitive && c.confirmed, "not confirmed": c.sensitive && !c.confirmed} {
			require.Equal(t, there, strings.Contains(text.String(), want), "%s: %q in %s", c.what, want, text.String())
		}
	}
}

func TestRunsOfTheConfirmationAreWholeSchedulesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := completeStudy(t, 2, 2, "train.warmup=0.1")
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	require.Len(t, report.Complete.Runs, 24)
	for _, f := range report.Complete.Runs {
		c, err := readResolved(filepath.Join(f.Job.Dir, configName))
		require.NoError(t, err)
		require.Equal(t, "cosine", c.Train.Schedule)
		steps := map[string]int{jobComplete: 320, jobCompleteHalf: 160}[f.Job.Kind]
		require.Equal(t, steps, c.Steps())
		require.Equal(t, steps, f.Curve[len(f.Curve)-1].Step)
		schedule := c.schedule()
		require.InDelta(t, 0, schedule.At(int64(steps*c.Train.Batch)), 1e-12, "decays to zero")
		require.InEpsilon(t, c.LR(), schedule.At(int64(steps*c.Train.Batch/10)), 1e-3, "a tenth of its own budget is warm-up")
	}
	data, err := os.ReadFile(filepath.Join(s.Root, "results.complete.txt"))
	require.NoError(t, err)
	text := string(data)
	for _, want := range []string{
		"\nBenchmarkComplete/data=glyphs/model=vit_nano/mim=simmim/budget=T/mto=off 1 10 epochs", "/budget=T_2/mto=on 1 5 epochs",
		"\nschedule: cosine\n", "test-top1-%", "ns-to-end", "Unit epochs assume=exact",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "target")
	main, err := os.ReadFile(report.Results)
	require.NoError(t, err)
	require.NotContains(t, string(main), "Complete/")
}

func TestAMissingRunOfTheConfirmationVoidsTheVerdict(t *testing.T) {
	t.Parallel()
	s := completeStudy(t, 2, 2)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(completeJob(s.Root, jobCompleteHalf, 3, ArmOn).Dir, resultName)))
	report, err := s.Judge()
	require.NoError(t, err)
	require.Equal(t, "void", report.Verdict.Word)
	require.Contains(t, report.Verdict.Sentence, "1 of 24 runs are missing")
	require.Equal(t, []int{1, 2, 4, 5, 6}, report.Complete.Figures[0].Seeds)
	var text strings.Builder
	require.NoError(t, report.WriteFiles(&text))
	require.Contains(t, text.String(), "missing: whole schedule budget=T_2 seed 3 mto=on (done at step 160 of 160)\n")
}

func TestFiguresOfTheConfirmationWithoutALoggedOpeningVoidTheVerdict(t *testing.T) {
	t.Parallel()
	s := completeStudy(t, 2, 2)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(completeJob(s.Root, jobCompleteHalf, 3, ArmOn).Dir, eventsName)))
	report, err := s.Judge()
	require.NoError(t, err)
	require.Equal(t, "void", report.Verdict.Word)
	require.Contains(t, report.Verdict.Sentence, "figures without a logged opening: whole schedule budget=T_2 seed 3 mto=on")
}

func TestConfirmationThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	for override, want := range map[string]string{
		"final.test=false":           "the confirmation is read on the test split",
		"complete.margin=0":          "complete.margin: 0",
		"complete.schedule=constant": "did you mean",
		"train.epochs=0.5":           "half of train.epochs is 8 steps, fewer than study.grid",
	} {
		_, err := Load("study.toml", []byte("[data]\ntrain_images = 4096\n[study]\ngrid = 10\n[complete]\nrun = true"), []string{override})
		require.ErrorIs(t, err, ErrConfig)
		require.ErrorContains(t, err, want)
	}
	_, err := Load("study.toml", nil, []string{"complete.run=true", "complete.schedule=trapezoid", "train.cooldown=0"})
	require.ErrorContains(t, err, "never decays")
}

// The margin is part of the plan: it can't change after the lock.
func TestMarginIsFixedInTheLock(t *testing.T) {
	t.Parallel()
	s := completeStudy(t, 2, 2)
	calibrateAndLock(t, s)
	require.Equal(t, "0.5", s.Lock.Config["complete.margin"])
	c := s.Config
	c.Complete.Margin = 1
	require.ErrorContains(t, s.Lock.fits(c), "complete.margin is 0.5 in the lock and 1 here")
	require.Equal(t, s.Config.WorkloadHash("x"), c.WorkloadHash("x"))
	require.NotEqual(t, s.Config.PlanHash("x"), c.PlanHash("x"))
}
