package harness

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/nn"
)

// TuningDumpSchema numbers the layout of the file that DumpTuningStep writes; internal/parity/README.md describes it.
const TuningDumpSchema = 1

// tuningDumpPretraining is how many steps the run is trained before, so that its average isn't its initial weights.
const tuningDumpPretraining = 5

// TuningNames lists the end-of-run evaluations that train something.
func TuningNames() []string { return []string{attentiveName, finetuneName} }

// DumpTuningStep trains the run for a few steps, then the named end-of-run evaluation, probe seed 1, up to step at-1,
// and writes its step at whole as a safetensors file, as DumpStep does for pre-training.
func DumpTuningStep(rc RunConfig, set *benchdata.Set, threads int, name string, at int, path string) error {
	if !slices.Contains(TuningNames(), name) {
		return fmt.Errorf("%w: --final: %q is no evaluation that trains; use one of %v", ErrConfig, name, TuningNames())
	}
	if rc.Probe.Layer == 0 {
		rc.Probe.Layer = rc.Model.Depth
	}
	t, err := NewTrainer(rc, set, threads)
	if err != nil {
		return err
	}
	defer t.Close()
	for t.step < min(tuningDumpPretraining, t.TotalSteps()) {
		if _, err := t.Step(); err != nil {
			return err
		}
	}
	u, err := t.tuning(name, 1)
	if err != nil {
		return err
	}
	defer u.close()
	if at < 1 || at > u.steps()/u.config.epochs {
		return fmt.Errorf("%w: step: %d asked: the first epoch of the evaluation has steps 1 to %d", ErrConfig, at, u.steps()/u.config.epochs)
	}
	for u.step < at-1 {
		if err := u.train(); err != nil {
			return err
		}
	}
	file := &nn.TensorFile{}
	add := func(prefix string, which nn.State) error {
		flat, err := u.flat(which)
		for _, name := range u.params.Names() {
			spec, _ := u.params.Spec(name)
			file.Tensors = append(file.Tensors, nn.TensorEntry{Name: prefix + name, Shape: spec.Shape, Float32: u.params.Slice(flat, name)})
		}
		return err
	}
	type part struct {
		prefix string
		which  nn.State
	}
	for _, p := range []part{{"param_before/", nn.Weights}, {"m_before/", nn.Moment1}, {"v_before/", nn.Moment2}} {
		if err := add(p.prefix, p.which); err != nil {
			return err
		}
	}
	if err := u.train(); err != nil {
		return err
	}
	for _, p := range []part{{"grad/", nn.Grads}, {"param_after/", nn.Weights}, {"m_after/", nn.Moment1}, {"v_after/", nn.Moment2}} {
		if err := add(p.prefix, p.which); err != nil {
			return err
		}
	}
	if err := u.dumpInputs(file); err != nil {
		return err
	}
	if file.Metadata, err = u.metadata(); err != nil {
		return err
	}
	return nn.WriteTensors(path, file)
}

// dumpInputs adds what the last step read: images and labels, and for the attentive probe the tokens and the frozen
// encoder that made them.
func (u *tuning) dumpInputs(file *nn.TensorFile) error {
	t := u.t
	images := u.host
	if u.name == attentiveName {
		images = t.frozen.host
		file.Tensors = append(file.Tensors, nn.TensorEntry{Name: "tokens", Shape: u.config.input, Float32: u.host})
		average, err := t.state(nn.Averaged)
		if err != nil {
			return err
		}
		for _, name := range t.params.Names() {
			spec, _ := t.params.Spec(name)
			file.Tensors = append(file.Tensors, nn.TensorEntry{Name: "encoder/" + name, Shape: spec.Shape, Float32: t.params.Slice(average, name)})
		}
	}
	shape := []int{u.batch(), t.set.Side, t.set.Side, t.set.Channels}
	file.Tensors = append(file.Tensors,
		nn.TensorEntry{Name: "pixels", Shape: shape, Float32: images},
		nn.TensorEntry{Name: "labels", Shape: []int{u.batch()}, Int32: u.answers})
	return nil
}

// metadata lists every number that the last step used.
func (u *tuning) metadata() (map[string]string, error) {
	decay, factors := []string{}, map[string]float64{}
	for _, name := range u.params.Names() {
		spec, _ := u.params.Spec(name)
		if spec.Decay {
			decay = append(decay, name)
		}
		factors[name] = spec.LRScale
	}
	decayed, err := json.Marshal(decay)
	if err != nil {
		return nil, err
	}
	scales, err := json.Marshal(factors)
	if err != nil {
		return nil, err
	}
	var stats [nn.NumStats]float32
	if err := u.device.Download(stats[:], u.program.Stats()); err != nil {
		return nil, err
	}
	v := u.t.method.Config().Model
	single := func(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }
	return map[string]string{
		"format": "mtobench-final-step", "schema": strconv.Itoa(TuningDumpSchema), "numerics": strconv.Itoa(Numerics),
		"evaluation": u.name, "step": strconv.Itoa(u.step), "classifiers": strconv.Itoa(len(u.logits)), "layer": strconv.Itoa(u.t.rc.Probe.Layer),
		"image": strconv.Itoa(v.Side), "channels": strconv.Itoa(v.Channels), "patch": strconv.Itoa(v.Patch),
		"width": strconv.Itoa(v.Width), "depth": strconv.Itoa(v.Depth), "heads": strconv.Itoa(v.Heads), "class_tokens": strconv.Itoa(v.ClassTokens()),
		"ln_eps": single(v.Eps), "gelu": u.t.rc.Model.GELU, "smoothing": fmt.Sprint(u.config.smoothing),
		"lr": single(float32(u.schedule.At(int64(u.step) * int64(u.batch())))), "lr_scale": string(scales),
		"beta1": single(float32(u.adamW.Beta1)), "beta2": single(float32(u.adamW.Beta2)), "adam_eps": single(float32(u.adamW.Eps)),
		"weight_decay": single(float32(u.adamW.Decay)), "decay": string(decayed), "clip": fmt.Sprint(u.config.clip),
		"loss": single(stats[nn.StatLoss]), "grad_norm": single(stats[nn.StatNorm]),
	}, nil
}
