package harness

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The TensorBoard file of a run that was stopped and taken up again is that of its curve: whatever a
// killed process left of it, the run's end makes it whole.
func TestBoardSurvivesWhatAProcessLeaves(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	j := calibrationJobs(s.Root, s.Config)[0]
	require.NoError(t, s.prepare(j.Dir, s.Config, nil))
	require.NoError(t, s.launch(context.Background(), j, 1, func(Progress) {}))
	dir := j.Dir
	curve, err := ReadCurve(filepath.Join(dir, curveName))
	require.NoError(t, err)
	path := filepath.Join(dir, boardName)
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, left := range [][]byte{nil, want[:len(want)/2], append(append([]byte{}, want...), "torn"...), []byte("nothing")} {
		require.NoError(t, os.WriteFile(path, left, 0o644))
		var m Manifest
		require.NoError(t, readJSON(filepath.Join(dir, manifestName), &m))
		r := run{dir: dir, rc: RunConfig{Config: s.Config}, curve: curve, first: m}
		require.NoError(t, r.writeBoard(false))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, string(got) == string(want), "after %d bytes were left", len(left))
	}
}
