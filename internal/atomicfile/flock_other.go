//go:build !windows && (!unix || aix || solaris)

package atomicfile

import (
	"os"
	"strings"
)

// mark does nothing: there are no locks here.
func mark(*os.File) bool { return true }

func rename(f *os.File, path string) error {
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// removeUnmarked leaves the file: nothing tells whether its writer lives.
func removeUnmarked(string) error { return nil }

// SyncDir does nothing here.
func SyncDir(string) error { return nil }

// Lock reports that there are no locks here.
func Lock(*os.File) error { return ErrNoLocks }

// DiskFull reports whether err says that a disk is full.
func DiskFull(err error) bool { return err != nil && strings.Contains(err.Error(), "no space") }
