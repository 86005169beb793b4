package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// sealedCheck is the name of the check that nothing but finished runs under the lock saw the test split.
const sealedCheck = "the test split stayed sealed until the lock"

// checkSealed reads who opened the test split, in all folders of the study. An opening by a calibration run or under
// another lock fails the check, and so do figures of a run whose own folder has no opening; a second one by the same
// run, which a process that died in between leaves, is named.
func (r *Report) checkSealed() error {
	s := r.Study
	jobs := slices.Concat(pairJobs(s.Root, s.Lock.Seeds, true), completeJobs(s.Root, s.Lock.Seeds), calibrationJobs(s.Root, s.Config))
	runs, opened := 0, 0
	var early, unlogged []string
	logged := map[string]bool{} // folders of runs with an opening in their log
	for _, j := range jobs {
		openings, err := s.openings(j, logged)
		if err != nil {
			return err
		}
		opened += len(openings)
		if len(openings) > 0 {
			runs++
		}
		for _, o := range openings {
			if j.Kind == jobCalibration || o.Study != s.Lock.Hash {
				early = append(early, fmt.Sprintf("%s (%s, process %d on %s)", j, o.Time, o.PID, o.Host))
			}
		}
		if n := len(openings); n > 1 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s opened the test split %d times (%s): its process ended before the figures were written", j, n, openingTimes(openings)))
		}
	}
	finished := r.Runs
	if r.Complete != nil {
		finished = slices.Concat(finished, r.Complete.Runs)
	}
	for _, f := range finished {
		if f.Final != nil && !logged[f.Job.Dir] {
			unlogged = append(unlogged, f.Job.String())
		}
	}
	if !s.Config.Final.Test && opened == 0 {
		return nil
	}
	c := Check{sealedCheck, true, fmt.Sprintf("%d openings by %d runs, each at its budget and under the lock", opened, runs)}
	switch {
	case len(early) > 0:
		c.OK, c.Found = false, "opened before it by "+strings.Join(early, ", ")
	case len(unlogged) > 0:
		c.OK, c.Found = false, "figures without a logged opening: "+strings.Join(unlogged, ", ")
	}
	r.Checks = append(r.Checks, c)
	return nil
}

// openings are those that a job's runs logged in any folder of the study; copies of one count once. It marks the folders
// of runs that logged any.
func (s *Study) openings(j Job, logged map[string]bool) ([]TestOpening, error) {
	place, err := filepath.Rel(s.Root, j.Dir)
	if err != nil {
		return nil, err
	}
	var all []TestOpening
	for _, root := range s.roots() {
		dir := filepath.Join(root, place)
		found, err := readOpenings(filepath.Join(dir, eventsName))
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			logged[dir] = true
		}
		for _, o := range found {
			if !slices.ContainsFunc(all, func(p TestOpening) bool { return reflect.DeepEqual(o, p) }) {
				all = append(all, o)
			}
		}
	}
	return all, nil
}

func openingTimes(openings []TestOpening) string {
	var times []string
	for _, o := range openings {
		times = append(times, o.Time)
	}
	return strings.Join(times, ", ")
}

// readFinal reads the end-of-run evaluations of a finished run and verifies that they are its own. A run of an older
// program has none.
func (f *Finished) readFinal() (err error) {
	path := filepath.Join(f.Job.Dir, finalName)
	f.Final, err = ReadFinal(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.Final = nil
		return nil
	case err != nil:
		return err
	}
	return f.Final.belongs(path, f.Manifest, f.Curve[len(f.Curve)-1])
}
