package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sealedCheck is the name of the check that nothing but finished runs under the lock saw the test split.
const sealedCheck = "the test split stayed sealed until the lock"

// checkSealed reads who opened the test split, in all folders of the study. An opening by a calibration run or under
// another lock fails the check; a second one by the same run, which a process that died in between leaves, is named.
func (r *Report) checkSealed() error {
	s := r.Study
	jobs := slices.Concat(pairJobs(s.Root, s.Lock.Seeds, true), completeJobs(s.Root, s.Lock.Seeds), calibrationJobs(s.Root, s.Config))
	runs, opened := 0, 0
	var early, unlogged []string
	for _, j := range jobs {
		openings, err := readOpenings(filepath.Join(j.Dir, eventsName))
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
		if len(openings) == 0 && slices.ContainsFunc(r.Runs, func(f *Finished) bool { return f.Job == j && f.Final != nil }) {
			unlogged = append(unlogged, j.String())
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
