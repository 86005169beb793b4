package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"

	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
)

// Files of a run whose loss, gradient or evaluation wasn't finite: what was found, and the state before it.
const (
	divergedName      = "diverged.json"
	divergedStateName = "diverged.safetensors"
)

// Where a run diverged; or in an end-of-run evaluation, by its name.
const (
	inStep       = "step"
	inEvaluation = "evaluation"
)

// A Divergence is the record of a training step, or an evaluation, whose numbers weren't finite. With the
// state that lies beside it the failure can be made again, see [ReplayDivergence]. Of an end-of-run evaluation the
// steps are those of its own training, whose state lies in the folder final.
type Divergence struct {
	Schema int    `json:"schema"`
	Run    string `json:"run"`
	Seed   uint64 `json:"seed"`
	Arm    string `json:"arm"`
	Where  string `json:"where"`                // step, evaluation, attentive or finetune
	Probe  int    `json:"probe_seed,omitempty"` // of an end-of-run evaluation, from 1
	Step   int    `json:"step"`                 // the step that failed, 1 being the first; of an evaluation: the steps done before
	State  string `json:"state"`                // SHA-256 of the run's state before, as in the curve
	Error  string `json:"error"`

	Loss     Number            `json:"loss"` // these are of a step only
	GradNorm Number            `json:"gradient_norm"`
	LR       Number            `json:"learning_rate"`
	Terms    map[string]Number `json:"loss_terms,omitempty"`
	First    *BadValue         `json:"first_bad_value,omitempty"` // nil where each single value is finite
	Images   []int32           `json:"batch_images,omitempty"`    // indices into the training split
}

// Place says what failed.
func (d Divergence) Place() string {
	switch d.Where {
	case inStep:
		return fmt.Sprintf("training step %d", d.Step)
	case inEvaluation:
		return fmt.Sprintf("the evaluation after step %d", d.Step)
	}
	return fmt.Sprintf("%s, probe seed %d, training step %d", d.Where, d.Probe, d.Step)
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

	// StepFinal makes the step again that failed in the training of an end-of-run evaluation, from the state before it
	// in the folder dir. Where it fails the error is a *tuningDivergence.
	StepFinal(dir string, failed Divergence) error
}

// Diagnose makes the next step with a look at every value that its operations write. A step whose loss
// or gradient isn't finite changes no weight, so after a failed Step it finds what made that fail.
func (t *Trainer) Diagnose() (Divergence, error) {
	d := Divergence{Where: inStep, Step: t.step + 1, State: t.StateHash()}
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
	err := d.trace(cpu, t.program, []nn.State{nn.Weights, nn.Moment1, nn.Moment2, nn.Averaged}, t.recorded.Terms)
	d.LR = number(t.hyp[nn.HyperLR])
	return d, err
}

// trace makes a step of p, which changes no weight where its loss or gradient isn't finite, and notes its numbers and
// the first value that isn't finite: in states, or in what an operation writes.
func (d *Divergence) trace(cpu *nn.CPU, p *nn.Program, states []nn.State, terms []mim.Term) error {
	params := p.Params()
	for _, which := range states {
		flat := make([]float32, params.Len())
		if err := cpu.DownloadState(flat, params, which); err != nil {
			return err
		}
		for _, name := range params.Names() {
			if d.First == nil {
				d.First = badValue(fmt.Sprintf("%s of %s", which, name), params.Slice(flat, name))
			}
		}
	}
	d.Terms = map[string]Number{}
	err := cpu.Trace(p, func(n int, op *nn.Op, x nn.Tensor, data []float32) {
		for _, term := range terms {
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
		return err
	}
	var stats [nn.NumStats]float32
	if err := cpu.Download(stats[:], p.Stats()); err != nil {
		return err
	}
	d.Loss, d.GradNorm = number(stats[nn.StatLoss]), number(stats[nn.StatNorm])
	return nil
}

// diverged leaves the state before the failure and its record in the run's folder, and returns the
// reason with how to make it again.
func (r *run) diverged(where string, reason error) error {
	d := Divergence{Where: where, Step: r.step, State: r.stepper.StateHash()}
	what, err := reason, error(nil)
	var final *tuningDivergence
	if errors.As(reason, &final) {
		d, what = final.found, final
	} else if by, ok := r.stepper.(diagnoser); ok && where == inStep {
		d, err = by.Diagnose()
	}
	d.Schema, d.Run, d.Seed, d.Arm, d.Error = Schema, r.manifest.Run, r.rc.Seed, r.rc.Arm, what.Error()
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
// failure, bit for bit, ErrNotInterpretable where this program, machine or the data at hand can't give the bits of that run, and
// ErrInterrupted once ctx ends.
func ReplayDivergence(ctx context.Context, dir string, threads int) (Divergence, error) {
	return replayDivergence(ctx, dir, threads, openData, newRealStepper)
}

func replayDivergence(ctx context.Context, dir string, threads int, open openSet, make newStepper) (found Divergence, err error) {
	want, err := ReadDivergence(dir)
	if err != nil {
		return found, err
	}
	config, err := readResolved(filepath.Join(dir, configName))
	if err != nil {
		return found, err
	}
	var m Manifest
	if err := readJSON(filepath.Join(dir, manifestName), &m); err != nil {
		return found, err
	}
	if arithmetic := simd.Arithmetic(config.precision()); arithmetic != m.Arithmetic {
		return found, fmt.Errorf("%w: %s: its arithmetic was %s, this machine's is %s: replay it on a CPU of that kind", ErrNotInterpretable, dir, m.Arithmetic, arithmetic)
	}
	set, _, err := openUnless(ctx, open, &config)
	if errors.Is(err, ErrInterrupted) {
		return found, err
	} else if err != nil {
		return found, fmt.Errorf("%w: %s: %w", ErrNotInterpretable, dir, err)
	}
	s, err := make(RunConfig{Config: config, Seed: want.Seed, Arm: want.Arm}, set, threads)
	if err != nil {
		return found, fmt.Errorf("%w: %s: %w", ErrNotInterpretable, dir, err)
	}
	defer s.Close()
	s.Watch(ctx)
	switch _, err := s.Restore(filepath.Join(dir, divergedStateName)); {
	case errors.Is(err, errForeign):
		return found, fmt.Errorf("%w: %w; replay it with the mtobench and the images that the run had", ErrNotInterpretable, err)
	case err != nil:
		return found, fmt.Errorf("%w; restore that file, or remove %s beside it and give the study's command again: the run fails as before and writes both anew", err, divergedName)
	}
	if ctx.Err() != nil {
		return found, ErrInterrupted
	}
	found, failed, err := want.again(s, dir)
	if err != nil {
		return found, err
	}
	if failed == nil {
		return found, fmt.Errorf("%s: %s is finite now: %s said: %s", dir, want.Place(), divergedName, want.Error)
	}
	found.Schema, found.Run, found.Seed, found.Arm, found.Error = want.Schema, want.Run, want.Seed, want.Arm, failed.Error()
	return found, want.difference(found)
}

// again does what failed once more: what it finds, the failure, nil if there is none now, and an error of anything else.
func (d Divergence) again(s stepper, dir string) (found Divergence, failed, err error) {
	found = Divergence{Where: d.Where, Step: d.Step, State: s.StateHash()}
	by, diagnoses := s.(diagnoser)
	switch {
	case d.Where == inEvaluation:
		var e Evaluation
		if e, failed = s.Evaluate(); failed == nil {
			failed = e.check(d.Step)
		}
	case slices.Contains(TuningNames(), d.Where) && diagnoses:
		var final *tuningDivergence
		failed = by.StepFinal(filepath.Join(dir, finalDir), d)
		if errors.As(failed, &final) {
			found = final.found
		} else {
			failed, err = nil, failed
		}
	default:
		if _, failed = s.Step(); failed != nil && !errors.Is(failed, ErrInterrupted) && diagnoses {
			found, err = by.Diagnose()
		}
	}
	if errors.Is(failed, ErrInterrupted) {
		failed, err = nil, failed
	}
	return found, failed, err
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
