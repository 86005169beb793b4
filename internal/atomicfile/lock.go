package atomicfile

import "errors"

var (
	// ErrLocked marks a file that another process has locked.
	ErrLocked = errors.New("locked")
	// ErrNoLocks marks a file on a file system without locks.
	ErrNoLocks = errors.New("the file system has no locks")
)
