// Package atomicfile writes files that are never seen half-written: the bytes go to a temporary file
// beside the target, which is synced and then renamed, and the rename is synced too.
//
// A process that is killed leaves at most a temporary file, called .NAME.RANDOM.tmp; [Sweep] removes
// those whose writer is gone. Every error names the file that was to be written.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An Op is an operation on the file system that [Fault] is asked about.
type Op string

// The operations of one write, in their order; and that of a log.
const (
	OpCreate  Op = "create"  // the temporary file appears; path is its name
	OpWrite   Op = "write"   // some bytes go to it
	OpSync    Op = "sync"    // they are made durable
	OpRename  Op = "rename"  // it takes the target's place; path is the target's
	OpSyncDir Op = "syncdir" // the rename is made durable; path is the folder's
	OpDone    Op = "done"    // everything about path is done

	OpAppend Op = "append" // a line goes to the end of path, a log that isn't replaced
)

// Fault, where a test sets it, is asked before each operation; its error takes the operation's place.
// It may also end the process. Set it before anything is written.
var Fault func(op Op, path string) error

// Ask asks [Fault] about an operation that is about to be made.
func Ask(op Op, path string) error {
	if Fault == nil {
		return nil
	}
	return Fault(op, path)
}

// Write makes path hold data, durably, or leaves it as it was.
func Write(path string, data []byte) error {
	return WriteWith(path, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// WriteWith is [Write] of what write produces.
func WriteWith(path string, write func(io.Writer) error) error {
	return replace(path, write, true)
}

// Replace is [Write] without waiting for the disk: after a crash of the machine path may be empty or
// old. For files that another write follows soon and that nothing depends on.
func Replace(path string, data []byte) error {
	return replace(path, func(w io.Writer) error { _, err := w.Write(data); return err }, false)
}

func replace(path string, write func(io.Writer) error, durable bool) error {
	if err := replaceUnnamed(path, write, durable); err != nil {
		return fmt.Errorf("writing %s: %w", path, cause(err))
	}
	return nil
}

// cause is err without the temporary file's name.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// replaceUnnamed is replace with errors that don't name path.
func replaceUnnamed(path string, write func(io.Writer) error, durable bool) (err error) {
	dir := filepath.Dir(path)
	f, err := temporary(dir, "."+filepath.Base(path)+".*"+suffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = Ask(OpCreate, f.Name()); err != nil {
		return err
	}
	if err = write(writer{f}); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if durable {
		if err = Ask(OpSync, f.Name()); err != nil {
			return err
		}
		if err = f.Sync(); err != nil {
			return err
		}
	}
	if err = Ask(OpRename, path); err != nil {
		return err
	}
	if err = rename(f, path); err != nil {
		return err
	}
	if durable {
		if err := Ask(OpSyncDir, dir); err != nil {
			return err
		}
		if err := SyncDir(dir); err != nil {
			return err
		}
	}
	return Ask(OpDone, path)
}

// temporary makes a temporary file that no sweep removes. Between its creation and its mark one may: then it
// makes another.
func temporary(dir, pattern string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(dir, pattern)
		if err != nil || mark(f) {
			return f, err
		}
		f.Close()
	}
}

// writer asks about every write.
type writer struct{ f *os.File }

func (w writer) Write(p []byte) (int, error) {
	if err := Ask(OpWrite, w.f.Name()); err != nil {
		n, _ := w.f.Write(p[:len(p)/2]) // as a full disk does
		return n, err
	}
	return w.f.Write(p)
}

// suffix ends the names of temporary files.
const suffix = ".tmp"

// MkdirAll makes dir and what is missing above it, durably.
func MkdirAll(dir string) error {
	if isDir(dir) {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !(errors.Is(err, fs.ErrExist) && isDir(dir)) {
		return err
	}
	return SyncDir(parent)
}

// Sweep removes the temporary files in dir whose writer is gone. A folder that isn't there has none.
func Sweep(dir string) error { return sweep(dir, ".") }

// SweepOf is Sweep of those of one file, for folders that aren't ours alone.
func SweepOf(path string) error { return sweep(filepath.Dir(path), "."+filepath.Base(path)+".") }

// sweep is Sweep of names with a prefix.
func sweep(dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweeping %s: %w", dir, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !strings.HasSuffix(e.Name(), suffix) || !e.Type().IsRegular() {
			continue
		}
		if err := removeUnmarked(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweeping %s: %w", dir, err)
		}
	}
	return nil
}
