package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/mtobench/mtobench/internal/atomicfile"
)

// ErrHeld marks a folder that another live process works in.
var ErrHeld = errors.New("in use")

// holdName is the file whose lock means that a process works in a run's folder. It names the process.
const holdName = "lock.json"

// holdPatience is how long execute waits for a folder: a child whose parent was killed saves its
// checkpoint meanwhile.
var holdPatience = 3 * time.Second

// A holder is the process that works in a folder, for messages. What decides is the lock of the file,
// which the system ends with the process, however that ends.
type holder struct {
	Schema int    `json:"schema"`
	Host   string `json:"host"`
	PID    int    `json:"pid"`
}

func (h holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s", h.PID, h.Host)
}

// hold marks dir as ours until release is called or this process ends, and returns ErrHeld where
// another process has it. before is the process that ended without a release, its PID 0 if none did.
//
// On a file system without locks the file's presence alone counts: one that a dead process left has to be
// removed by hand.
func hold(dir string) (release func(), before holder, err error) {
	path := filepath.Join(dir, holdName)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, before, err
		}
		switch err := lockFile(f); {
		case errors.Is(err, atomicfile.ErrLocked):
			defer f.Close()
			return nil, before, fmt.Errorf("%w: %s: %v works there", ErrHeld, dir, readHolder(f))
		case errors.Is(err, atomicfile.ErrNoLocks):
			f.Close()
			return holdByPresence(dir, path)
		case err != nil:
			f.Close()
			return nil, before, err
		}
		if !isStill(f, path) { // released, and so removed, between opening and locking
			f.Close()
			continue
		}
		before = readHolder(f)
		if err := thisHolder().write(f); err != nil {
			f.Close()
			return nil, before, fmt.Errorf("writing %s: %w", path, err)
		}
		return func() {
			removeLocked(f, path)
		}, before, nil
	}
}

// lockFile is atomicfile.Lock, but in a test.
var lockFile = atomicfile.Lock

// holdWithin is hold with patience.
func holdWithin(dir string, patience time.Duration) (release func(), before holder, err error) {
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		release, before, err = hold(dir)
		if !errors.Is(err, ErrHeld) || time.Since(begin) >= patience {
			return release, before, err
		}
	}
}

// isStill reports whether path names the open file f.
func isStill(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// holdByPresence is hold on a file system without locks.
func holdByPresence(dir, path string) (release func(), before holder, err error) {
	f, err := os.OpenFile(path+".exclusive", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		other := holder{}
		if f, err := os.Open(path + ".exclusive"); err == nil {
			other = readHolder(f)
			f.Close()
		}
		return nil, before, fmt.Errorf("%w: %s: %v works there, or ended without a trace on this file system without locks; if it has ended, remove %s.exclusive", ErrHeld, dir, other, path)
	}
	if err != nil {
		return nil, before, err
	}
	err = errors.Join(thisHolder().write(f), f.Close())
	if err != nil {
		os.Remove(path + ".exclusive")
		return nil, before, fmt.Errorf("writing %s: %w", path, err)
	}
	return func() { os.Remove(path + ".exclusive"); os.Remove(path) }, before, nil
}

// thisHolder describes this process.
func thisHolder() holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return holder{Schema: Schema, Host: host, PID: os.Getpid()}
}

// write replaces the content of f.
func (h holder) write(f *os.File) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(data, '\n'), 0)
	return err
}

// readHolder reads what a holder wrote; what can't be read is the zero holder.
func readHolder(f *os.File) holder {
	var h holder
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
	if err != nil || json.Unmarshal(data, &h) != nil {
		return holder{}
	}
	return h
}
