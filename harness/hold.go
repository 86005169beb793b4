package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrHeld marks a folder that another live process works in.
var ErrHeld = errors.New("in use")

// holdName is the file that names the process working in a run's folder.
const holdName = "lock.json"

// A holder is the process that works in a folder. A process id alone is reused; with the boot and the
// process's start time it is not.
type holder struct {
	Schema int    `json:"schema"`
	Host   string `json:"host"`
	PID    int    `json:"pid"`
	Boot   string `json:"boot"`  // identifies the boot of the host; empty where the system doesn't say
	Start  string `json:"start"` // start time of the process, in the system's own units; empty likewise
}

// hold marks dir as ours until release is called or this process ends. It takes over from a process
// that is gone, and returns ErrHeld where one lives.
func hold(dir string) (release func(), err error) {
	path := filepath.Join(dir, holdName)
	me := thisHolder()
	data, err := json.Marshal(me)
	if err != nil {
		return nil, err
	}
	for range 10 {
		err = createExclusive(path, append(data, '\n'))
		if err == nil {
			return func() { os.Remove(path) }, nil
		}
		if !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		var other holder
		switch err := readJSON(path, &other); {
		case errors.Is(err, os.ErrNotExist):
			continue // released in between
		case err == nil && other.alive(me):
			return nil, fmt.Errorf("%w: %s: process %d on %s works there", ErrHeld, dir, other.PID, other.Host)
		}
		// Stale: of several takers, the rename lets one through.
		aside := fmt.Sprintf("%s.stale.%d", path, me.PID)
		if os.Rename(path, aside) == nil {
			os.Remove(aside)
		}
	}
	return nil, fmt.Errorf("%w: %s: other processes keep taking it", ErrHeld, dir)
}

// createExclusive makes path appear with its whole content, or fails with os.ErrExist: the content is
// written beside it and then linked.
func createExclusive(path string, data []byte) error {
	temp := fmt.Sprintf("%s.new.%d", path, os.Getpid())
	if err := os.WriteFile(temp, data, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(temp)
	if err := os.Link(temp, path); err == nil || errors.Is(err, os.ErrExist) {
		return err
	}
	// A file system without links: a reader may see the file while it is short, and takes it for stale.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// thisHolder describes this process.
func thisHolder() holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	pid := os.Getpid()
	return holder{Schema: Schema, Host: host, PID: pid, Boot: bootID(), Start: processStart(pid)}
}

// alive reports whether the process that wrote h still runs, as far as the asking process can tell: a
// process of another host is taken to live.
func (h holder) alive(asking holder) bool {
	switch {
	case h.Host != asking.Host:
		return true
	case h.Boot != asking.Boot:
		return false
	case h.Start != "":
		return processStart(h.PID) == h.Start
	}
	return processExists(h.PID)
}
