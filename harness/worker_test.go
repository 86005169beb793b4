package harness

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/atomicfile"
)

// stopAt runs a job until a step and returns what notes it passed on.
func stopAt(t *testing.T, j Job, step int) (notes []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	build := func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
		s, err := newFake(1.5)(rc, set, threads)
		return stops{s.(*fakeStepper), step, cancel}, err
	}
	err := inProcess(t, build)(ctx, j, 1, func(p Progress) {
		if p.Note != "" {
			notes = append(notes, p.Note)
		}
	})
	if step > 0 {
		require.ErrorIs(t, err, ErrInterrupted)
	}
	return notes
}

func TestManifestListsEveryProcessThatWorked(t *testing.T) {
	j := calibrationRunIn(t, t.TempDir())
	require.Empty(t, stopAt(t, j, 100))
	path := filepath.Join(j.Dir, manifestName)
	var first Manifest
	require.NoError(t, readJSON(path, &first))
	require.Len(t, first.Workers, 1)
	require.Equal(t, 0, first.Workers[0].From)
	require.Equal(t, 101, *first.Workers[0].To)

	// The program and the machine change.
	first.Workers[0].Revision, first.Workers[0].Machine.CPU = "0123456789abcdef", "another CPU"
	first.Revision = "0123456789abcdef"
	require.NoError(t, writeJSON(path, first))
	notes := stopAt(t, j, 0)
	require.Len(t, notes, 1)
	require.Contains(t, notes[0], "continued by another build of mtobench")
	require.Contains(t, notes[0], "before: 0123456789ab")
	var last Manifest
	require.NoError(t, readJSON(path, &last))
	require.Len(t, last.Workers, 2)
	require.Equal(t, 101, last.Workers[1].From)
	require.Equal(t, 320, *last.Workers[1].To)
	require.Equal(t, thisMachine().CPU, last.Workers[1].Machine.CPU)
	last.Workers = first.Workers
	require.Equal(t, first, last, "all else is what began the run")
}

// What a result line says of memory and threads is of all processes of its run.
func TestResultIsOfAllProcesses(t *testing.T) {
	s, _ := fakeStudy(t, t.TempDir(), 1.5)
	calibrateAndLock(t, s)
	for _, threads := range []int{1, 2} {
		s.Root = t.TempDir()
		j := pairJobs(s.Root, s.Lock.Seeds, false)[0]
		require.NoError(t, s.prepare(j.Dir, s.runConfig(s.Config, j), s.Lock))
		stopAt(t, j, 100)
		steps, err := checkpoints(j.Dir)
		require.NoError(t, err)
		path := checkpointPath(j.Dir, steps[len(steps)-1])
		file, err := readCheckpoint(path)
		require.NoError(t, err)
		var p position
		require.NoError(t, json.Unmarshal([]byte(file.Metadata[positionKey]), &p))
		require.Positive(t, p.Peak)
		p.Peak = 1 << 50
		text, err := json.Marshal(p)
		require.NoError(t, err)
		file.Metadata[positionKey] = string(text)
		require.NoError(t, writeCheckpoint(path, file))

		require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), j, threads, func(Progress) {}))
		f, err := s.read(j)
		require.NoError(t, err)
		peak, _ := figure(f.Result.Time, "peak-rss-bytes")
		require.Equal(t, float64(1<<50), peak)
		name := string(f.Result.Time.Name)
		if threads == 1 {
			require.True(t, strings.HasSuffix(name, "mto=off-1"), name)
			require.Empty(t, f.Result.Time.GetConfig("threads"))
		} else {
			require.True(t, strings.HasSuffix(name, "mto=off"), name)
			require.Equal(t, "1 + 2", f.Result.Time.GetConfig("threads"))
		}
	}
}

func TestRunIsNotContinuedWithOtherNumerics(t *testing.T) {
	check := func(change func(*Manifest), want string) {
		t.Helper()
		status := ExitConfig
		if strings.Contains(want, "draws other numbers") {
			status = ExitBug
		}
		j := calibrationRunIn(t, t.TempDir())
		stopAt(t, j, 100)
		path := filepath.Join(j.Dir, manifestName)
		var m Manifest
		require.NoError(t, readJSON(path, &m))
		change(&m)
		require.NoError(t, writeJSON(path, m))
		err := inProcess(t, newFake(1))(context.Background(), j, 1, func(Progress) {})
		require.ErrorContains(t, err, want)
		require.Equal(t, status, ExitStatus(err), err)
		require.False(t, done(j.Dir))
	}
	check(func(m *Manifest) { m.Numerics++ }, "begun with numerics")
	check(func(m *Manifest) { m.Arithmetic = "bf16 of another kind" }, "begun with arithmetic bf16 of another kind, this CPU has f32")
	check(func(m *Manifest) { m.Run = "another" }, "it holds run another")
	check(func(m *Manifest) { m.PairHash = "another" }, "this program draws other numbers")
	check(func(m *Manifest) { m.Schema = 99 }, "schema 99")
}

func TestFileSystemWithoutLocksNeedsAHandOnly(t *testing.T) {
	defer func(f func(*os.File) error) { lockFile = f }(lockFile)
	lockFile = func(*os.File) error { return atomicfile.ErrNoLocks }
	dir := t.TempDir()
	release, _, err := hold(dir)
	require.NoError(t, err)
	_, _, err = hold(dir)
	require.ErrorIs(t, err, ErrHeld)
	require.ErrorContains(t, err, "if it has ended, remove "+filepath.Join(dir, holdName)+".exclusive")
	release()
	release, _, err = hold(dir)
	require.NoError(t, err)
	release()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}
