//go:build unix && !aix && !solaris

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// mark shows that the file's writer lives: a lock that ends with it. It reports false where a sweep has taken
// the file, or is about to. Where the file system has no locks, nothing shows a writer, and nothing sweeps.
func mark(f *os.File) bool {
	switch err := Lock(f); {
	case errors.Is(err, ErrLocked):
		return false
	case err != nil:
		return true
	}
	mine, err := f.Stat()
	if err != nil {
		return true // what comes next says what is wrong
	}
	there, err := os.Stat(f.Name())
	return !errors.Is(err, fs.ErrNotExist) && (err != nil || os.SameFile(mine, there))
}

// rename gives f, still marked, its final name and closes it.
func rename(f *os.File, path string) error {
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return f.Close()
}

// removeUnmarked removes a file that no process has marked.
func removeUnmarked(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if flock(f, syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil
	}
	return os.Remove(path)
}

// SyncDir makes the names in dir durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) { // some file systems can't, and need not
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}

// Lock takes the whole-file lock of f, which ends with f or the process, or returns at once: ErrLocked
// where another process has it, ErrNoLocks where the file system has none.
func Lock(f *os.File) error {
	switch err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return ErrLocked
	case errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.EOPNOTSUPP),
		errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EINVAL):
		return ErrNoLocks
	default:
		return fmt.Errorf("locking %s: %w", f.Name(), err)
	}
}

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// DiskFull reports whether err says that a disk, or a user's share of it, is full.
func DiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
