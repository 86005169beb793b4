package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A Report is what a study's finished runs say.
type Report struct {
	Study   *Study
	Targets []TargetReport // in the order of the lock
	Primary int            // index of the verdict's target
	Verdict Verdict

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

// finished is one run read back.
type finished struct {
	job      Job
	manifest Manifest
	curve    Curve
	result   Result
}

// Collect reads all runs of the study, judges them and writes results.txt and results.byseed.txt. The
// same runs give the same bytes.
func (s *Study) Collect() (*Report, error) {
	if s.Lock == nil {
		return nil, fmt.Errorf("%w: %s has none yet; mtobench run makes it", ErrLock, s.Root)
	}
	r := &Report{Study: s}
	pairs := map[int]map[string]*finished{}
	var first *finished
	for _, seed := range s.Lock.Seeds {
		pairs[seed] = map[string]*finished{}
		for _, arm := range []string{ArmOff, ArmOn} {
			j := Job{jobPair, seed, arm, runDir(s.Root, seed, arm)}
			f, err := s.read(j)
			switch {
			case errors.Is(err, os.ErrNotExist):
				r.Missing = append(r.Missing, j)
			case err != nil:
				return nil, err
			default:
				pairs[seed][arm] = f
				if first == nil {
					first = f
				}
				if a, b := first.manifest, f.manifest; a.Arithmetic != b.Arithmetic {
					return nil, fmt.Errorf("%w: %s was computed as %s, %s as %s: their bits don't compare; run the study on CPUs of one kind", ErrLock, first.job.Dir, a.Arithmetic, f.job.Dir, b.Arithmetic)
				}
			}
		}
	}
	if len(r.Missing) == 2*len(s.Lock.Seeds) {
		return nil, fmt.Errorf("%s: no run of the study has finished; mtobench run trains them", s.Root)
	}
	var repeat *finished
	f, err := s.read(Job{jobRepeat, s.Lock.Seeds[0], ArmOff, repeatDir(s.Root, s.Lock.Seeds[0])})
	if err == nil {
		repeat = f
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := r.judge(pairs, repeat); err != nil {
		return nil, err
	}
	return r, r.write(pairs)
}

// read reads one finished run and verifies that it belongs to the study.
func (s *Study) read(j Job) (*finished, error) {
	f := &finished{job: j}
	var err error
	if f.result, err = readResult(filepath.Join(j.Dir, resultName)); err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(j.Dir, manifestName), &f.manifest); err != nil {
		return nil, fmt.Errorf("%s: finished, but without its manifest: %v", j.Dir, err)
	}
	if f.curve, err = ReadCurve(filepath.Join(j.Dir, curveName)); err != nil {
		return nil, fmt.Errorf("%s: finished, but without its curve: %v", j.Dir, err)
	}
	f.result.Seed, f.result.Arm = f.manifest.Seed, f.manifest.Arm
	switch {
	case f.manifest.Study != s.Lock.Hash:
		return nil, fmt.Errorf("%w: %s was run under lock %.16s, the study has %.16s", ErrLock, j.Dir, f.manifest.Study, s.Lock.Hash)
	case f.manifest.Numerics != s.Lock.Numerics:
		return nil, fmt.Errorf("%w: %s was run with numerics %d, the lock says %d", ErrLock, j.Dir, f.manifest.Numerics, s.Lock.Numerics)
	case f.manifest.Seed != uint64(j.Seed) || f.manifest.Arm != j.Arm:
		return nil, fmt.Errorf("%s: holds seed %d mto=%s", j.Dir, f.manifest.Seed, f.manifest.Arm)
	case len(f.curve) != len(s.Lock.Grid):
		return nil, fmt.Errorf("%s: %d evaluations, the lock's grid has %d", j.Dir, len(f.curve), len(s.Lock.Grid))
	}
	return f, verifyChain(f)
}

// verifyChain recomputes the hash chain from the curve.
func verifyChain(f *finished) error {
	chain := f.manifest.Run
	for i, p := range f.curve {
		if chain = link(chain, p); chain != p.Chain {
			return fmt.Errorf("%s: line %d of %s doesn't continue the hash chain: the file was changed", f.job.Dir, i+3, curveName)
		}
	}
	return nil
}

// write writes the two result files: mto=off first, seeds ascending.
func (r *Report) write(pairs map[int]map[string]*finished) error {
	var list []Result
	for _, arm := range []string{ArmOff, ArmOn} {
		for _, seed := range r.Study.Lock.Seeds {
			if f := pairs[seed][arm]; f != nil {
				list = append(list, f.result)
			}
		}
	}
	r.Results = filepath.Join(r.Study.Root, "results.txt")
	r.BySeed = filepath.Join(r.Study.Root, "results.byseed.txt")
	return errors.Join(
		writeFile(r.Results, benchText(list, false)),
		writeFile(r.BySeed, benchText(list, true)),
	)
}
