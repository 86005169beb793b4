package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"

	"github.com/mtobench/mtobench/nn"
)

// Files of a run whose loss, gradient or evaluation wasn't finite: what was found, and the state before it.
const (
	divergedName      = "diverged.json"
	divergedStateName = "diverged.safetensors"
)

// Where a run diverged.
const (
	inStep       = "step"
	inEvaluation = "evaluation"
)

// A Divergence is the record of a training step, or an evaluation, whose numbers weren't finite. With the
// state that lies beside it the failure can be made again, see [ReplayDivergence].
type Divergence struct {
	Schema int    `json:"schema"`
	Run    string `json:"run"`
	Seed   uint64 `json:"seed"`
	Arm    string `json:"arm"`
	Where  string `json:"where"` // step or evaluation
	Step   int    `json:"step"`  // the step that failed, 1 being the first; of an evaluation: the steps done before
	State  string `json:"state"` // SHA-256 of the state before, as in the curve
	Error  string `json:"error"`

	Loss     Number            `json:"loss"` // these are of a step only
	GradNorm Number            `json:"gradient_norm"`
	LR       Number            `json:"learning_rate"`
	Terms    map[string]Number `json:"loss_terms,omitempty"`
	First    *BadValue         `json:"first_bad_value,omitempty"` // nil where each single value is finite
	Images   []int32           `json:"batch_images,omitempty"`    // indices into the training split
}

// A Number is a float32 with its bits, as JSON has no NaN. All NaNs are one: which of their bits an operation
// gives depends on the CPU (numerics rule 14).
type Number struct {
	Text string `json:"value"`
	Bits string `json:"bits"`
}

func number(x float32) Number {
	if x != x {
		return Number{"NaN", "7fc00000"}
	}
	return Number{strconv.FormatFloat(float64(x), 'g', -1, 32), fmt.Sprintf("%08x", math.Float32bits(x))}
}

// A BadValue is the first value, in the order of computing, that isn't finite.
type BadValue struct {
	Operation int    `json:"operation"` // its number in the program, -1 for the state that the step began with
	Kind      string `json:"kind"`
	Phase     string `json:"phase"`
	Tensor    string `json:"tensor"`
	Index     int    `json:"index"`
	Value     Number `json:"value"`
	Bad       int    `json:"bad_values"` // of this tensor
	Of        int    `json:"of_values"`
}

func (b *BadValue) String() string {
	at := fmt.Sprintf("operation %d (%s, %s)", b.Operation, b.Kind, b.Phase)
	if b.Operation < 0 {
		at = "the state before the step"
	}
	return fmt.Sprintf("%s: %s: element %d is %s (%d of %d values aren't finite)", at, b.Tensor, b.Index, b.Value.Text, b.Bad, b.Of)
}

// badValue returns the first value of data that isn't finite, nil without one.
func badValue(tensor string, data []float32) *BadValue {
	var bad *BadValue
	for i, v := range data {
		if finite32(v) {
			continue
		}
		if bad == nil {
			bad = &BadValue{Operation: -1, Tensor: tensor, Index: i, Value: number(v), Of: len(data)}
		}
		bad.Bad++
	}
	return bad
}

// A diagnoser is a stepper that can say what went wrong in the step that it just failed to take.
type diagnoser interface {
	Diagnose() (Divergence, error)
}

// Diagnose makes the next step with a look at every value that its operations write. A step whose loss
// or gradient isn't finite changes no weight, so after a failed Step it finds what made that fail.
func (t *Trainer) Diagnose() (Divergence, error) {
	d := Divergence{Where: inStep, Step: t.step + 1, State: t.StateHash(), Terms: map[string]Number{}}
	cpu, ok := t.device.(*nn.CPU)
	if !ok {
		return d, fmt.Errorf("harness: %s can't be traced", t.device.Name())
	}
	if err := t.feed(); err != nil {
		return d, err
	}
	for i := range t.rc.Train.Batch {
		d.Images = append(d.Images, t.subset[t.order[t.start+i]])
	}
	for _, which := range []nn.State{nn.Weights, nn.Moment1, nn.Moment2, nn.Averaged} {
		flat, err := t.state(which)
		if err != nil {
			return d, err
		}
		for _, name := range t.params.Names() {
			if d.First == nil {
				d.First = badValue(fmt.Sprintf("%s of %s", which, name), t.params.Slice(flat, name))
			}
		}
	}
	err := cpu.Trace(t.program, func(n int, op *nn.Op, x nn.Tensor, data []float32) {
		for _, term := range t.recorded.Terms {
			if x == term.Value {
				d.Terms[term.Name] = number(data[0])
			}
		}
		if d.First == nil {
			if d.First = badValue(x.String(), data); d.First != nil {
				d.First.Operation, d.First.Kind, d.First.Phase = n, string(op.Kind), op.Phase().String()
			}
		}
	})
	if err != nil {
		return d, err
	}
	if err := t.device.Download(t.stats[:], t.program.Stats()); err != nil {
		return d, err
	}
	d.Loss, d.GradNorm, d.LR = number(t.stats[nn.StatLoss]), number(t.stats[nn.StatNorm]), number(t.hyp[nn.HyperLR])
	return d, nil
}

// diverged leaves the state before the failure and its record in the run's folder, and returns the
// reason with how to make it again.
func (r *run) diverged(where string, reason error) error {
	d := Divergence{Where: where, Step: r.step, State: r.stepper.StateHash()}
	var err error
	if by, ok := r.stepper.(diagnoser); ok && where == inStep {
		d, err = by.Diagnose()
	}
	d.Schema, d.Run, d.Seed, d.Arm, d.Error = Schema, r.manifest.Run, r.rc.Seed, r.rc.Arm, reason.Error()
	if err == nil {
		err = r.save(filepath.Join(r.dir, divergedStateName))
	}
	if err == nil {
		err = writeJSON(filepath.Join(r.dir, divergedName), d)
	}
	reason = fmt.Errorf("%w: %w", ErrDiverged, reason)
	if err != nil {
		return fmt.Errorf("%w; what made it couldn't be kept: %w", reason, err)
	}
	if d.First != nil {
		reason = fmt.Errorf("%w; first bad value: %v", reason, d.First)
	}
	return fmt.Errorf("%w; to see it again, bit for bit: mtobench replay %s", reason, r.dir)
}

// ReadDivergence reads the record that a diverged run left in its folder; the error is fs.ErrNotExist
// where there is none.
func ReadDivergence(dir string) (Divergence, error) {
	var d Divergence
	err := readJSON(filepath.Join(dir, divergedName), &d)
	if errors.Is(err, errDamaged) {
		err = fmt.Errorf("%w; remove it and give the study's command again: the run fails as before and writes it anew", err)
	}
	return d, err
}

// ReplayDivergence restores the state in which the run in dir failed, on threads worker threads (0: all
// processors), does again what failed and returns what it finds. The error is nil where that is the same
// failure, bit for bit.
func ReplayDivergence(dir string, threads int) (Divergence, error) {
	return replayDivergence(dir, threads, openData, newRealStepper)
}

func replayDivergence(dir string, threads int, open openSet, make newStepper) (found Divergence, err error) {
	want, err := ReadDivergence(dir)
	if err != nil {
		return found, err
	}
	config, err := readResolved(filepath.Join(dir, configName))
	if err != nil {
		return found, err
	}
	set, _, err := open(&config)
	if err != nil {
		return found, err
	}
	s, err := make(RunConfig{Config: config, Seed: want.Seed, Arm: want.Arm}, set, threads)
	if err != nil {
		return found, err
	}
	defer s.Close()
	switch _, err := s.Restore(filepath.Join(dir, divergedStateName)); {
	case errors.Is(err, errForeign):
		return found, fmt.Errorf("%w: %w; replay it with the mtobench and the images that the run had", ErrNotInterpretable, err)
	case err != nil:
		return found, fmt.Errorf("%w; restore that file, or remove %s beside it and give the study's command again: the run fails as before and writes both anew", err, divergedName)
	}
	found = Divergence{Schema: want.Schema, Run: want.Run, Seed: want.Seed, Arm: want.Arm, Where: want.Where, Step: want.Step, State: s.StateHash()}
	if want.Where == inEvaluation {
		e, err := s.Evaluate()
		if err == nil {
			err = e.check(want.Step)
		}
		if err == nil {
			return found, fmt.Errorf("%s: the evaluation after step %d is finite now: %s said: %s", dir, want.Step, divergedName, want.Error)
		}
		found.Error = err.Error()
		return found, want.difference(found)
	}
	_, failed := s.Step()
	if failed == nil {
		return found, fmt.Errorf("%s: step %d is finite now: %s said: %s", dir, want.Step, divergedName, want.Error)
	}
	if by, ok := s.(diagnoser); ok {
		if found, err = by.Diagnose(); err != nil {
			return found, err
		}
	}
	found.Schema, found.Run, found.Seed, found.Arm, found.Error = want.Schema, want.Run, want.Seed, want.Arm, failed.Error()
	return found, want.difference(found)
}

// difference names the first field in which two records differ.
func (d Divergence) difference(found Divergence) error {
	a, b := reflect.ValueOf(d), reflect.ValueOf(found)
	for i := range a.NumField() {
		if x, y := a.Field(i).Interface(), b.Field(i).Interface(); !reflect.DeepEqual(x, y) {
			return fmt.Errorf("another failure than recorded: %s: %v then, %v now", a.Type().Field(i).Tag.Get("json"), x, y)
		}
	}
	return nil
}

// forgetDivergence removes the record of a failure that this run, made by another program, got past.
func (r *run) forgetDivergence() error {
	for _, name := range []string{divergedName, divergedStateName} {
		if err := os.Remove(filepath.Join(r.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
