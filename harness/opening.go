package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// eventTestOpen is the key of an opening of the test split in events.jsonl; its value is the number of images.
const eventTestOpen = "test_open"

// A TestOpening says who opened the test split, when and what for (methodology F3).
type TestOpening struct {
	Time        string   `json:"time"` // RFC 3339, UTC
	Host        string   `json:"host"`
	PID         int      `json:"pid"`
	Run         string   `json:"run"`
	Study       string   `json:"study"` // hash of the lock in force
	Images      int      `json:"images"`
	Evaluations []string `json:"evaluations"`
}

func newOpening(run, lock string, images int, evaluations []string) TestOpening {
	me := thisHolder()
	return TestOpening{
		Time: time.Now().UTC().Format(time.RFC3339Nano), Host: me.Host, PID: me.PID,
		Run: run, Study: lock, Images: images, Evaluations: evaluations,
	}
}

// metadata is the opening as metadata of its event.
func (o TestOpening) metadata() map[string]any {
	return map[string]any{"time": o.Time, "host": o.Host, "pid": o.PID, "run": o.Run, "study": o.Study, "images": o.Images, "evaluations": o.Evaluations}
}

// readOpenings lists the openings in an event log, in order; none where there is no log.
func readOpenings(path string) ([]TestOpening, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var openings []TestOpening
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !bytes.Contains(line, []byte(eventTestOpen)) {
			continue
		}
		var e struct {
			Schema   int         `json:"schema"`
			Key      string      `json:"key"`
			Metadata TestOpening `json:"metadata"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("%s:%d: an opening of the test split that can't be read: %w; restore the file, or remove it with %s and %s beside it and give the study's command again", path, i+1, err, finalName, resultName)
		}
		if err := checkSchema(fmt.Sprintf("%s:%d", path, i+1), e.Schema); err != nil {
			return nil, err
		}
		if e.Key == eventTestOpen {
			openings = append(openings, e.Metadata)
		}
	}
	return openings, nil
}
