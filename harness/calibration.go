package harness

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/mtobench/mtobench/internal/resultfile"
)

// MakeLock fixes the target from the finished calibration runs and writes the lock. It trains nothing.
// Where the study has a lock already, the calibration must reproduce it: made is then false. A lock other
// than the one under which pairs have begun is refused, whether that is still there or not.
func (s *Study) MakeLock() (made bool, err error) {
	lock, err := s.calibrated()
	if err != nil {
		return false, err
	}
	if s.Lock != nil {
		lock = lock.asOldAs(s.Lock)
		if d := s.Lock.Difference(lock); d != "" {
			return false, fmt.Errorf("%w: the calibration doesn't reproduce lock %s: %s", ErrLock, s.Lock.Study(), d)
		}
	}
	if err := s.begunUnder(lock); err != nil {
		return false, err
	}
	made = s.Lock == nil
	s.Lock = lock
	return made, s.prepare(s.Root, s.Config, lock)
}

// asOldAs is the lock without the keys that old doesn't know. Where l fits old's study, they stand at their
// defaults (see Fits).
func (l *Lock) asOldAs(old *Lock) *Lock {
	same := *l
	same.Config = maps.Clone(l.Config)
	maps.DeleteFunc(same.Config, func(key, _ string) bool { _, ok := old.Config[key]; return !ok })
	same.Hash = same.hash()
	return &same
}

// calibrated is the lock that the finished calibration runs give.
func (s *Study) calibrated() (*Lock, error) {
	c := s.calibrationConfig()
	jobs := calibrationJobs(s.Root, c)
	var runs []CalibrationRun
	missing := 0
	for _, j := range jobs {
		r, err := s.calibrationRun(j, c)
		switch {
		case errors.Is(err, os.ErrNotExist):
			missing++
		case err != nil:
			return nil, err
		}
		runs = append(runs, r)
	}
	if missing > 0 {
		return nil, fmt.Errorf("%w: %s: %d of %d calibration runs aren't finished; mtobench calibrate trains them", ErrLock, s.Root, missing, len(jobs))
	}
	return newLock(c, s.data, runs)
}

// calibrationRun reads a finished baseline run and verifies that it is what the study would train: its
// identity, its hash chain, and the digest of its layers' curves.
func (s *Study) calibrationRun(j Job, c Config) (CalibrationRun, error) {
	result, err := os.ReadFile(filepath.Join(j.Dir, resultName))
	if err != nil {
		return CalibrationRun{}, err
	}
	if err := checkHead(filepath.Join(j.Dir, resultName), result, resultfile.SchemaComment); err != nil {
		return CalibrationRun{}, damagedRun(j.Dir, err)
	}
	f := Finished{Job: j}
	if err := readJSON(filepath.Join(j.Dir, manifestName), &f.Manifest); err != nil {
		return CalibrationRun{}, damagedRun(j.Dir, err)
	}
	if f.Curve, err = ReadCurve(filepath.Join(j.Dir, curveName)); err != nil {
		return CalibrationRun{}, damagedRun(j.Dir, err)
	}
	workload := c.WorkloadHash(s.data.SHA256)
	switch want := RunID(workload, uint64(j.Seed), j.Arm); {
	case f.Manifest.Run != want:
		return CalibrationRun{}, fmt.Errorf("%w: %s holds run %s, the study's is %s: other settings, data, seed, numerics or kind of CPU; choose another --out, or remove the folder", ErrLock, j.Dir, f.Manifest.Run, want)
	case len(f.Curve) != c.Study.Grid+1:
		return CalibrationRun{}, fmt.Errorf("%w: %s: %s has %d evaluations, the grid has %d; %s", ErrLock, j.Dir, curveName, len(f.Curve), c.Study.Grid+1, remedy(j.Dir))
	}
	if err := errors.Join(verifyGrid(j.Dir, f.Curve, c), verifyChain(j.Dir, f.Manifest.Run, f.Curve)); err != nil {
		return CalibrationRun{}, fmt.Errorf("%w: %w", ErrLock, err)
	}
	if !strings.Contains(string(result), calibrationFacts(f.Curve)) {
		return CalibrationRun{}, fmt.Errorf("%w: %s: the curves of its layers aren't those that %s was written for: a file was changed; %s", ErrLock, j.Dir, resultName, remedy(j.Dir))
	}
	r := CalibrationRun{Seed: j.Seed, Chain: f.Curve[len(f.Curve)-1].Chain, Quality: map[int][]float64{}}
	if c.Probe.Layer > 0 {
		r.Quality[c.Probe.Layer] = f.Curve.quality()
		return r, nil
	}
	for layer := 1; layer <= c.Model.Depth; layer++ {
		if _, ok := f.Curve[0].Diagnostics[layerKey(layer)]; ok {
			r.Quality[layer] = f.Curve.column(func(p Point) float64 { return p.Diagnostics[layerKey(layer)] })
		}
	}
	return r, nil
}

// calibrationFacts stands in result.bench of a calibration run: the end of the hash chain, and a digest of
// the layers' curves, which the chain leaves out and the choice of the layer rests on.
func calibrationFacts(c Curve) string {
	h := sha256.New()
	for layer := 1; ; layer++ {
		if _, ok := c[0].Diagnostics[layerKey(layer)]; !ok {
			break
		}
		for _, p := range c {
			fmt.Fprintf(h, "%d %d %v\n", layer, p.Step, p.Diagnostics[layerKey(layer)])
		}
	}
	return fmt.Sprintf("chain %s, layers %x", c[len(c)-1].Chain, h.Sum(nil))
}

// begunUnder refuses lock where a run of the study has begun under another one.
func (s *Study) begunUnder(lock *Lock) error {
	for _, pattern := range []string{seedDirs, jobRepeat + "/" + seedDirs, jobComplete + "/budget=*/" + seedDirs} {
		found, err := fs.Glob(os.DirFS(s.Root), pattern+"/"+armDir("*")+"/"+manifestName)
		if err != nil {
			return err
		}
		for _, name := range found {
			path := filepath.Join(s.Root, filepath.FromSlash(name))
			var m Manifest
			switch err := readJSON(path, &m); {
			case errors.Is(err, errDamaged) && !done(filepath.Dir(path)):
				continue // the run makes it again, by its own lock
			case errors.Is(err, errDamaged):
				return damagedRun(filepath.Dir(path), err)
			case err != nil:
				return err
			}
			if err := m.under(filepath.Dir(path), lock); err != nil {
				return err
			}
		}
	}
	return nil
}

// damagedRun is the error of a finished run of which a file is damaged or missing. It isn't os.ErrNotExist, which would
// be a run that hasn't finished.
func damagedRun(dir string, err error) error {
	return fmt.Errorf("%s: the run is finished, but one of its files can't be read: %v; %s", dir, err, remedy(dir))
}

// remedy says how a damaged or missing file of the run or study in dir is made again.
func remedy(dir string) string {
	if done(dir) {
		return "restore that file, or remove " + resultName + " beside it and give the study's command again: the run ends from its last checkpoint and writes it anew"
	}
	return "give the study's command again, which writes it anew"
}

// withRemedy adds to the error about a file at path, where that is damaged, how it is made again.
func withRemedy(path string, err error) error {
	if !errors.Is(err, errDamaged) {
		return err
	}
	return fmt.Errorf("%w; %s", err, remedy(filepath.Dir(path)))
}

// under refuses a run of another lock than the study's, and says how they differ where that is known.
func (m *Manifest) under(dir string, lock *Lock) error {
	if m.Study == lock.Hash {
		return nil
	}
	why := ""
	if own, err := ReadLock(filepath.Join(dir, LockName)); err == nil && own.Hash == m.Study {
		why = " (" + own.Difference(lock) + ")"
	}
	return fmt.Errorf("%w: %s belongs to lock %.16s, the study has %.16s%s: results of two locks are never mixed; choose another --out, or remove the runs of one", ErrLock, dir, m.Study, lock.Hash, why)
}
