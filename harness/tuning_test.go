package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
)

// tuningTestConfig is an identity run with all end-of-run evaluations.
func tuningTestConfig(t testing.TB, method string) RunConfig {
	rc := identityConfig(t, method, "on")
	rc.Probe.Layer = 1
	rc.Final = FinalConfig{Test: true, Logistic: true, LogisticLambda: 1e-3, ProbeSeeds: 2, Attentive: true, AttentiveEpochs: 2, Finetune: true, FinetuneEpochs: 2, FinetuneLR: 1e-2}
	return rc
}

// sealedNoise is noise with a test split of its own.
func sealedNoise() (*benchdata.Set, *benchdata.SealedTest) {
	set := noiseSet(12, 3, 60)
	set.Test = benchdata.Split{Images: append([]uint8(nil), set.Train.Images...), Labels: append([]int32(nil), set.Train.Labels...)}
	for i := range set.Test.Images {
		set.Test.Images[i] /= 2
	}
	return set, set.Seal()
}

func trained(t testing.TB, rc RunConfig, threads, steps int) (*Trainer, *benchdata.SealedTest) {
	set, test := sealedNoise()
	trainer, err := NewTrainer(rc, set, threads)
	require.NoError(t, err)
	t.Cleanup(trainer.Close)
	for range steps {
		_, err := trainer.Step()
		require.NoError(t, err)
	}
	return trainer, test
}

func untold(string, int, int) error { return nil }

// describeFinal prepares and evaluates, and puts every bit of it into text.
func describeFinal(t testing.TB, trainer *Trainer, test *benchdata.SealedTest, dir string) string {
	state := trainer.StateHash()
	require.NoError(t, trainer.PrepareFinal(dir, untold))
	figures, err := trainer.Final(test.Open())
	require.NoError(t, err)
	require.Equal(t, state, trainer.StateHash(), "the run itself")
	var b strings.Builder
	for _, f := range figures {
		h := sha256.New()
		for _, d := range trainer.tuned[f.Name] {
			hashFloats(h, d.weights)
		}
		fmt.Fprintf(&b, "%s mto=%s %s test=%016x val=%016x chosen=%v weights=%.16s\n", trainer.rc.Method.Name, trainer.rc.armName(), f.Name,
			math.Float64bits(f.Test), math.Float64bits(f.Validation), f.Chosen, hex.EncodeToString(h.Sum(nil)))
	}
	return b.String()
}

// TestIdentityOfFinalEvaluations compares the bits of all end-of-run evaluations with the recorded ones: one file for
// all instruction sets, architectures and thread counts.
func TestIdentityOfFinalEvaluations(t *testing.T) {
	const golden = "testdata/final.golden"
	text := ""
	for _, method := range []string{"simmim", "mae"} {
		rc := tuningTestConfig(t, method)
		trainer, test := trained(t, rc, 2, 3)
		part := describeFinal(t, trainer, test, t.TempDir())
		text += part
		if testing.Short() || simd.ISA() == "generic" {
			continue
		}
		for _, threads := range []int{1, 3} {
			trainer, test := trained(t, rc, threads, 3)
			require.Equal(t, part, describeFinal(t, trainer, test, t.TempDir()), "%d threads", threads)
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(text), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// TestInterruptedTuningGivesTheSameBits stops the preparation at every step it tells of, each time in a new trainer, as
// a new process would have it; then it does so with the states damaged.
func TestInterruptedTuningGivesTheSameBits(t *testing.T) {
	t.Parallel()
	rc := tuningTestConfig(t, "simmim")
	whole, test := trained(t, rc, 1, 2)
	want := describeFinal(t, whole, test, t.TempDir())

	dir := t.TempDir()
	stops := 0
	for {
		trainer, _ := trained(t, rc, 1, 2)
		ctx, cancel := context.WithCancel(context.Background())
		trainer.Watch(ctx)
		before, steps := "", 0
		err := trainer.PrepareFinal(dir, func(stage string, _, _ int) error {
			if stage == before || before == "" {
				if steps++; steps == 5 {
					trainer.stopping.Store(true)
				}
			}
			before = stage
			return nil
		})
		cancel()
		if err == nil {
			break
		}
		require.ErrorIs(t, err, ErrInterrupted)
		stops++
	}
	require.Greater(t, stops, 4)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 4)
	again, test := trained(t, rc, 1, 2)
	require.Equal(t, want, describeFinal(t, again, test, dir))

	damage := map[int]func(data []byte) []byte{
		0: func(data []byte) []byte { data[len(data)-1] ^= 1; return data },
		1: func(data []byte) []byte { return data[:len(data)/2] },
		2: func(data []byte) []byte { return nil },
	}
	for i, change := range damage {
		data, err := os.ReadFile(files[i])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(files[i], change(data), 0o644))
	}
	file, err := nn.ReadTensors(files[3])
	require.NoError(t, err)
	file.Metadata["step"] = "1"
	require.NoError(t, nn.WriteTensors(files[3], file))
	again, test = trained(t, rc, 1, 2)
	require.Equal(t, want, describeFinal(t, again, test, dir))

	// States of another setting aren't taken.
	other := rc
	other.Final.FinetuneLR = 2e-2
	a, test := trained(t, other, 1, 2)
	b, _ := trained(t, other, 1, 2)
	require.Equal(t, describeFinal(t, b, test, t.TempDir()), describeFinal(t, a, test, dir))
}

// Probe seeds differ from each other; the arms of a pair share their random numbers.
func TestProbeSeedsAreSharedByTheArmsOfAPair(t *testing.T) {
	t.Parallel()
	rc := tuningTestConfig(t, "simmim")
	off := rc
	off.Arm = ArmOff
	on, _ := trained(t, rc, 1, 0)
	base, _ := trained(t, off, 1, 0)
	for _, name := range []string{attentiveName, finetuneName} {
		var weights [][]float32
		for _, trainer := range []*Trainer{on, base} {
			for probeSeed := 1; probeSeed <= 2; probeSeed++ {
				u, err := trainer.tuning(name, probeSeed)
				require.NoError(t, err)
				require.NoError(t, u.train())
				require.Len(t, u.order, len(u.config.images))
				order := make([]float32, len(u.order))
				for i, image := range u.order {
					order[i] = float32(image)
				}
				start, err := u.flat(nn.Weights)
				require.NoError(t, err)
				weights = append(weights, append(order, start...))
				u.close()
			}
		}
		require.Equal(t, weights[0], weights[2], "%s: both arms are untrained, so all is equal", name)
		require.Equal(t, weights[1], weights[3], name)
		require.NotEqual(t, weights[0], weights[1], name)
	}
}

func TestTuningStepAllocatesNothingInReplay(t *testing.T) {
	rc := tuningTestConfig(t, "mae")
	trainer, _ := trained(t, rc, 1, 0)
	for _, name := range []string{attentiveName, finetuneName} {
		u, err := trainer.tuning(name, 1)
		require.NoError(t, err)
		defer u.close()
		require.NoError(t, u.train())
		require.Zero(t, testing.AllocsPerRun(5, func() {
			if err := errors.Join(u.device.Step(u.program), u.device.Step(u.eval)); err != nil {
				t.Fatal(err)
			}
		}), name)
	}
}

// A full disk isn't an interruption: the same command can't go on before somebody makes room.
func TestInterruptedTuningThatCannotBeSavedIsAFailure(t *testing.T) {
	t.Parallel()
	trainer, _ := trained(t, tuningTestConfig(t, "simmim"), 1, 1)
	trainer.stopping.Store(true)
	_, err := trainer.tune(finetuneName, 1, filepath.Join(t.TempDir(), "no", "folder"), func(int, int) error { return nil })
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NotErrorIs(t, err, ErrInterrupted)
}

func TestFinalSettingsThatCannotBeAreRefused(t *testing.T) {
	for override, want := range map[string]string{
		"final.test=false":         "final.attentive and final.finetune are evaluated on the test split",
		"final.probe_seeds=0":      "final.probe_seeds: 0: want at least 1",
		"final.finetune_epochs=0":  "final.attentive_epochs, final.finetune_epochs: 20, 0: want at least 1",
		"final.finetune_lr=0":      "final.finetune_lr, final.logistic_lambda: 0, 0.001: want more than 0",
		"final.logistic_lambda=-1": "want a finite number, 0 or more",
	} {
		_, err := Load("x", nil, []string{"final.finetune=true", override})
		require.ErrorIs(t, err, ErrConfig)
		require.ErrorContains(t, err, want)
	}
}
