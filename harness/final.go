package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/mtobench/mtobench/benchdata"
)

// finalName is the file of a run's end-of-run evaluations. It is written before result.bench.
const finalName = "final.json"

// finalDir holds the states of what end-of-run evaluations train, until the run is done.
const finalDir = "final"

// A Final is final.json: what a run under a lock measured at its budget, on the test split, with the averaged
// weights (methodology F3 and 2.3). All of it but the openings and the memory is the same bits on every machine.
type Final struct {
	Schema   int    `json:"schema"`
	Numerics int    `json:"numerics"`
	Run      string `json:"run"`   // identity of the run, as in its manifest
	Study    string `json:"study"` // hash of the lock that the run was under
	Seed     uint64 `json:"seed"`
	Arm      string `json:"arm"`
	Step     int    `json:"step"`        // the budget
	State    string `json:"state"`       // SHA-256 of the state that was measured, as at the end of the curve
	Layer    int    `json:"probe_layer"` // whose features the probes see
	Images   int    `json:"test_images"`

	Figures []FinalFigure `json:"figures"`
	Hash    string        `json:"figures_sha256"` // of all above

	Openings []TestOpening `json:"openings"`                 // of the test split, by this run; more than one where a process died in between
	Peak     int64         `json:"peak_rss_bytes,omitempty"` // largest resident set of the run's processes so far
}

// A FinalFigure is one end-of-run evaluation. Accuracies are in percent.
type FinalFigure struct {
	Name       string  `json:"name"`           // ridge, knn, ...
	Unit       string  `json:"unit"`           // of Test in result files
	Test       float64 `json:"test_pct"`       // top-1 on the test split; mean over probe seeds where there are any
	Validation float64 `json:"validation_pct"` // the same on the validation split

	TestBySeed       []float64 `json:"test_pct_by_probe_seed,omitempty"`
	ValidationBySeed []float64 `json:"validation_pct_by_probe_seed,omitempty"`
	Chosen           []string  `json:"chosen_by_probe_seed,omitempty"` // settings chosen on a part of the bank, never on validation or test
}

// Names of final figures, in the order of final.json, and their units in result files.
var finalUnits = []struct{ name, unit string }{
	{"ridge", "test-top1-%"},
	{"knn", "test-knn-%"},
	{"logistic", "logistic-top1-%"},
	{attentiveName, "attentive-top1-%"},
	{finetuneName, "finetune-top1-%"},
}

// FinalUnits lists the units of final figures that runs of a configuration have, in order.
func (c *Config) FinalUnits() []string {
	var units []string
	for _, name := range c.finalNames() {
		units = append(units, finalUnit(name))
	}
	return units
}

// finalNames lists the evaluations that a configuration asks for.
func (c *Config) finalNames() []string {
	if !c.Final.Test {
		return nil
	}
	names := []string{"ridge", "knn"}
	if c.Final.Logistic {
		names = append(names, "logistic")
	}
	if c.Final.Attentive {
		names = append(names, attentiveName)
	}
	if c.Final.Finetune {
		names = append(names, finetuneName)
	}
	return names
}

func finalUnit(name string) string {
	for _, u := range finalUnits {
		if u.name == name {
			return u.unit
		}
	}
	panic("harness: no unit for the final evaluation " + name)
}

// hash is the SHA-256 of everything that doesn't depend on when and where it was measured.
func (f *Final) hash() string {
	bare := *f
	bare.Hash, bare.Openings, bare.Peak = "", nil, 0
	data, err := json.Marshal(bare)
	if err != nil {
		panic("harness: encoding final figures: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// ReadFinal reads a run's final.json and verifies its hash. The error satisfies errors.Is with os.ErrNotExist where
// the run has none.
func ReadFinal(path string) (*Final, error) {
	f := new(Final)
	if err := readJSON(path, f); errors.Is(err, errDamaged) {
		return nil, fmt.Errorf("%w; remove it, and %s beside it if there is one, and run again: the evaluations are made again", err, resultName)
	} else if err != nil {
		return nil, err
	}
	if have := f.hash(); have != f.Hash {
		return nil, fmt.Errorf("%s: its figures hash to %.16s, it says %.16s: edited after it was made; remove it and result.bench beside it, and run again", path, have, f.Hash)
	}
	return f, nil
}

// belongs says why f isn't of the run with that manifest and end, or nothing.
func (f *Final) belongs(path string, m Manifest, end Point) error {
	if f.Run != m.Run || f.Study != m.Study || f.State != end.State {
		return fmt.Errorf("%s: of run %s, lock %.16s, state %.16s; this run is %s, lock %.16s, state %.16s; move it away", path, f.Run, f.Study, f.State, m.Run, m.Study, end.State)
	}
	return nil
}

// evaluateFinal carries out the end-of-run evaluations and writes final.json, unless it is there. Calibration runs
// have none, nor does the repeated run: its state is that of another run, to the bit.
func (r *run) evaluateFinal() error {
	names := r.rc.finalNames()
	if r.lock == nil || r.kind == jobRepeat || len(names) == 0 {
		return nil
	}
	path, end := filepath.Join(r.dir, finalName), r.curve[len(r.curve)-1]
	switch old, err := ReadFinal(path); {
	case err == nil:
		return old.belongs(path, r.manifest, end)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	err := r.stepper.PrepareFinal(filepath.Join(r.dir, finalDir), func(stage string, done, total int) error {
		r.stage = fmt.Sprintf("%s, step %d of %d", stage, done, total)
		return r.tell(false)
	})
	r.stage = ""
	var diverged *tuningDivergence
	if err != nil {
		err = fmt.Errorf("end-of-run evaluation: %w", err)
	}
	if errors.As(err, &diverged) {
		return r.diverged(diverged.found.Where, err)
	}
	if err != nil {
		return err
	}
	test, err := r.openTest(names)
	if err != nil {
		return err
	}
	f := Final{
		Schema: Schema, Numerics: Numerics, Run: r.manifest.Run, Study: r.lock.Hash, Seed: r.rc.Seed, Arm: r.rc.Arm,
		Step: r.step, State: end.State, Layer: r.rc.Probe.Layer, Images: test.Len(),
	}
	f.Figures, err = r.stepper.Final(test)
	if err != nil {
		return fmt.Errorf("end-of-run evaluation: %w", err)
	}
	for _, figure := range f.Figures {
		if !finite(figure.Test) || !finite(figure.Validation) {
			return fmt.Errorf("%w: end-of-run evaluation %s isn't finite: %v %% on the test split, %v %% on the validation split", ErrDiverged, figure.Name, figure.Test, figure.Validation)
		}
		r.log.Info("final", "evaluation", figure.Name, "test_pct", figure.Test, "validation_pct", figure.Validation)
	}
	f.Hash = f.hash()
	if f.Openings, err = readOpenings(filepath.Join(r.dir, eventsName)); err != nil {
		return err
	}
	f.Peak = r.peakMemory()
	return writeJSON(path, f)
}

// openTest is the only way to the test split. It opens under a lock and at the budget, and logs the opening before
// any image is seen.
func (r *run) openTest(evaluations []string) (benchdata.Split, error) {
	switch {
	case r.lock == nil:
		return benchdata.Split{}, fmt.Errorf("%w: test split asked for without a lock", ErrBug)
	case !r.stepper.Done():
		return benchdata.Split{}, fmt.Errorf("%w: test split asked for at step %d of %d", ErrBug, r.step, r.stepper.TotalSteps())
	case r.test.Len() == 0:
		return benchdata.Split{}, fmt.Errorf("%w: %s has no test images; give some, or set final.test=false", ErrConfig, r.set.Name)
	}
	o := newOpening(r.manifest.Run, r.lock.Hash, r.test.Len(), evaluations)
	r.log.Info("test split opened", "images", o.Images, "lock", o.Study, "evaluations", slices.Clone(evaluations))
	if err := r.events.add(eventTestOpen, o.Images, o.metadata()); err != nil {
		return benchdata.Split{}, err
	}
	if err := r.events.sync(); err != nil { // an opening is never lost
		return benchdata.Split{}, err
	}
	return r.test.Open(), nil
}
