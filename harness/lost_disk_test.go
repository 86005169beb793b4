package harness

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// From any operation on files on, the disk is full, over its quota, read-only or broken: one error that names the
// file, and once that is over the run goes on.
func TestLostDisk(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		errno := []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.EACCES}[random.IntN(5)]
		status, text := l.start(t, childSpec{Fail: l.operation(random), Errno: int(errno)}, j).end()
		l.requireFailure(t, j, status, text, errno.Error())
		temporary, err := filepath.Glob(filepath.Join(j.Dir, ".*.tmp"))
		require.NoError(t, err)
		require.Empty(t, temporary, "what a failed write wrote is gone at once")
		how := got(t, j)
		l.finish(t, j)
		return fmt.Sprintf("%v, %s: status 1, then same bits", errno, how)
	})
}

// requireFailure requires one clear error about a file and exit status 1.
func (l *lostRun) requireFailure(t *testing.T, j Job, status int, text, why string) {
	t.Helper()
	require.Equal(t, ExitFailed, status, text)
	require.Contains(t, text, why)
	_, message, ok := strings.Cut(text, `{"failed":"`)
	require.True(t, ok, text)
	require.Contains(t, message, j.Dir, "it names the file")
}

// A real disk is full, from a random moment on. Where none can be mounted it is skipped; .ci/run takes that for a failure.
func TestLostFull(t *testing.T) {
	l := lost(t)
	small := t.TempDir()
	if err := mountSmall(small); err != nil {
		t.Skipf("a small disk can't be mounted, as root or by sudo -n (TestLostDisk fills one that isn't real): %v", err)
	}
	t.Cleanup(func() { unmount(small) })
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folderIn(t, small)
		ballast := filepath.Join(small, "ballast")
		if random.IntN(2) == 0 { // full at once, but for a random rest
			fillDisk(t, ballast, random.Int64N(64<<10))
		}
		p := l.start(t, childSpec{}, j)
		time.Sleep(l.moment(random))
		fillDisk(t, ballast, 0)
		status, text := p.end()
		how := got(t, j)
		if status != 0 {
			l.requireFailure(t, j, status, text, "no space left on device")
			how += ": status 1"
		}
		require.NoError(t, os.Remove(ballast))
		l.finish(t, j)
		require.NoError(t, os.RemoveAll(filepath.Dir(filepath.Dir(j.Dir))))
		return "full " + how + ", then same bits"
	})
}

// fillDisk writes to path until only rest bytes are left on its disk.
func fillDisk(t *testing.T, path string, rest int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	require.NoError(t, err)
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	info, err := f.Stat()
	require.NoError(t, err)
	require.NoError(t, f.Truncate(max(0, info.Size()-rest)))
}

// The folder becomes unwritable at a random moment, and writable again. Root could write anyway, so its child is
// somebody else.
func TestLostReadOnly(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		everything := func(change func(path string, isDir bool) error) {
			require.NoError(t, filepath.WalkDir(filepath.Dir(filepath.Dir(j.Dir)), func(path string, e fs.DirEntry, err error) error {
				if err != nil { // the child renames while we walk
					return nil
				}
				if err := change(path, e.IsDir()); err != nil && !os.IsNotExist(err) {
					return err
				}
				return nil
			}))
		}
		spec := childSpec{Patience: time.Millisecond}
		start := func() *process { return l.startAs(t, spec, j) }
		if os.Getuid() == 0 {
			everything(func(path string, _ bool) error { return os.Chown(path, nobody, nobody) })
		}
		p := start()
		time.Sleep(l.moment(random))
		everything(func(path string, isDir bool) error {
			if isDir {
				return os.Chmod(path, 0o555)
			}
			return nil
		})
		status, text := p.end()
		how := got(t, j)
		if status != 0 {
			l.requireFailure(t, j, status, text, "permission denied")
			how += ": status 1"
		}
		everything(func(path string, isDir bool) error {
			if isDir {
				return os.Chmod(path, 0o755)
			}
			return nil
		})
		p = start()
		status, text = p.end()
		require.Zero(t, status, text)
		require.Equal(t, l.want, l.outcome(t, j))
		os.Remove(filepath.Join(j.Dir, holdName)) // it couldn't be removed when its process ended
		l.requireClean(t, j)
		return "unwritable " + how + ", then same bits"
	})
}

// A checkpoint is damaged, or both are: bits flipped, cut off, zeroed, grown.
func TestLostCheckpoint(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		l.start(t, childSpec{Crash: l.operation(random)}, j).end()
		steps, err := checkpoints(j.Dir)
		require.NoError(t, err)
		if done(j.Dir) || len(steps) == 0 {
			l.finish(t, j)
			return "no checkpoint yet: same bits"
		}
		damaged := steps[len(steps)-1:]
		if random.IntN(2) == 0 {
			damaged = steps
		}
		for _, step := range damaged {
			damage(t, checkpointPath(j.Dir, step), random)
		}
		log := l.finish(t, j)
		require.Equal(t, len(damaged), strings.Count(log, "msg=\"checkpoint of step "), log)
		if len(damaged) == len(steps) {
			require.Contains(t, log, "the run starts from its beginning")
			return "every checkpoint damaged: from the beginning, same bits"
		}
		return "newest checkpoint damaged: from the one before, same bits"
	})
}

// damage changes a file at random.
func damage(t *testing.T, path string, random *rand.Rand) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	at := random.IntN(len(data))
	switch random.IntN(4) {
	case 0:
		data[at] ^= 1 << random.IntN(8)
	case 1:
		data = data[:at]
	case 2:
		before := string(data)
		clear(data[at:min(len(data), at+1+random.IntN(4096))])
		if string(data) == before {
			data[at] = 1
		}
	case 3:
		data = append(data, data[:1+random.IntN(100)]...)
	}
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

// Any other file of an unfinished run is cut off at random: same bits, or an error that names it.
func TestLostFiles(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		l.start(t, childSpec{Crash: l.operation(random)}, j).end()
		if done(j.Dir) {
			return "done already"
		}
		entries, err := os.ReadDir(j.Dir)
		require.NoError(t, err)
		var files []string
		for _, e := range entries {
			if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
				files = append(files, e.Name())
			}
		}
		name := files[random.IntN(len(files))]
		path := filepath.Join(j.Dir, name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		cut := random.IntN(len(data) + 1)
		require.NoError(t, os.WriteFile(path, data[:cut], 0o644))
		status, text := l.start(t, childSpec{}, j).end()
		if status != 0 {
			require.True(t, name == configName || name == LockName || name == finalName, "%s: %s", name, text)
			require.Contains(t, text, path)
			require.False(t, done(j.Dir))
			require.NoError(t, os.WriteFile(path, data, 0o644)) // as the study does for the first two
			l.finish(t, j)
			return name + " cut off: an error that names it"
		}
		require.Equal(t, l.want, l.outcome(t, j))
		l.requireClean(t, j)
		return name + " cut off: same bits"
	})
}

// A file of a finished study is cut off or changed: the same results, or an error that names the run's folder.
func TestLostResults(t *testing.T) {
	out := t.TempDir()
	s, _ := fakeStudy(t, out, 1.5)
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	want, err := os.ReadFile(report.Results)
	require.NoError(t, err)
	names := []string{resultName, curveName, manifestName, finalName, eventsName, statusName}
	moments(t, func(t *testing.T, random *rand.Rand) string {
		name := names[random.IntN(len(names))]
		arm := []string{ArmOff, ArmOn}[random.IntN(2)]
		path := filepath.Join(runDir(s.Root, s.Lock.Seeds[random.IntN(6)], arm), name)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		cut := random.IntN(len(whole))
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o644))
		report, err := s.Collect()
		if err != nil {
			require.Contains(t, err.Error(), filepath.Dir(path))
			require.NoError(t, os.WriteFile(path, whole, 0o644))
			return name + " cut off: an error that names the run"
		}
		have, err := os.ReadFile(report.Results)
		require.NoError(t, err)
		require.Equal(t, epochsLines(want), epochsLines(have), "%s cut off after %d of %d bytes", path, cut, len(whole))
		require.NoError(t, os.WriteFile(path, whole, 0o644))
		return name + " cut off: same results"
	})
}

// epochsLines is what may never change in a result file.
func epochsLines(text []byte) string {
	var block string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "epochs-to-target") {
			block += line
		}
	}
	return block
}
