package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/mtobench/mtobench/internal/resultfile"
)

// SeriesFacts place results in the history of the code. Those that are empty are taken from the runs'
// manifests.
type SeriesFacts struct {
	Commit         string
	CommitTime     string // RFC 3339
	ExperimentTime string // RFC 3339: when the study began; pairs of one study share it
}

// WriteSeries copies the results in the file at path to w, under the configuration lines commit, commit-time
// and experiment-time, by which benchseries draws the ratio of the arms over the history of the code. The
// manifests lie in the folders of the runs beside the file. benchstat would split its tables on these
// lines, which is why results.txt has none of them. One writer for several files ends the lines of one
// before the next.
func WriteSeries(w *benchfmt.Writer, path string, facts SeriesFacts) error {
	f, err := resultfile.Read(path)
	if err != nil {
		return err
	}
	if len(f.Problems) > 0 {
		return fmt.Errorf("%w: %s", ErrNotInterpretable, f.Problems[0])
	}
	if len(f.Lines) == 0 {
		return fmt.Errorf("%w: %s: no benchmark line", ErrNotInterpretable, path)
	}
	if err := facts.complete(filepath.Dir(path)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	reader := benchfmt.NewReader(bytes.NewReader(data), path)
	for reader.Scan() {
		record := reader.Result()
		if result, ok := record.(*benchfmt.Result); ok {
			result = result.Clone()
			result.Config = append([]benchfmt.Config{
				line("commit", facts.Commit), line("commit-time", facts.CommitTime), line("experiment-time", facts.ExperimentTime),
			}, result.Config...)
			record = &benchfmt.Result{Config: result.Config, Name: result.Name, Iters: result.Iters, Values: result.Values}
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	return reader.Err()
}

// complete fills in what isn't given from the manifests of the study in root.
func (f *SeriesFacts) complete(root string) error {
	if f.Commit == "" || f.CommitTime == "" || f.ExperimentTime == "" {
		if err := f.fromRuns(root); err != nil {
			return err
		}
	}
	for _, t := range []struct{ flag, value string }{{"--commit-time", f.CommitTime}, {"--experiment-time", f.ExperimentTime}} {
		if _, err := time.Parse(time.RFC3339, t.value); err != nil {
			return fmt.Errorf("%w: %s %q: want a time like 2026-11-20T09:30:00Z", ErrConfig, t.flag, t.value)
		}
	}
	return nil
}

// fromRuns reads the manifests of the study's pairs.
func (f *SeriesFacts) fromRuns(root string) error {
	found, err := fs.Glob(os.DirFS(root), seedDirs+"/"+armDir("*")+"/"+manifestName)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("%w: no run of the study beside it, so its commit isn't known; give --commit, --commit-time and --experiment-time", ErrConfig)
	}
	var runs []recorded
	for _, name := range found {
		r := recorded{path: filepath.Join(root, filepath.FromSlash(name))}
		if err := readJSON(r.path, &r.Manifest); err != nil {
			return withRemedy(r.path, err)
		}
		runs = append(runs, r)
	}
	if err := f.place(runs); err != nil {
		return err
	}
	if f.CommitTime == "" {
		return errors.Join(ErrConfig, errors.New("--commit needs --commit-time"))
	}
	return nil
}

// recorded is a manifest with the path of its file.
type recorded struct {
	path string
	Manifest
}

// place fills in what isn't given from the manifests of one study. All must be of one version of the code.
func (f *SeriesFacts) place(runs []recorded) error {
	given := f.Commit != ""
	first, began := "", ""
	for _, m := range runs {
		if _, err := time.Parse(time.RFC3339, m.Started); err != nil {
			return fmt.Errorf("%s: started: %w", m.path, err)
		}
		if began == "" || m.Started < began { // all in UTC
			began = m.Started
		}
		commit := m.Revision
		if m.Modified {
			commit += "-modified"
		}
		switch {
		case given:
			continue
		case m.Revision == "" || m.RevisionTime == "":
			return fmt.Errorf("%w: %s names no commit with its time: the program was built without version control; give --commit and --commit-time", ErrConfig, m.path)
		case first != "" && commit != f.Commit:
			return fmt.Errorf("%w: %s ran commit %.12s, %s commit %.12s: a point of the series is one version of the code; give --commit and --commit-time if they are alike", ErrConfig, first, f.Commit, m.path, commit)
		}
		first, f.Commit, f.CommitTime = m.path, commit, m.RevisionTime
	}
	if f.ExperimentTime == "" {
		f.ExperimentTime = began
	}
	return nil
}

// Series places the study in the history of the code by the manifests of its finished runs, as WriteSeries does.
// Where the program of all of them was built without version control (go run does), Commit is empty and
// CommitTime when the study began. A study whose runs are of several versions is an error.
func (r *Report) Series() (SeriesFacts, error) {
	var runs []recorded
	versioned := false
	for _, f := range r.Runs {
		runs = append(runs, recorded{filepath.Join(f.Job.Dir, manifestName), f.Manifest})
		versioned = versioned || f.Manifest.Revision != ""
	}
	facts := SeriesFacts{}
	if !versioned {
		facts.Commit = "none"
	}
	if err := facts.place(runs); err != nil {
		return SeriesFacts{}, err
	}
	if !versioned {
		facts.Commit, facts.CommitTime = "", facts.ExperimentTime
	}
	return facts, nil
}
