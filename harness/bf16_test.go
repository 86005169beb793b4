package harness

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// TestBF16TrainsLikeF32: forty steps on the embedded images, in which the loss falls by a quarter. Losses stay
// within a fifth of a percent of each other.
func TestBF16TrainsLikeF32(t *testing.T) {
	if simd.ISA() == "generic" {
		t.Skip("plain Go takes half a minute; it has the bits of AVX2 and NEON (TestIdentity, simd's TestBF16BitsDontDependOnThreads)")
	}
	set, err := embedded()
	require.NoError(t, err)
	const steps = 40
	train := func(precision, arm string) (losses []float64, e Evaluation) {
		c := fakeConfig(t, "train.precision="+precision, "train.batch=16", "train.epochs=0.25", "train.base_lr=0.015",
			"data.train_images=4096", "probe.bank=500", "probe.validation=200", "probe.layer=2")
		require.NoError(t, c.Resolve(set))
		trainer, err := NewTrainer(RunConfig{Config: c, Seed: 3, Arm: arm}, set, 2)
		require.NoError(t, err)
		defer trainer.Close()
		for range steps {
			s, err := trainer.Step()
			require.NoError(t, err)
			losses = append(losses, float64(s.Loss))
		}
		e, err = trainer.Evaluate()
		require.NoError(t, err)
		return losses, e
	}
	want, wantEnd := train("f32", ArmOn)
	got, gotEnd := train("bf16", ArmOn)
	require.Less(t, want[steps-1], 0.8*want[0], "f32 must have learned something")
	worst := 0.0
	for i := range want {
		worst = max(worst, math.Abs(got[i]/want[i]-1))
	}
	t.Logf("loss %.4f -> %.4f (f32), %.4f (bf16), apart by at most %.2g; reconstruction %.4f and %.4f",
		want[0], want[steps-1], got[steps-1], worst, wantEnd.ReconLoss, gotEnd.ReconLoss)
	require.Less(t, worst, 0.002)
	require.NotZero(t, worst, "nothing was rounded")
	require.InEpsilon(t, wantEnd.ReconLoss, gotEnd.ReconLoss, 0.002)
}

// TestBF16BitsAreTheSameForAnyThreadsAndAfterResume: on one kind of CPU.
func TestBF16BitsAreTheSameForAnyThreadsAndAfterResume(t *testing.T) {
	for _, run := range []struct{ method, arm string }{{"simmim", "on"}, {"mae", "off"}} {
		rc := identityConfig(t, run.method, run.arm)
		f32 := trainIdentity(t, rc, 2, 0)
		rc.Train.Precision = simd.BF16.String()
		line := trainIdentity(t, rc, 2, 0)
		require.NotEqual(t, f32, line, "nothing was rounded")
		if testing.Short() || simd.ISA() == "generic" {
			continue // as TestIdentity
		}
		require.Equal(t, line, trainIdentity(t, rc, 1, 0), "1 thread")
		require.Equal(t, line, trainIdentity(t, rc, 3, 0), "3 threads")
		require.Equal(t, line, trainIdentity(t, rc, 2, 3), "saved and restored after step 3")
	}
}

// TestPrecisionsAreNeverMixed: not in a lock, not in a study, not between kinds of CPU.
func TestPrecisionsAreNeverMixed(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2, "train.precision=bf16")
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	results, err := os.ReadFile(report.Results)
	require.NoError(t, err)
	require.Contains(t, string(results), "\narithmetic: "+simd.Arithmetic(simd.BF16)+"\n")

	require.Equal(t, "bf16", s.Lock.Config["train.precision"])
	set, err := embedded()
	require.NoError(t, err)
	f32 := s.Config
	f32.Train.Precision = "f32"
	err = s.Lock.Fits(f32, set)
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "train.precision is bf16 in the lock and f32 here")
	require.NotEqual(t, f32.WorkloadHash("d"), s.Config.WorkloadHash("d"))
	delete(s.Lock.Config, "train.precision") // a lock that is older than the key
	require.NoError(t, s.Lock.Fits(f32, set))
	require.ErrorContains(t, s.Lock.Fits(s.Config, set), "train.precision is f32 in the lock and bf16 here")

	dir := runDir(s.Root, 2, ArmOn)
	var m Manifest
	path := filepath.Join(dir, manifestName)
	require.NoError(t, readJSON(path, &m))
	require.Equal(t, [2]string{"bf16", simd.Arithmetic(simd.BF16)}, [2]string{m.Precision, m.Arithmetic})
	other := m
	other.Arithmetic = "bf16-other"
	require.ErrorIs(t, samePair(m, other, Point{}, Point{}), ErrPair)
	require.NoError(t, writeJSON(path, other))
	remakeResult(t, s, dir)
	_, err = s.Collect()
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "run the study on CPUs of one kind")
}

// TestRunOfBF16IsTiedToTheKindOfCPU: the arithmetic is part of the run's identity, which a checkpoint must share.
func TestRunOfBF16IsTiedToTheKindOfCPU(t *testing.T) {
	c := fakeConfig(t)
	require.Equal(t, c.WorkloadHash("d"), c.hash("data-sha256=d", changesRun))
	c.Train.Precision = "bf16"
	of := func(arithmetic string) string {
		return c.hash("data-sha256=d\narithmetic="+arithmetic, changesRun)
	}
	require.Equal(t, of(simd.Arithmetic(simd.BF16)), c.WorkloadHash("d"))
	require.NotEqual(t, of("bf16-vdpbf16ps"), of("bf16-fma"))
	require.Equal(t, c.PlanHash("d"), c.hash("data-sha256=d", func(key string) bool { return key != "study.name" }), "a study's folder is the same on all CPUs")
}
