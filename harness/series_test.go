package harness

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
)

func TestSeriesPlacesResultsInTheHistoryOfTheCode(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	series := func() (SeriesFacts, error) {
		r, err := s.Judge()
		require.NoError(t, err)
		return r.Series()
	}
	facts, err := series() // a test's binary knows no commit
	require.NoError(t, err)
	require.Empty(t, facts.Commit)
	require.NotEmpty(t, facts.CommitTime)
	require.Equal(t, facts.ExperimentTime, facts.CommitTime)
	for _, seed := range s.Lock.Seeds {
		for _, arm := range []string{ArmOff, ArmOn} {
			path := filepath.Join(runDir(s.Root, seed, arm), manifestName)
			var m Manifest
			require.NoError(t, readJSON(path, &m))
			m.Revision, m.RevisionTime, m.Modified, m.Started = "abc123", "2026-11-20T09:30:00Z", true, "2026-11-21T08:00:00Z"
			if seed == 2 {
				m.Started = "2026-11-21T07:00:00Z"
			}
			require.NoError(t, writeJSON(path, m))
		}
	}
	path := filepath.Join(s.Root, "results.txt")
	var b bytes.Buffer
	w := benchfmt.NewWriter(&b)
	require.NoError(t, WriteSeries(w, path, SeriesFacts{}))
	require.NoError(t, WriteSeries(w, path, SeriesFacts{Commit: "def", CommitTime: "2026-11-22T09:30:00Z"}))
	reader := benchfmt.NewReader(&b, "series")
	var commits []string
	for reader.Scan() {
		r, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			require.IsType(t, &benchfmt.UnitMetadata{}, reader.Result())
			continue
		}
		commits = append(commits, r.GetConfig("commit")+" "+r.GetConfig("commit-time")+" "+r.GetConfig("experiment-time"))
		_, epochs := figure(r, "epochs-to-target")
		require.Equal(t, epochs, r.GetConfig("cpu") == "", "a machine in the time block only, also of the second file")
	}
	require.Len(t, commits, 48)
	require.Equal(t, "abc123-modified 2026-11-20T09:30:00Z 2026-11-21T07:00:00Z", commits[0])
	require.Equal(t, "def 2026-11-22T09:30:00Z 2026-11-21T07:00:00Z", commits[47])

	facts, err = series()
	require.NoError(t, err)
	require.Equal(t, SeriesFacts{"abc123-modified", "2026-11-20T09:30:00Z", "2026-11-21T07:00:00Z"}, facts, "a report says what the series does")

	require.ErrorContains(t, WriteSeries(w, path, SeriesFacts{Commit: "def"}), "--commit needs --commit-time")
	require.ErrorContains(t, WriteSeries(w, path, SeriesFacts{Commit: "def", CommitTime: "yesterday"}), `--commit-time "yesterday"`)
	edit(t, filepath.Join(runDir(s.Root, 3, ArmOff), manifestName), "abc123", "abc124")
	require.ErrorContains(t, WriteSeries(w, path, SeriesFacts{}), "one version of the code")
	_, err = series()
	require.ErrorContains(t, err, "one version of the code")
	edit(t, filepath.Join(runDir(s.Root, 1, ArmOff), manifestName), "abc123", "")
	require.ErrorContains(t, WriteSeries(w, path, SeriesFacts{}), "built without version control")
}
