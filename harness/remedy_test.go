package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
)

// What is left of a number is a number too: only the missing line end shows it, as no hash covers the diagnostics.
func TestCurveThatIsCutOffAnywhereInItsLastLineIsRefused(t *testing.T) {
	curve := Curve{{State: "a", Chain: "b", Diagnostics: map[string]float64{"token_norm": 0.123456}}}
	whole := curve.csv()
	path := filepath.Join(t.TempDir(), curveName)
	for cut := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 2; cut < len(whole); cut++ {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o644))
		_, err := ReadCurve(path)
		require.ErrorIs(t, err, errDamaged, "%d of %d bytes", cut, len(whole))
		require.ErrorContains(t, err, path)
	}
	require.NoError(t, os.WriteFile(path, whole, 0o644))
	read, err := ReadCurve(path)
	require.NoError(t, err)
	require.Equal(t, curve, read)
}

func TestSeriesOfAFileThatIsCutOffIsRefused(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	path := filepath.Join(s.Root, "results.txt")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	facts := SeriesFacts{Commit: "abc", CommitTime: "2026-11-20T09:30:00Z"}
	series := func() error { return WriteSeries(benchfmt.NewWriter(&bytes.Buffer{}), path, facts) }
	require.NoError(t, series())
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := last + 1; cut < len(whole); cut++ {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o644))
		err := series()
		require.ErrorIs(t, err, ErrNotInterpretable, "%q", whole[last:cut])
		require.ErrorContains(t, err, path)
	}
	require.ErrorContains(t, series(), fmt.Sprintf("%s:%d: the file ends in the middle of a line: it was cut off; restore it, or collect the study again", path, bytes.Count(whole, []byte("\n"))))
}

// Each file of a finished run or study, missing or damaged: the error names it and says what makes it again, and that
// does.
func TestDamagedFilesNameTheirRemedy(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	want := epochsBlock(t, filepath.Join(s.Root, "results.txt"))
	dir := runDir(s.Root, 2, ArmOff)
	for _, name := range []string{manifestName, curveName, finalName, resultName} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.Truncate(path, 20))
		_, err := s.Collect()
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "result.bench")
		require.ErrorContains(t, err, "again")
		if name == finalName {
			require.NoError(t, os.Remove(path))
		}
		require.NoError(t, os.Remove(filepath.Join(dir, resultName)))
		report, err := s.Run(context.Background())
		require.NoError(t, err, name)
		require.Equal(t, want, epochsBlock(t, report.Results), name)
	}

	curve, err := ReadCurve(filepath.Join(dir, curveName))
	require.NoError(t, err)
	require.NoError(t, writeFile(filepath.Join(dir, curveName), curve[:7].csv()))
	_, err = s.Collect()
	require.ErrorContains(t, err, dir+": curve.csv has 7 evaluations, the lock's grid has 11; restore that file, or remove result.bench")
	require.NoError(t, writeFile(filepath.Join(dir, curveName), curve.csv()))

	path := filepath.Join(s.Root, selfcheckName)
	require.NoError(t, os.Truncate(path, 20))
	_, err = s.Collect()
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "give the study's command again")
	_, err = s.Run(context.Background())
	require.NoError(t, err)

	path = filepath.Join(s.Root, configName)
	require.NoError(t, os.Remove(path))
	_, err = OpenFolder(s.Root)
	require.ErrorIs(t, err, ErrConfig)
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "give the study's command again, which writes it anew")
	_, err = s.Run(context.Background())
	require.NoError(t, err)
	_, err = OpenFolder(s.Root)
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(filepath.Join(dir, divergedName), []byte("{"), 0o644))
	_, err = ReadDivergence(dir)
	require.ErrorContains(t, err, "remove it and give the study's command again")
}

// A folder of results that can't be written is named, with what to do.
func TestFolderThatCannotBeHeldIsNamed(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	taken := filepath.Join(filepath.Dir(calibrationJobs(s.Root, s.Config)[0].Dir), holdName)
	require.NoError(t, os.MkdirAll(filepath.Join(taken, "x"), 0o755))
	err := s.Calibrate(context.Background())
	require.ErrorContains(t, err, taken)
	require.ErrorContains(t, err, "make it writable, or choose another with --out")
}

// A failure counts for the run that recorded it, and for no other that takes its place.
func TestDivergenceOfAnotherRunIsNone(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	j := calibrationJobs(s.Root, s.Config)[0]
	require.NoError(t, os.MkdirAll(j.Dir, 0o755))
	require.NoError(t, s.diverged(j))
	d := Divergence{Schema: Schema, Run: "another", Error: "loss NaN"}
	require.NoError(t, writeJSON(filepath.Join(j.Dir, divergedName), d))
	require.NoError(t, s.diverged(j))
	d.Run = RunID(s.Config.WorkloadHash(s.data.SHA256), uint64(j.Seed), j.Arm)
	require.NoError(t, writeJSON(filepath.Join(j.Dir, divergedName), d))
	require.ErrorIs(t, s.diverged(j), ErrDiverged)
	require.ErrorContains(t, s.diverged(j), "loss NaN")
}
