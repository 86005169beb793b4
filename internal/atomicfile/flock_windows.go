package atomicfile

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// mark does nothing: an open file can't be removed here.
func mark(*os.File) bool { return true }

// rename closes f, as an open file can't be renamed here, and gives it its final name.
func rename(f *os.File, path string) error {
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// removeUnmarked removes a file that no process has open.
func removeUnmarked(path string) error {
	os.Remove(path) // fails where its writer lives
	return nil
}

// SyncDir does nothing: there is no such call here.
func SyncDir(string) error { return nil }

// Lock takes a lock of f, which ends with f or the process, or returns at once: ErrLocked where another
// process has it. The locked byte lies far behind the content, which others can so read.
func Lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return ErrLocked
	case errors.Is(err, windows.ERROR_INVALID_FUNCTION), errors.Is(err, windows.ERROR_NOT_SUPPORTED):
		return ErrNoLocks
	}
	return fmt.Errorf("locking %s: %w", f.Name(), err)
}

// DiskFull reports whether err says that a disk, or a user's share of it, is full.
func DiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
