package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/mtobench/mtobench/internal/atomicfile"
)

// States in status.json.
const (
	StateRunning     = "running"
	StateInterrupted = "interrupted" // it stopped at a checkpoint, and can go on
	StateFailed      = "failed"
	StateDone        = "done"
	StateStalled     = "stalled" // says that it runs, but hasn't said so for long; in a study's status only
	StateIdle        = "idle"    // a study's: this process is through with its share, runs are left
)

// A Status is the status.json of a run's folder: how it stands, for those who watch it. It is replaced
// every few seconds and at every turn. docs/schemas/status.schema.json describes it.
type Status struct {
	Schema  int    `json:"schema"`
	State   string `json:"state"`   // running, interrupted, failed, done
	Updated string `json:"updated"` // RFC 3339, UTC
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	Seed    uint64 `json:"seed"`
	Arm     string `json:"arm"`
	Error   string `json:"error,omitempty"` // why it was interrupted or failed
	Progress
	LeftS float64 `json:"left_s,omitempty"` // estimated seconds to the end of the run; absent while unknown
}

// statedEach is how often a status is written while nothing happens; stalledAfter how old one of a run
// that goes on can't be.
var (
	statedEach   = 5 * time.Second
	stalledAfter = 2 * time.Minute
)

// ReadStatus reads the status of the run in dir.
func ReadStatus(dir string) (Status, error) {
	var s Status
	err := readJSON(filepath.Join(dir, statusName), &s)
	return s, err
}

// StateNever is that of a run that was never begun, in reports only.
const StateNever = "never started"

// Unfinished is how a run without a result stands, as its status.json says.
func (j Job) Unfinished() Status {
	s, err := ReadStatus(j.Dir)
	if err != nil {
		return Status{State: StateNever, Seed: uint64(j.Seed), Arm: j.Arm}
	}
	return s
}

// Ended says for people where a run without a result stopped; why stands in Error.
func (s Status) Ended() string {
	if s.State == StateNever {
		return s.State
	}
	return fmt.Sprintf("%s at step %d of %d", s.State, s.Step, s.Steps)
}

// state writes status.json. reason is why the run ended early, or nil.
func (r *run) state(state string, reason error) error {
	me := thisHolder()
	s := Status{Schema: Schema, State: state, Updated: r.clock.stamp(), Host: me.Host, PID: me.PID, Seed: r.rc.Seed, Arm: r.rc.Arm}
	if reason != nil {
		s.Error = reason.Error()
	}
	if r.stepper != nil {
		s.Progress = r.progress()
		if done, left := r.step-r.from, r.rc.Steps()-r.step; done > 0 && state == StateRunning {
			s.LeftS = (r.clock.since() - r.started).Seconds() / float64(done) * float64(left)
		}
	}
	if state == StateRunning {
		return writeStatus(r.dir, s, atomicfile.Replace) // the next one follows soon
	}
	return writeStatus(r.dir, s, writeFile)
}

func writeStatus(dir string, s any, write func(path string, data []byte) error) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return write(filepath.Join(dir, statusName), append(data, '\n'))
}

// A StudyStatus is the status.json of a study's folder: one file for those who watch the whole. It says
// what all runs of the study say in theirs, so any process that works on the study, a shard's too,
// writes the same. docs/schemas/study-status.schema.json describes it.
type StudyStatus struct {
	Schema  int    `json:"schema"`
	State   string `json:"state"`   // running, idle, interrupted, failed, done; of the process that wrote last
	Phase   string `json:"phase"`   // calibration or pairs
	Updated string `json:"updated"` // RFC 3339, UTC
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	Study   string `json:"study,omitempty"` // hash of the lock; absent before there is one
	Done    int    `json:"done"`            // runs of the phase that are finished
	Total   int    `json:"total"`

	Running []RunStatus `json:"running"` // begun and not finished
	Failed  []RunStatus `json:"failed"`

	LeftS float64 `json:"left_s,omitempty"` // estimated seconds to the end of this process's share; absent while unknown
	Ends  string  `json:"ends,omitempty"`   // when that is, RFC 3339
	Error string  `json:"error,omitempty"`
}

// A RunStatus is one run in a study's status.
type RunStatus struct {
	Name   string  `json:"name"` // as progress lines name it
	Dir    string  `json:"dir"`  // below the study's folder, with slashes
	State  string  `json:"state"`
	Host   string  `json:"host"`
	PID    int     `json:"pid"`
	Step   int     `json:"step"`
	Steps  int     `json:"steps"`
	Epochs float64 `json:"epochs"`
	Top1   float64 `json:"top1_pct"` // of the last evaluation
	Error  string  `json:"error,omitempty"`
}

// A watch keeps a study's status.json while one process works through jobs.
type watch struct {
	study  *Study
	phase  string
	jobs   []Job // of the whole phase, whosever they are
	stated time.Time
}

// watch begins to keep the status of the phase that the jobs belong to.
func (s *Study) watch(jobs []Job) *watch {
	w := &watch{study: s, phase: "pairs", jobs: s.jobs(s.seeds())}
	if len(jobs) > 0 && unlocked(jobs[0].Kind) {
		w.phase, w.jobs = "calibration", calibrationJobs(s.Root, s.Config)
		if !slices.Contains(w.jobs, jobs[0]) { // a trial of a tuning, a reference run, one of the self-test
			w.jobs = jobs
		}
	}
	return w
}

// seeds are those of the pairs.
func (s *Study) seeds() []int {
	if s.Lock != nil {
		return s.Lock.Seeds
	}
	return nil
}

// tick writes the status now and then; left is the estimate for this process's share. A status that can't
// be written ends no work, here and in end.
func (w *watch) tick(left time.Duration) {
	if time.Since(w.stated) >= statedEach {
		w.write(StateRunning, left, nil)
	}
}

// end writes how the work ended.
func (w *watch) end(err error) {
	state := StateIdle
	switch {
	case errors.Is(err, ErrInterrupted):
		state = StateInterrupted
	case err != nil:
		state = StateFailed
	case w.now(StateDone, 0, nil).Done == len(w.jobs):
		state = StateDone
	}
	w.write(state, 0, err)
}

func (w *watch) write(state string, left time.Duration, reason error) {
	w.stated = time.Now()
	writeStatus(w.study.Root, w.now(state, left, reason), atomicfile.Replace)
}

// now reads what the runs of the phase say.
func (w *watch) now(state string, left time.Duration, reason error) StudyStatus {
	me := thisHolder()
	s := StudyStatus{
		Schema: Schema, State: state, Phase: w.phase, Updated: systemClock.stamp(), Host: me.Host, PID: me.PID,
		Total: len(w.jobs), Running: []RunStatus{}, Failed: []RunStatus{},
	}
	if w.study.Lock != nil {
		s.Study = w.study.Lock.Hash
	}
	if reason != nil {
		s.Error = reason.Error()
	}
	if left > 0 {
		s.LeftS, s.Ends = left.Seconds(), time.Now().Add(left).UTC().Format(time.RFC3339)
	}
	for _, j := range w.jobs {
		if done(j.Dir) {
			s.Done++
			continue
		}
		run, err := ReadStatus(j.Dir)
		if err != nil {
			continue // not begun
		}
		dir, err := filepath.Rel(w.study.Root, j.Dir)
		if err != nil {
			dir = j.Dir
		}
		entry := RunStatus{j.String(), filepath.ToSlash(dir), run.State, run.Host, run.PID, run.Step, run.Steps, run.Epochs, run.Top1, run.Error}
		if updated, err := time.Parse(time.RFC3339, run.Updated); err == nil && run.State == StateRunning && time.Since(updated) > stalledAfter {
			entry.State = StateStalled
		}
		if run.State == StateFailed {
			s.Failed = append(s.Failed, entry)
		} else {
			s.Running = append(s.Running, entry)
		}
	}
	return s
}

// ReadStudyStatus reads the status of the study in root.
func ReadStudyStatus(root string) (StudyStatus, error) {
	var s StudyStatus
	err := readJSON(filepath.Join(root, statusName), &s)
	return s, err
}
