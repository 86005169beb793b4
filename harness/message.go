package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"github.com/mtobench/mtobench/internal/atomicfile"
)

// Exit statuses of the program (methodology 5.1).
const (
	ExitDone      = 0
	ExitFailed    = 1
	ExitUnclear   = 2 // results that can't be interpreted: of check, gate and replay (methodology 3.6)
	ExitBug       = 70
	ExitResumable = 75
	ExitConfig    = 78
)

// ErrBug marks a failure of the program itself.
var ErrBug = errors.New("a bug in mtobench")

// ErrNotInterpretable marks results from which nothing can be concluded: neither that they are right nor
// that they are wrong.
var ErrNotInterpretable = errors.New("not interpretable")

// ExitStatus is the status that tells an error's kind.
func ExitStatus(err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrNotInterpretable):
		return ExitUnclear
	case errors.Is(err, ErrBug), errors.Is(err, ErrPair):
		return ExitBug
	case errors.Is(err, ErrInterrupted), errors.Is(err, ErrHeld), errors.Is(err, context.Canceled):
		return ExitResumable
	case errors.Is(err, ErrConfig), errors.Is(err, ErrLock):
		return ExitConfig
	}
	return ExitFailed
}

// of marks err, of reading what a user named, as being of kind: no repetition mends it. An error of the disk or of the
// network behind it may pass, and stays what it is.
func of(kind, err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) && !slices.Contains(lasting, error(errno)) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// lasting are the errors of a system that say something about what was named, beside those that io/fs knows.
var lasting = []error{syscall.ENOTDIR, syscall.EISDIR, syscall.EINVAL, syscall.ENAMETOOLONG, syscall.ELOOP}

// errFull marks a full disk on the other side of a process boundary.
var errFull = errors.New("disk full")

// DiskFull reports whether err says that a disk, or a user's share of it, is full. What was running goes on
// to the same bits once there is space.
func DiskFull(err error) bool { return errors.Is(err, errFull) || atomicfile.DiskFull(err) }

// A message is one line that a child writes to its parent: progress, or how it ended.
type message struct {
	Progress *Progress `json:"progress,omitempty"`
	Failed   string    `json:"failed,omitempty"`
	Kind     string    `json:"kind,omitempty"` // of the failure: a key of kinds
}

// kinds are the failures whose identity crosses the process boundary. Of an error that is of several
// kinds, the first here counts: a run that diverged and couldn't say so for a full disk stops the study.
var kinds = []struct {
	name string
	err  error
}{
	{"full", errFull}, {"bug", ErrBug}, {"pair", ErrPair}, {"lock", ErrLock}, {"config", ErrConfig},
	{"held", ErrHeld}, {"interrupted", ErrInterrupted}, {"diverged", ErrDiverged},
}

// failure packs an error into a message.
func failure(err error) message {
	m := message{Failed: err.Error()}
	if DiskFull(err) {
		err = fmt.Errorf("%w: %w", errFull, err)
	}
	for _, kind := range kinds {
		if errors.Is(err, kind.err) {
			m.Kind = kind.name
			break
		}
	}
	return m
}

// remoteError is an error of a child: its text, and its kind for errors.Is.
type remoteError struct {
	text string
	kind error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.kind }

// err unpacks a failure.
func (m message) err() error {
	e := &remoteError{text: m.Failed}
	for _, kind := range kinds {
		if kind.name == m.Kind {
			e.kind = kind.err
		}
	}
	return e
}
