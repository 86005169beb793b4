package harness

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is wrong with what was named, no repetition mends; what is wrong with a disk, it may.
func TestReadErrorIsOfTheConfigurationUnlessItMayPass(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{fs.ErrNotExist, ExitConfig},
		{fmt.Errorf("a.zip: not an archive"), ExitConfig},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.ENOENT}, ExitConfig},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}, ExitConfig},
		{&fs.PathError{Op: "open", Path: "a/b", Err: syscall.ENOTDIR}, ExitConfig},
		{&fs.PathError{Op: "read", Path: "a", Err: syscall.EISDIR}, ExitConfig},
		{&fs.PathError{Op: "read", Path: "a", Err: syscall.EIO}, ExitFailed},
		{fmt.Errorf("data: %w", &fs.PathError{Op: "read", Path: "a", Err: syscall.ETIMEDOUT}), ExitFailed},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EMFILE}, ExitFailed},
	} {
		require.Equal(t, c.status, ExitStatus(of(ErrConfig, c.err)), c.err)
		require.Equal(t, c.status, ExitStatus(of(ErrLock, c.err)), c.err)
	}
	if runtime.GOOS != "linux" {
		return
	}
	const unreadable = "/proc/self/mem" // at its beginning: EIO
	_, err := ReadLock(unreadable)
	require.ErrorIs(t, err, syscall.EIO)
	require.Equal(t, ExitFailed, ExitStatus(err), err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(unreadable, filepath.Join(dir, "images.tar")))
	_, _, err = openData(&Config{Data: DataConfig{Name: "x", Path: filepath.Join(dir, "images.tar")}})
	require.ErrorIs(t, err, syscall.EIO)
	require.Equal(t, ExitFailed, ExitStatus(err), err)
	_, _, err = openData(&Config{Data: DataConfig{Name: "x", Path: filepath.Join(dir, "nothing")}})
	require.Equal(t, ExitConfig, ExitStatus(err), err)
}

// A checkpoint of another run or program, other initial weights than the lock's: the engine needn't try again.
func TestRefusalsThatNoRepetitionMendsSaySo(t *testing.T) {
	j := calibrationRunIn(t, t.TempDir())
	stopAt(t, j, 100)
	steps, err := checkpoints(j.Dir)
	require.NoError(t, err)
	path := checkpointPath(j.Dir, steps[len(steps)-1])
	file, err := readCheckpoint(path)
	require.NoError(t, err)
	file.Metadata[positionKey] = strings.Replace(file.Metadata[positionKey], `"run":"`, `"run":"another `, 1)
	require.NoError(t, writeCheckpoint(path, file))
	err = inProcess(t, newFake(1))(context.Background(), j, 1, func(Progress) {})
	require.ErrorContains(t, err, "belongs to run another")
	require.ErrorContains(t, err, "move it away")
	require.Equal(t, ExitConfig, ExitStatus(err), err)

	rc := identityConfig(t, "simmim", "off")
	rc.Model.Init, rc.Model.InitSHA256 = filepath.Join(t.TempDir(), "init.safetensors"), "0123"
	require.NoError(t, os.WriteFile(rc.Model.Init, []byte("changed"), 0o644))
	_, err = NewTrainer(rc, noiseSet(12, 3, 60), 1)
	require.ErrorContains(t, err, "the study starts from 0123")
	require.Equal(t, ExitConfig, ExitStatus(err), err)
	rc.Model.InitSHA256 = ""
	_, err = NewTrainer(rc, noiseSet(12, 3, 60), 1)
	require.ErrorContains(t, err, "model.init: ")
	require.Equal(t, ExitConfig, ExitStatus(err), err)

	rc.Model.Init = ""
	for _, at := range []int{0, 1000} {
		err = DumpStep(rc, noiseSet(12, 3, 60), 1, at, filepath.Join(t.TempDir(), "step"))
		require.Equal(t, ExitConfig, ExitStatus(err), err)
		rc := tuningTestConfig(t, "simmim")
		err = DumpTuningStep(rc, noiseSet(12, 3, 60), 1, finetuneName, at, filepath.Join(t.TempDir(), "step"))
		require.Equal(t, ExitConfig, ExitStatus(err), err)
	}
}
