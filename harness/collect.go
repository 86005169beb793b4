package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// A Report is what a study's finished runs say.
type Report struct {
	Study   *Study
	Targets []TargetReport // in the order of the lock
	Primary int            // index of the verdict's target
	Verdict Verdict

	Runs   []*Finished // the pairs' finished runs: seeds in the lock's order, off before on
	Repeat *Finished   // the first seed's baseline once more; nil without one

	Complete *CompleteReport // confirmation by whole schedules; nil where the lock doesn't ask for it

	Units     []UnitComparison // to the primary target, in every unit of the budget; empty without a pair
	Speed     *SpeedRatio      // time of an epoch, on / off; nil where the training seconds are withheld
	Warnings  []string
	Checks    []Check           // of b.7; one that fails makes the verdict void
	Withheld  []Check           // those of the clocks that failed: they take the seconds away and nothing else
	Missing   []Job             // runs without a result
	Secondary Raw               // raw first crossings
	Final     []FinalComparison // end-of-run evaluations on the test split; none where no pair has any

	Results string // path of results.txt
	BySeed  string // path of results.byseed.txt

	unfit    bool              // not measurable at any target: its schedule, or too few pairs
	withheld map[string]string // by unit: why there are no numbers
}

// TargetReport is the comparison at one target.
type TargetReport struct {
	Target
	Comparison
}

// Raw is the secondary reading of b.5: the first grid point at or above the target, without a fit.
type Raw struct {
	MedianOff, MedianOn float64
	HitsOff, HitsOn     int
}

// A Check is one condition of b.7 with what was found.
type Check struct {
	Name  string
	OK    bool
	Found string
}

// A Finished run is one read back from its folder and verified: it belongs to the study, and its hash chain holds.
type Finished struct {
	Job      Job
	Manifest Manifest
	Curve    Curve
	Result   Result
	Final    *Final // end-of-run evaluations; nil where the run has none
}

// Outcome reads the run at a target, in percent of the primary probe.
func (f *Finished) Outcome(tau float64) Outcome { return outcome(f.Curve, tau) }

// Pairs lists the seeds of which both arms have finished, in the lock's order: off, on.
func (r *Report) Pairs() [][2]*Finished {
	arms := map[int][2]*Finished{}
	for _, f := range r.Runs {
		pair := arms[f.Job.Seed]
		if f.Job.Arm == ArmOff {
			pair[0] = f
		} else {
			pair[1] = f
		}
		arms[f.Job.Seed] = pair
	}
	var both [][2]*Finished
	for _, seed := range r.Study.Lock.Seeds {
		if pair := arms[seed]; pair[0] != nil && pair[1] != nil {
			both = append(both, pair)
		}
	}
	return both
}

// Collect judges the study and writes results.txt and results.byseed.txt. The same runs give the same
// bytes.
func (s *Study) Collect() (*Report, error) {
	r, err := s.Judge()
	if err != nil {
		return nil, err
	}
	return r, r.write()
}

// Judge reads all runs of the study and judges them. It writes nothing.
func (s *Study) Judge() (*Report, error) {
	if s.Lock == nil {
		return nil, fmt.Errorf("%w: %s has none yet; mtobench run makes it", ErrLock, s.Root)
	}
	r := &Report{Study: s, Results: filepath.Join(s.Root, "results.txt"), BySeed: filepath.Join(s.Root, "results.byseed.txt")}
	for _, seed := range s.Lock.Seeds {
		for _, arm := range []string{ArmOff, ArmOn} {
			j := Job{jobPair, seed, arm, runDir(s.Root, seed, arm)}
			f, err := s.find(j)
			switch {
			case errors.Is(err, os.ErrNotExist):
				r.Missing = append(r.Missing, s.begun(j))
				continue
			case err != nil:
				return nil, err
			}
			r.Runs = append(r.Runs, f)
			first := r.Runs[0]
			if a, b := first.Manifest, f.Manifest; a.Arithmetic != b.Arithmetic {
				return nil, fmt.Errorf("%w: %s was computed as %s, %s as %s: their bits don't compare; run the study on CPUs of one kind", ErrLock, first.Job.Dir, a.Arithmetic, f.Job.Dir, b.Arithmetic)
			}
		}
	}
	if len(r.Missing) == 2*len(s.Lock.Seeds) {
		return nil, fmt.Errorf("%s: no run of the study has finished; mtobench run trains them", s.Root)
	}
	f, err := s.find(s.repeatJob())
	if err == nil {
		r.Repeat = f
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	r.Final = r.finalComparisons()
	if err := r.readComplete(); err != nil {
		return nil, err
	}
	if err := r.checkSealed(); err != nil {
		return nil, err
	}
	r.judgeComplete()
	return r, r.judge()
}

// find reads the finished run of a job from the study's folder or from one of those that share it. Two
// results of one run are refused unless they are copies: no order of the folders may decide which counts.
func (s *Study) find(j Job) (*Finished, error) {
	var found *Finished
	for _, j := range s.places(j) {
		f, err := s.read(j)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		case found == nil:
			found = f
		case !bytes.Equal(benchText([]Result{found.Result}, false), benchText([]Result{f.Result}, false)):
			return nil, fmt.Errorf("run %s (%s) has two results that differ, in %s and in %s: remove one of the two, or collect the folders one by one", f.Manifest.Run, j, found.Job.Dir, f.Job.Dir)
		}
	}
	if found == nil {
		return nil, os.ErrNotExist
	}
	return found, nil
}

// begun is a missing run's job in the folder where the run was begun, the study's own where it was in none.
func (s *Study) begun(j Job) Job {
	for _, there := range s.places(j) {
		if _, err := ReadStatus(there.Dir); err == nil {
			return there
		}
	}
	return j
}

// places is a job in each folder that holds runs of the study.
func (s *Study) places(j Job) []Job {
	var jobs []Job
	for _, root := range s.roots() {
		there := j
		there.Dir = filepath.Join(root, strings.TrimPrefix(j.Dir, s.Root))
		jobs = append(jobs, there)
	}
	return jobs
}

// roots are the folders that hold runs of the study, sorted.
func (s *Study) roots() []string {
	return slices.Compact(slices.Sorted(slices.Values(append([]string{s.Root}, s.Also...))))
}

// write writes the two result files: mto=off first, seeds ascending.
func (r *Report) write() error {
	var list []Result
	for _, arm := range []string{ArmOff, ArmOn} {
		for _, f := range r.Runs {
			if f.Job.Arm != arm {
				continue
			}
			result := f.Result
			if again := r.Repeat; again != nil && again.Job.Seed == f.Job.Seed && arm == ArmOff && sameHost(f, again) {
				result.Repeat = again.Result.Time
			}
			list = append(list, result)
		}
	}
	return errors.Join(
		writeFile(r.Results, benchText(list, false, r.Missing...)),
		writeFile(r.BySeed, benchText(list, true, r.Missing...)),
		r.writeComplete(),
	)
}

// sameHost reports whether two runs have their seconds from machines of one kind with as many threads.
func sameHost(a, b *Finished) bool {
	x, y := a.Result.Time, b.Result.Time
	return bytes.Equal(x.Name, y.Name) && slices.EqualFunc(x.Config, y.Config, func(a, b benchfmt.Config) bool {
		return a.Key == b.Key && bytes.Equal(a.Value, b.Value)
	})
}
