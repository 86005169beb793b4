package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFolderAloneGivesTheSameReport(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	s, _ := fakeStudy(t, out, 2, "study.noise=0.25", "study.name=kept")
	first, err := s.Run(context.Background())
	require.NoError(t, err)
	text := func(r *Report) string {
		var b strings.Builder
		require.NoError(t, r.WriteText(&b))
		return b.String()
	}
	for _, path := range []string{out, filepath.Dir(s.Root), s.Root} { // all results, one name, one study
		roots, err := StudyFolders(path, s.Root)
		require.NoError(t, err)
		require.Equal(t, []string{s.Root}, roots, path)
	}
	before, err := os.ReadFile(first.BySeed)
	require.NoError(t, err)

	again, err := OpenFolder(s.Root)
	require.NoError(t, err)
	require.Equal(t, 0.25, again.Config.Study.Noise, "not in the lock")
	require.Equal(t, "kept", again.Config.Study.Name)
	second, err := again.Collect()
	require.NoError(t, err)
	require.Equal(t, text(first), text(second))
	after, err := os.ReadFile(second.BySeed)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	require.ErrorContains(t, again.Calibrate(context.Background()), "it can be judged, not trained")
}

func TestAFolderThatIsNoStudyIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	calibrateAndLock(t, s)
	config := filepath.Join(s.Root, configName)
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, []byte(strings.Replace(string(text), "batch = 128", "batch = 64", 1)), 0o644))
	_, err = OpenFolder(s.Root)
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "train.batch is 128 in the lock and 64 here")

	run := filepath.Join(s.Root, "seed=001", "mto=off") // it has a copy of the lock
	require.NoError(t, os.MkdirAll(run, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(run, LockName), []byte("{}"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(run, manifestName), []byte("{}"), 0o644))
	for path, want := range map[string]string{
		t.TempDir(): "no study with a study.lock.json", config: "not a folder", run: "the folder of a run; name the study's folder", filepath.Dir(run): "the folder of a run", filepath.Join(s.Root, "nowhere"): "no such folder",
	} {
		_, err := StudyFolders(path)
		require.ErrorIs(t, err, ErrConfig)
		require.ErrorContains(t, err, want)
	}
	_, err = OpenFolder(t.TempDir())
	require.ErrorContains(t, err, "not locked yet")
}

func TestALockCarriesTheStudysNameOutsideItsHash(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1, "study.name=mine")
	calibrateAndLock(t, s)
	lock, err := ReadLock(s.LockPath())
	require.NoError(t, err)
	c, err := Load("lock", nil, lock.Overrides())
	require.NoError(t, err)
	require.Equal(t, "mine", c.Study.Name)
	renamed := *lock
	renamed.Name = "other"
	require.Equal(t, lock.Hash, renamed.hash())
}

// renumber turns a study into one that a program of other numerics ran.
func renumber(t *testing.T, s *Study, numerics int) {
	t.Helper()
	old, lock := s.Lock, *s.Lock
	lock.Numerics = numerics
	lock.Hash = lock.hash()
	require.NoError(t, filepath.WalkDir(s.Root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Base(filepath.Dir(path)) == ckptName {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(data), old.Hash, lock.Hash)
		text = strings.ReplaceAll(text, "study: "+old.Study(), "study: "+lock.Study())
		text = strings.ReplaceAll(text, fmt.Sprintf(`"numerics": %d`, Numerics), fmt.Sprintf(`"numerics": %d`, numerics))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil || filepath.Base(path) != finalName {
			return err
		}
		var f Final
		require.NoError(t, readJSON(path, &f))
		f.Hash = f.hash()
		return writeJSON(path, f)
	}))
}

func TestAStudyOfOtherNumericsIsJudgedByItselfAlone(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	before, err := s.Judge()
	require.NoError(t, err)
	renumber(t, s, 999)
	_, err = OpenFolder(s.Root)
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "made with numerics 999")

	past, err := OpenPast(s.Root)
	require.NoError(t, err)
	after, err := past.Judge()
	require.NoError(t, err)
	require.Equal(t, before.Targets, after.Targets)
	require.Equal(t, before.Verdict.Word, after.Verdict.Word)
	for _, c := range after.Checks {
		require.True(t, c.OK, "%s: %s", c.Name, c.Found)
	}

	lock := *past.Lock
	lock.Rule = "another"
	lock.Hash = lock.hash()
	require.NoError(t, writeFile(s.LockPath(), lock.Bytes()))
	_, err = OpenPast(s.Root)
	require.ErrorIs(t, err, ErrRule)
}
