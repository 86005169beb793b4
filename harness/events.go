package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/mtobench/mtobench/internal/atomicfile"
)

// Keys of events.jsonl, after MLPerf's where it has one.
const (
	eventInitStart  = "init_start"
	eventInitStop   = "init_stop"
	eventSeed       = "seed"
	eventRunStart   = "run_start"
	eventResume     = "run_resume" // value: the step continued from
	eventPairCheck  = "pair_check" // value: the pair's common hash of streams and initial weights
	eventEval       = "eval_accuracy"
	eventCheckpoint = "checkpoint"
	eventRunStop    = "run_stop" // metadata.status: success, aborted
)

// An event is one line of events.jsonl.
type event struct {
	Schema   int            `json:"schema"`
	TimeMS   int64          `json:"time_ms"` // wall clock, milliseconds since 1970
	MonoNS   int64          `json:"mono_ns"` // since this process opened the log
	Key      string         `json:"key"`
	Value    any            `json:"value,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

// An eventLog appends events to a file.
type eventLog struct {
	file  *os.File
	size  int64
	clock clock
	start time.Duration
}

// openEvents opens the log for appending and cuts off what a dying process or machine left at its end
// that isn't a whole line.
func openEvents(path string, clock clock) (*eventLog, error) {
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	whole := int64(wholeLines(data))
	if err := f.Truncate(whole); err != nil {
		f.Close()
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	if _, err := f.Seek(whole, 0); err != nil {
		f.Close()
		return nil, err
	}
	return &eventLog{file: f, size: whole, clock: clock, start: clock.since()}, nil
}

// wholeLines returns the length of data without the lines at its end that aren't whole JSON.
func wholeLines(data []byte) int {
	for {
		end := bytes.LastIndexByte(data, '\n')
		begin := bytes.LastIndexByte(data[:max(end, 0)], '\n') + 1
		if end < 0 || json.Valid(data[begin:end]) {
			return end + 1
		}
		data = data[:begin]
	}
}

// add appends one event.
func (l *eventLog) add(key string, value any, metadata map[string]any) error {
	line, err := json.Marshal(event{
		Schema: Schema, TimeMS: l.clock.day().UnixMilli(), MonoNS: int64(l.clock.since() - l.start),
		Key: key, Value: value, Metadata: metadata,
	})
	if err != nil {
		return err
	}
	line = append(line, '\n')
	err = atomicfile.Ask(atomicfile.OpAppend, l.file.Name())
	if err == nil {
		_, err = l.file.Write(line)
	}
	if err != nil {
		l.file.Truncate(l.size) // a full disk took a part
		l.file.Seek(l.size, 0)
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	l.size += int64(len(line))
	return nil
}

// sync makes the events so far durable.
func (l *eventLog) sync() error {
	err := atomicfile.Ask(atomicfile.OpSync, l.file.Name())
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", l.file.Name(), err)
	}
	return nil
}

func (l *eventLog) close() error { return l.file.Close() }
