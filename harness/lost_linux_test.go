package harness

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// nobody is a user without rights.
const nobody = 65534

// mountSmall mounts a disk of half a MiB.
func mountSmall(path string) error { return syscall.Mount("tmpfs", path, "tmpfs", 0, "size=512k") }

func unmount(path string) error { return syscall.Unmount(path, syscall.MNT_DETACH) }

var program sync.Once

// startAs is start as a user who isn't root.
func (l *lostRun) startAs(t *testing.T, spec childSpec, j Job) *process {
	t.Helper()
	if os.Getuid() != 0 {
		return l.start(t, spec, j)
	}
	program.Do(func() { // where another user may run it
		self, err := os.Executable()
		require.NoError(t, err)
		data, err := os.ReadFile(self)
		require.NoError(t, err)
		dir, err := os.MkdirTemp(fastDir(), "program")
		require.NoError(t, err)
		require.NoError(t, os.Chmod(dir, 0o755))
		programPath = filepath.Join(dir, "harness.test")
		require.NoError(t, os.WriteFile(programPath, data, 0o755))
	})
	spec.Program = programPath
	return l.startWith(t, spec, j, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}})
}
