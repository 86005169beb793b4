package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whichever operation fails, the file is what it was or what it was to be, and nothing else is left.
func TestFailedWriteLeavesOldOrNew(t *testing.T) {
	defer func() { Fault = nil }()
	for at := 1; ; at++ {
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		require.NoError(t, Write(path, []byte("old")))
		n := 0
		Fault = func(Op, string) error {
			if n++; n == at {
				return syscall.ENOSPC
			}
			return nil
		}
		err := Write(path, []byte(strings.Repeat("new", 1000)))
		Fault = nil
		data, readErr := os.ReadFile(path)
		require.NoError(t, readErr)
		require.Contains(t, []string{"old", strings.Repeat("new", 1000)}, string(data))
		entries, readErr := os.ReadDir(dir)
		require.NoError(t, readErr)
		require.Len(t, entries, 1)
		if err == nil {
			require.Greater(t, at, 6, "create, write, sync, rename, syncdir, done")
			return
		}
		require.ErrorContains(t, err, "writing "+path)
		require.True(t, DiskFull(err))
	}
}

// A sweep takes what a dead writer left, and nothing that a live one is writing.
func TestSweepSparesLiveWriters(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, ".file.123.tmp")
	require.NoError(t, os.WriteFile(dead, []byte("half"), 0o644))
	for _, name := range []string{".file", "file.tmp", ".hidden"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	require.NoError(t, Sweep(dir))
	require.NoFileExists(t, dead)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	require.NoError(t, Sweep(filepath.Join(dir, "none")))

	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				if err := Write(filepath.Join(dir, string(rune('a'+i))), []byte("x")); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 50 {
				if err := Sweep(dir); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	entries, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3+4)
}

// A file that a sweep has taken, or holds, is no file to write to: a write into it would be lost.
func TestSweptFileIsNotMarked(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".file.123.tmp")
	create := func() *os.File {
		f, err := os.Create(path)
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	f := create()
	if errors.Is(Lock(f), ErrNoLocks) || runtime.GOOS == "windows" {
		t.Skip("nothing is marked here")
	}
	require.True(t, mark(f))
	sweeper, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, Lock(sweeper))
	f, err = os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	require.False(t, mark(f), "a sweep holds it")
	require.NoError(t, os.Remove(path))
	require.NoError(t, sweeper.Close())
	require.False(t, mark(f), "it is gone")
	require.NoError(t, f.Close())
	other := create()
	require.NoError(t, other.Close())
	require.True(t, mark(create()))
}

func TestWriteIntoNoFolder(t *testing.T) {
	err := Write(filepath.Join(t.TempDir(), "no", "file"), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestMkdirAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	require.NoError(t, MkdirAll(dir))
	require.NoError(t, MkdirAll(dir))
	require.DirExists(t, dir)
	require.NoError(t, Write(filepath.Join(dir, "file"), nil))
	require.Error(t, MkdirAll(filepath.Join(dir, "file", "d")))
}

func TestLockIsOneProcessesAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := os.Create(path)
	require.NoError(t, err)
	if err := Lock(f); errors.Is(err, ErrNoLocks) {
		t.Skip(err)
	}
	g, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	require.ErrorIs(t, Lock(g), ErrLocked)
	require.NoError(t, f.Close())
	require.NoError(t, Lock(g))
	require.NoError(t, g.Close())
}
