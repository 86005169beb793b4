package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

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

	Seconds   *Comparison // training clock to the primary target; nil where the A/A of seconds failed
	Warnings  []string
	Checks    []Check // of b.7
	Missing   []Job   // runs without a result
	Secondary Raw     // raw first crossings

	Results string // path of results.txt
	BySeed  string // path of results.byseed.txt

	noisy bool // the A/A of seconds failed
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
	var first *Finished
	for _, seed := range s.Lock.Seeds {
		for _, arm := range []string{ArmOff, ArmOn} {
			j := Job{jobPair, seed, arm, runDir(s.Root, seed, arm)}
			f, err := s.read(j)
			switch {
			case errors.Is(err, os.ErrNotExist):
				r.Missing = append(r.Missing, j)
			case err != nil:
				return nil, err
			default:
				r.Runs = append(r.Runs, f)
				if first == nil {
					first = f
				}
				if a, b := first.Manifest, f.Manifest; a.Arithmetic != b.Arithmetic {
					return nil, fmt.Errorf("%w: %s was computed as %s, %s as %s: their bits don't compare; run the study on CPUs of one kind", ErrLock, first.Job.Dir, a.Arithmetic, f.Job.Dir, b.Arithmetic)
				}
			}
		}
	}
	if len(r.Missing) == 2*len(s.Lock.Seeds) {
		return nil, fmt.Errorf("%s: no run of the study has finished; mtobench run trains them", s.Root)
	}
	f, err := s.read(Job{jobRepeat, s.Lock.Seeds[0], ArmOff, repeatDir(s.Root, s.Lock.Seeds[0])})
	if err == nil {
		r.Repeat = f
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := r.checkSealed(); err != nil {
		return nil, err
	}
	return r, r.judge()
}

// read reads one finished run and verifies that it belongs to the study.
func (s *Study) read(j Job) (*Finished, error) {
	f := &Finished{Job: j}
	var err error
	if f.Result, err = readResult(filepath.Join(j.Dir, resultName)); err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(j.Dir, manifestName), &f.Manifest); err != nil {
		return nil, fmt.Errorf("%s: finished, but without its manifest: %v", j.Dir, err)
	}
	if f.Curve, err = ReadCurve(filepath.Join(j.Dir, curveName)); err != nil {
		return nil, fmt.Errorf("%s: finished, but without its curve: %v", j.Dir, err)
	}
	f.Result.Seed, f.Result.Arm = f.Manifest.Seed, f.Manifest.Arm
	if err := f.Manifest.under(j.Dir, s.Lock); err != nil {
		return nil, err
	}
	for _, block := range []*benchfmt.Result{f.Result.Epochs, f.Result.Time} {
		if study := block.GetConfig("study"); study != s.Lock.Study() {
			return nil, fmt.Errorf("%w: %s: %s says study %s, the lock is %s: the file was changed", ErrLock, j.Dir, resultName, study, s.Lock.Study())
		}
	}
	switch {
	case f.Manifest.Numerics != s.Lock.Numerics:
		return nil, fmt.Errorf("%w: %s was run with numerics %d, the lock says %d", ErrLock, j.Dir, f.Manifest.Numerics, s.Lock.Numerics)
	case f.Manifest.Seed != uint64(j.Seed) || f.Manifest.Arm != j.Arm:
		return nil, fmt.Errorf("%s: holds seed %d mto=%s", j.Dir, f.Manifest.Seed, f.Manifest.Arm)
	case len(f.Curve) != len(s.Lock.Grid):
		return nil, fmt.Errorf("%s: %d evaluations, the lock's grid has %d", j.Dir, len(f.Curve), len(s.Lock.Grid))
	}
	return f, errors.Join(verifyChain(f), f.readFinal())
}

// verifyChain recomputes the hash chain from the curve.
func verifyChain(f *Finished) error {
	chain := f.Manifest.Run
	for i, p := range f.Curve {
		if chain = link(chain, p); chain != p.Chain {
			return fmt.Errorf("%s: line %d of %s doesn't continue the hash chain: the file was changed", f.Job.Dir, i+3, curveName)
		}
	}
	return nil
}

// write writes the two result files: mto=off first, seeds ascending.
func (r *Report) write() error {
	var list []Result
	for _, arm := range []string{ArmOff, ArmOn} {
		for _, f := range r.Runs {
			if f.Job.Arm == arm {
				list = append(list, f.Result)
			}
		}
	}
	return errors.Join(
		writeFile(r.Results, benchText(list, false)),
		writeFile(r.BySeed, benchText(list, true)),
	)
}
