package harness

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

var update = flag.Bool("update", false, "rewrite golden files")

// identityRuns are the runs whose bits must be the same everywhere: about 2 GFLOP
// in all, sizes that leave tails in every kernel.
var identityRuns = []struct{ method, arm string }{
	{"simmim", "on"}, {"simmim", "gated"}, {"mae", "off"}, {"mae", "on"},
}

func identityConfig(t testing.TB, method, arm string) RunConfig {
	rc := stepConfig("vit_nano", method, arm, 12, 4, 10, 60)
	rc.Train.Epochs, rc.Study.Grid, rc.Train.Warmup = 1, 4, 0.3
	rc.Probe.Bank, rc.Probe.Validation, rc.Probe.Layer, rc.Probe.KNNK = 60, 50, 2, 5
	rc.Seed = 7
	require.NoError(t, rc.Resolve(noiseSet(12, 3, 60)))
	return rc
}

// trainIdentity trains an identity run and describes its end. With breakAt > 0 the
// run is saved after that step, thrown away, and continued by another trainer.
func trainIdentity(t *testing.T, rc RunConfig, threads, breakAt int) string {
	set := noiseSet(12, 3, 60)
	trainer, err := NewTrainer(rc, set, threads)
	require.NoError(t, err)
	defer func() { trainer.Close() }()
	for !trainer.Done() {
		_, err := trainer.Step()
		require.NoError(t, err)
		if trainer.step == breakAt {
			path := filepath.Join(t.TempDir(), "break.safetensors")
			require.NoError(t, trainer.Save(path, map[string]string{"chain": "abc"}))
			trainer.Close()
			trainer, err = NewTrainer(rc, set, threads)
			require.NoError(t, err)
			extra, err := trainer.Restore(path)
			require.NoError(t, err)
			require.Equal(t, "abc", extra["chain"])
		}
	}
	e, err := trainer.Evaluate()
	require.NoError(t, err)
	return fmt.Sprintf("%s mto=%s state=%s top1=%016x knn=%016x recon=%016x", rc.Method.Name, rc.armName(), trainer.StateHash(),
		math.Float64bits(e.Top1), math.Float64bits(e.KNNTop1), math.Float64bits(e.ReconLoss))
}

// TestIdentity compares the bits of whole runs with the recorded ones: one file
// for all instruction sets, architectures and thread counts. Run it with
// MTOBENCH_ISA set, GOAMD64=v3, or GOARCH=arm64 under qemu.
func TestIdentity(t *testing.T) {
	const golden = "testdata/identity.golden"
	var lines []string
	for _, run := range identityRuns {
		rc := identityConfig(t, run.method, run.arm)
		line := trainIdentity(t, rc, 2, 0)
		lines = append(lines, line)
		if testing.Short() || simd.ISA() == "generic" {
			continue // the plain-Go meaning is slow: the golden file alone
		}
		require.Equal(t, line, trainIdentity(t, rc, 1, 0), "1 thread")
		require.Equal(t, line, trainIdentity(t, rc, 3, 0), "3 threads")
		require.Equal(t, line, trainIdentity(t, rc, 2, 3), "saved and restored after step 3")
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "bits moved under %s: raise Numerics if that is meant, then run with -update", simd.ISA())
}

// TestZeroWeightsChangeNoBit is invariant 1 of methods.md 11.8 on whole runs.
func TestZeroWeightsChangeNoBit(t *testing.T) {
	for _, method := range []string{"simmim", "mae"} {
		off := identityConfig(t, method, "off")
		zero := identityConfig(t, method, "on")
		zero.MTO.LambdaSpa, zero.MTO.LambdaE, zero.MTO.LambdaR = 0, 0, 0
		want := strings.Replace(trainIdentity(t, off, 2, 0), "mto=off", "mto=on", 1)
		require.Equal(t, want, trainIdentity(t, zero, 2, 0))
		on := trainIdentity(t, identityConfig(t, method, "on"), 2, 0)
		require.NotEqual(t, want, on, "with its weights MTO must change something")
	}
}

// TestPairSharesItsStreams: both arms start from the same bits and see the same images and masks.
func TestPairSharesItsStreams(t *testing.T) {
	set := noiseSet(12, 3, 60)
	hash := func(rc RunConfig) string {
		trainer, err := NewTrainer(rc, set, 1)
		require.NoError(t, err)
		defer trainer.Close()
		return trainer.PairHash()
	}
	off, on := identityConfig(t, "simmim", "off"), identityConfig(t, "simmim", "on")
	require.Equal(t, hash(off), hash(on))
	on.Seed++
	require.NotEqual(t, hash(off), hash(on))
}

// TestNonFiniteLossStopsBeforeAnyUpdate trains on a mean that isn't a number from step 2 on.
func TestNonFiniteLossStopsBeforeAnyUpdate(t *testing.T) {
	rc := identityConfig(t, "simmim", "off")
	trainer, err := NewTrainer(rc, noiseSet(12, 3, 60), 1)
	require.NoError(t, err)
	defer trainer.Close()
	_, err = trainer.Step()
	require.NoError(t, err)
	before := trainer.StateHash()
	trainer.fillImage = func(i, worker int) {
		trainer.fill(i, worker)
		trainer.batch.Image(i)[0] = float32(math.NaN())
	}
	_, err = trainer.Step()
	require.ErrorContains(t, err, "step 2 of 6: loss NaN")
	require.Equal(t, before, trainer.StateHash())
	trainer.fillImage = trainer.fill
	_, err = trainer.Step()
	require.NoError(t, err)
	require.Equal(t, 2, trainer.step)
}

func TestRestoreRefusesForeignAndDamagedCheckpoints(t *testing.T) {
	set := noiseSet(12, 3, 60)
	rc := identityConfig(t, "simmim", "off")
	trainer, err := NewTrainer(rc, set, 1)
	require.NoError(t, err)
	defer trainer.Close()
	path := filepath.Join(t.TempDir(), "a.safetensors")
	require.NoError(t, trainer.Save(path, nil))

	other := rc
	other.Seed++
	stranger, err := NewTrainer(other, set, 1)
	require.NoError(t, err)
	defer stranger.Close()
	_, err = stranger.Restore(path)
	require.ErrorIs(t, err, errForeign)
	require.ErrorContains(t, err, "belongs to another run")

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)-1] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o644))
	_, err = trainer.Restore(path)
	require.ErrorContains(t, err, "damaged")
	require.NoError(t, os.WriteFile(path, data[:len(data)/2], 0o644))
	_, err = trainer.Restore(path)
	require.ErrorContains(t, err, path)
}
