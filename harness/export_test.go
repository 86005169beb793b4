package harness

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
)

// finishedRun carries out a small real run in a folder of its own.
func finishedRun(t *testing.T) (dir string, rc RunConfig) {
	t.Helper()
	dir, rc = t.TempDir(), identityConfig(t, "mae", "on")
	require.NoError(t, writeFile(filepath.Join(dir, configName), append(fmt.Appendf(nil, "%s%d\n", configHead, Schema), rc.TOML()...)))
	r := run{dir: dir, rc: rc, set: noiseSet(12, 3, 60), threads: 1, make: newRealStepper, log: slog.New(slog.DiscardHandler)}
	require.NoError(t, r.execute(context.Background()))
	return dir, rc
}

func TestModelOfAFinishedRun(t *testing.T) {
	dir, rc := finishedRun(t)
	path := checkpointPath(dir, rc.Steps())
	file, err := nn.ReadTensors(path)
	require.NoError(t, err)
	for weights, prefix := range map[string]string{WeightsAveraged: "", WeightsRaw: "train.weights/"} {
		m, err := ReadModel(dir, weights)
		require.NoError(t, err)
		require.Equal(t, "6", m.Origin["step"])
		require.Equal(t, weights, m.Origin["weights"])
		require.Equal(t, "on", m.Origin["mto"])
		require.Equal(t, unitPixels(noiseSet(12, 3, 60).Mean), m.Mean)
		for _, e := range m.Tensors {
			stored, ok := file.Lookup(prefix + e.Name)
			require.True(t, ok, e.Name)
			require.Equal(t, stored.Float32, e.Float32, e.Name)
		}
	}

	stored, _ := file.Lookup("mask_token")
	stored.Float32[0]++
	require.NoError(t, nn.WriteTensors(path, file))
	_, err = ReadModel(dir, WeightsAveraged)
	require.ErrorContains(t, err, "damaged")
	require.NoError(t, os.Remove(path))
	_, err = ReadModel(dir, WeightsAveraged)
	require.ErrorContains(t, err, "the checkpoint of the last step")
	require.NoError(t, os.Remove(filepath.Join(dir, resultName)))
	_, err = ReadModel(dir, WeightsAveraged)
	require.ErrorContains(t, err, "hasn't finished")
	_, err = ReadModel(t.TempDir(), WeightsAveraged)
	require.ErrorIs(t, err, ErrConfig)
}
