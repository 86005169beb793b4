//go:build !linux

package harness

import (
	"errors"
	"testing"
)

// nobody is a user without rights.
const nobody = -2

func mountSmall(string) error { return errors.New("not on this system") }

func unmount(string) error { return nil }

func (l *lostRun) startAs(t *testing.T, spec childSpec, j Job) *process { return l.start(t, spec, j) }
