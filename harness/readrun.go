package harness

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/perf/benchfmt"
)

// read reads one finished run and verifies that it belongs to the study: its lock, numerics and seed,
// its grid, its hash chain, and that the figures of result.bench are those that its curve gives. The
// result it returns is made from the curve; of result.bench it keeps what stands nowhere else, the place
// and the peak of memory.
func (s *Study) read(j Job) (*Finished, error) {
	f := &Finished{Job: j}
	path := filepath.Join(j.Dir, resultName)
	written, err := readResult(path)
	if errors.Is(err, errDamaged) {
		return nil, damagedRun(j.Dir, err)
	}
	if err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(j.Dir, manifestName), &f.Manifest); err != nil {
		return nil, damagedRun(j.Dir, err)
	}
	if f.Curve, err = ReadCurve(filepath.Join(j.Dir, curveName)); err != nil {
		return nil, damagedRun(j.Dir, err)
	}
	m, c := f.Manifest, s.runConfig(s.Config, j)
	if err := m.under(j.Dir, s.Lock); err != nil {
		return nil, err
	}
	for _, block := range []*benchfmt.Result{written.Epochs, written.Time} {
		if study := block.GetConfig("study"); study != s.Lock.Study() {
			return nil, fmt.Errorf("%w: %s: %s says study %s, the lock is %s: the file was changed; %s", ErrLock, j.Dir, resultName, study, s.Lock.Study(), remedy(j.Dir))
		}
	}
	switch {
	case m.Numerics != s.Lock.Numerics:
		return nil, fmt.Errorf("%w: %s was run with numerics %d, the lock says %d: their bits don't compare; remove the folder and give the study's command again", ErrLock, j.Dir, m.Numerics, s.Lock.Numerics)
	case m.Seed != uint64(j.Seed) || m.Arm != j.Arm:
		return nil, fmt.Errorf("%s: holds seed %d mto=%s: the folder was moved; move it back", j.Dir, m.Seed, m.Arm)
	case m.Run != RunID(m.Workload, m.Seed, m.Arm):
		return nil, fmt.Errorf("%s: %s names run %s, its workload, seed and arm give %s: the file was changed; %s", j.Dir, manifestName, m.Run, RunID(m.Workload, m.Seed, m.Arm), remedy(j.Dir))
	case len(f.Curve) != len(s.Lock.Grid):
		return nil, fmt.Errorf("%s: %s has %d evaluations, the lock's grid has %d; %s", j.Dir, curveName, len(f.Curve), len(s.Lock.Grid), remedy(j.Dir))
	}
	if err := errors.Join(verifyGrid(j.Dir, f.Curve, c), verifyChain(j.Dir, m.Run, f.Curve), f.readFinal()); err != nil {
		return nil, err
	}
	peak, ok := figure(written.Time, "peak-rss-bytes")
	if !ok {
		return nil, fmt.Errorf("%s: no peak-rss-bytes; remove the file and run the study again: the run ends from its last checkpoint", path)
	}
	f.Result = newResultOf(j.Kind, s.Lock, c, m, f.Curve, f.Final, int64(peak))
	f.Result.Time.Config, f.Result.Time.Name = written.Time.Config, written.Time.Name // where the run ended, if it moved
	return f, sameFigures(path, written, f.Result)
}

// verifyGrid recomputes the columns that follow from the number of evaluations alone.
func verifyGrid(dir string, curve Curve, c Config) error {
	for i, p := range curve {
		step := c.GridStep(i)
		images := int64(step) * int64(c.Train.Batch)
		if p.Step != step || p.Images != images || p.Epochs != c.EpochsAt(step) {
			return fmt.Errorf("%s: line %d of %s has step %d, %d images, %v epochs; the grid has step %d, %d images, %v epochs: the file was changed; %s", dir, i+3, curveName, p.Step, p.Images, p.Epochs, step, images, c.EpochsAt(step), remedy(dir))
		}
	}
	return nil
}

// sameFigures refuses a result.bench that doesn't say what the run's curve gives.
func sameFigures(path string, written, made Result) error {
	differs := func(what, have, want string) error {
		return fmt.Errorf("%s: %s is %s, the run's curve and manifest give %s: one of the files was changed; restore it, or remove %s and run the study again: the run ends from its last checkpoint", path, what, have, want, resultName)
	}
	if !bytes.Equal(written.Epochs.Name, made.Epochs.Name) {
		return differs("the benchmark", string(written.Epochs.Name), string(made.Epochs.Name))
	}
	for _, c := range made.Epochs.Config {
		if have := written.Epochs.GetConfig(c.Key); have != string(c.Value) {
			return differs(c.Key, fmt.Sprintf("%q", have), fmt.Sprintf("%q", c.Value))
		}
	}
	for _, block := range []struct{ written, made *benchfmt.Result }{{written.Epochs, made.Epochs}, {written.Time, made.Time}} {
		if a, b := len(block.written.Values), len(block.made.Values); a != b {
			return differs("the number of figures", fmt.Sprint(a), fmt.Sprint(b))
		}
		for _, v := range block.made.Values {
			have, ok := figure(block.written, v.Unit)
			if !ok {
				return differs(v.Unit, "missing", fmt.Sprint(v.Value))
			}
			if have != v.Value {
				return differs(v.Unit, fmt.Sprint(have), fmt.Sprint(v.Value))
			}
		}
	}
	return nil
}

// figure is a result's value in a unit as it was written.
func figure(r *benchfmt.Result, unit string) (float64, bool) {
	at := slices.IndexFunc(r.Values, func(v benchfmt.Value) bool { return v.OrigUnit == unit || v.OrigUnit == "" && v.Unit == unit })
	if at < 0 {
		return 0, false
	}
	if v := r.Values[at]; v.OrigUnit != "" {
		return v.OrigValue, true
	}
	return r.Values[at].Value, true
}
