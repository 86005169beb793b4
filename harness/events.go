package harness

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	eventEvalStart  = "eval_start"
	eventEval       = "eval_accuracy"
	eventEvalStop   = "eval_stop"
	eventStats      = "tracked_stats" // value: throughput since the evaluation before, in images a second
	eventCheckpoint = "checkpoint"
	eventRunStop    = "run_stop" // metadata.status: success, aborted
)

// intervals says which keys begin or end an interval; all others are points in time.
var intervals = map[string]string{
	eventInitStart: "INTERVAL_START", eventRunStart: "INTERVAL_START", eventResume: "INTERVAL_START", eventEvalStart: "INTERVAL_START",
	eventInitStop: "INTERVAL_END", eventRunStop: "INTERVAL_END", eventEvalStop: "INTERVAL_END",
}

// An event is one line of events.jsonl; docs/schemas/event.schema.json describes it.
type event struct {
	Schema   int            `json:"schema"`
	TimeMS   int64          `json:"time_ms"` // wall clock, milliseconds since 1970
	MonoNS   int64          `json:"mono_ns"` // since this process opened the log
	Type     string         `json:"event_type"`
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
// that isn't a whole line. The rest is durable from here on.
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
	l := &eventLog{file: f, size: whole, clock: clock, start: clock.since()}
	if err := l.sync(); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
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
	kind := cmp.Or(intervals[key], "POINT_IN_TIME")
	line, err := json.Marshal(event{
		Schema: Schema, Type: kind, TimeMS: l.clock.day().UnixMilli(), MonoNS: int64(l.clock.since() - l.start),
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

// begin logs that a process has what it needs to train from a step on. What a run is trained with is
// logged by the process that begins it.
func (l *eventLog) begin(rc RunConfig, step int) error {
	if err := errors.Join(l.add(eventInitStop, nil, nil), l.add(eventSeed, rc.Seed, nil)); err != nil {
		return err
	}
	arm := map[string]any{"mto": rc.Arm}
	if step > 0 {
		return l.add(eventResume, step, arm)
	}
	for _, fact := range []struct {
		key   string
		value any
	}{
		{"global_batch_size", rc.Train.Batch}, {"train_samples", rc.Data.TrainImages}, {"eval_samples", rc.Probe.Validation},
		{"max_samples", rc.Steps() * rc.Train.Batch}, {"opt_name", "adamw"},
		{"opt_base_learning_rate", rc.LR()},
		{"opt_learning_rate_warmup_steps", rc.Fraction(rc.Train.Warmup) / float64(rc.Train.Batch)},
	} {
		if err := l.add(fact.key, fact.value, nil); err != nil {
			return err
		}
	}
	return l.add(eventRunStart, nil, arm)
}

// evaluated logs the last point of a curve; place says where the run is.
func (l *eventLog) evaluated(c Curve, place map[string]any) error {
	p := c[len(c)-1]
	quality := maps.Clone(place)
	maps.Copy(quality, map[string]any{
		"knn_pct": p.KNN, "recon_loss": p.Recon, "train_ns": p.TrainNS, "wall_ns": p.WallNS, "cpu_ns": p.CPUNS, "state": p.State, "chain": p.Chain,
	})
	if err := errors.Join(l.add(eventEval, p.Top1, quality), l.add(eventEvalStop, nil, place)); err != nil {
		return err
	}
	if len(c) < 2 {
		return nil
	}
	before := c[len(c)-2]
	throughput := float64(p.Images-before.Images) / (float64(max(1, p.TrainNS-before.TrainNS)) / 1e9)
	return l.add(eventStats, map[string]any{"throughput": throughput}, map[string]any{"step": p.Step})
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
