package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/perf/benchfmt"

	"github.com/mtobench/mtobench/harness"
)

// series writes the results of studies, one after the other, for benchseries.
func (e *exportCommand) series() error {
	if e.Format != "" || e.Out != "" || e.Example != "" || e.StrictTimm {
		return fmt.Errorf("%w: --series writes results to standard output; --format, --out and the others are for models", harness.ErrConfig)
	}
	var files []string
	for _, path := range e.Paths {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			files = append(files, path)
			continue
		}
		roots, err := harness.StudyFolders(path)
		if err != nil {
			return err
		}
		for _, root := range roots {
			file := filepath.Join(root, "results.txt")
			if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) { // a shard's folder, or one that only holds the calibration
				fmt.Fprintf(os.Stderr, "mtobench: %s: left out: it has no results.txt (mtobench collect writes it)\n", root)
				continue
			}
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("%w: no folder has a results.txt; mtobench collect writes it", harness.ErrConfig)
	}
	var all bytes.Buffer // nothing is written where one fails
	w := benchfmt.NewWriter(&all)
	for _, file := range files {
		if err := harness.WriteSeries(w, file, harness.SeriesFacts{Commit: e.Commit, CommitTime: e.CommitTime, ExperimentTime: e.ExperimentTime}); err != nil {
			return err
		}
	}
	_, err := os.Stdout.Write(all.Bytes())
	return err
}
