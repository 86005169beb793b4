package harness

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// nobody is a user without rights.
const nobody = 65534

// mountSmall mounts a disk of half a MiB that anybody may write to, as another user by sudo where that asks for nothing.
func mountSmall(path string) error {
	const options = "size=512k,mode=1777"
	err := syscall.Mount("tmpfs", path, "tmpfs", 0, options)
	if err == nil || os.Getuid() == 0 {
		return err
	}
	if sudo := exec.Command("sudo", "-n", "mount", "-t", "tmpfs", "-o", options, "tmpfs", path).Run(); sudo != nil {
		return errors.Join(err, sudo)
	}
	return nil
}

func unmount(path string) error {
	err := syscall.Unmount(path, syscall.MNT_DETACH)
	if err == nil || os.Getuid() == 0 {
		return err
	}
	return exec.Command("sudo", "-n", "umount", "-l", path).Run()
}

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
