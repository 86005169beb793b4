package harness

import "path/filepath"

// States of a run in status.json.
const (
	StateRunning     = "running"
	StateInterrupted = "interrupted"
	StateFailed      = "failed"
	StateDone        = "done"
)

// Status is status.json: how a run stands, for those who watch it.
type Status = status

// ReadStatus reads the status of the run in dir.
func ReadStatus(dir string) (Status, error) {
	var s Status
	err := readJSON(filepath.Join(dir, statusName), &s)
	return s, err
}
