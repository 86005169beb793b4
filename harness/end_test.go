package harness

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pairRunIn prepares the folder of the first run under a lock.
func pairRunIn(t *testing.T) (*Study, Job) {
	t.Helper()
	s, _ := fakeStudy(t, t.TempDir(), 1.5)
	calibrateAndLock(t, s)
	j := pairJobs(s.Root, s.Lock.Seeds, false)[0]
	require.NoError(t, s.prepare(j.Dir, s.runConfig(s.Config, j), s.Lock))
	return s, j
}

// The last checkpoint is written again with what the end-of-run evaluations took: the next process may take less.
func TestInterruptedFinalEvaluationSavesTheProcesssMemory(t *testing.T) {
	_, j := pairRunIn(t)
	cmd, stdin, _ := startStalled(t, j, "final")
	stdin.Close()
	require.ErrorContains(t, cmd.Wait(), "exit status 75")
	file, err := readCheckpoint(checkpointPath(j.Dir, 320))
	require.NoError(t, err)
	var p position
	require.NoError(t, json.Unmarshal([]byte(file.Metadata[positionKey]), &p))
	require.Len(t, p.Curve, 11)
	events, err := os.ReadFile(filepath.Join(j.Dir, eventsName))
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(events), `"key":"checkpoint","value":320}`), "at the last evaluation, and when it was asked to stop")
}

// A process that died between final.json and result.bench: its peak of memory counts, its states go.
func TestRunThatDiedBehindItsFinalEvaluationEndsAsItWouldHave(t *testing.T) {
	t.Parallel()
	s, j := pairRunIn(t)
	require.NoError(t, s.launch(context.Background(), j, 1, func(Progress) {}))
	path := filepath.Join(j.Dir, finalName)
	f, err := ReadFinal(path)
	require.NoError(t, err)
	require.Positive(t, f.Peak)
	f.Peak = 1 << 50
	require.NoError(t, writeJSON(path, f))
	require.NoError(t, os.Remove(filepath.Join(j.Dir, resultName)))
	work := filepath.Join(j.Dir, finalDir)
	require.NoError(t, os.MkdirAll(work, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(work, "state"), nil, 0o644))

	require.NoError(t, s.launch(context.Background(), j, 1, func(Progress) {}))
	require.NoDirExists(t, work)
	run, err := s.read(j)
	require.NoError(t, err)
	peak, ok := figure(run.Result.Time, "peak-rss-bytes")
	require.True(t, ok)
	require.Equal(t, float64(1<<50), peak)
}
