package harness

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/nn"
)

// StepDumpSchema numbers the layout of the file that DumpStep writes;
// internal/parity/README.md describes it.
const StepDumpSchema = 1

// DumpStep trains the run up to step at-1 and writes step at (1 = the first)
// whole as a safetensors file: parameters and moments before and after, inputs,
// mask, every loss term and gradient, the prediction, and in the metadata every
// number in force, so that another framework can check the step.
func DumpStep(rc RunConfig, set *benchdata.Set, threads, at int, path string) error {
	if at < 1 || at > rc.Steps() {
		return fmt.Errorf("%w: step: %d asked: the budget has steps 1 to %d; choose one, or raise train.epochs", ErrConfig, at, rc.Steps())
	}
	rc.Measure = true
	t, err := NewTrainer(rc, set, threads)
	if err != nil {
		return err
	}
	defer t.Close()
	for t.step < at-1 {
		if _, err := t.Step(); err != nil {
			return err
		}
	}
	d := stepDump{t: t, file: &nn.TensorFile{}}
	d.state("param_before/", nn.Weights)
	d.state("m_before/", nn.Moment1)
	d.state("v_before/", nn.Moment2)
	stats, err := t.Step()
	if err != nil {
		return err
	}
	d.state("grad/", nn.Grads)
	d.state("param_after/", nn.Weights)
	d.state("m_after/", nn.Moment1)
	d.state("v_after/", nn.Moment2)
	d.inputs()
	d.outputs()
	if d.err != nil {
		return d.err
	}
	if d.file.Metadata, err = d.metadata(stats); err != nil {
		return err
	}
	return nn.WriteTensors(path, d.file)
}

// stepDump gathers the file's tensors; the first error stays in err.
type stepDump struct {
	t    *Trainer
	file *nn.TensorFile
	err  error
}

func (d *stepDump) add(e nn.TensorEntry) { d.file.Tensors = append(d.file.Tensors, e) }

func (d *stepDump) state(prefix string, which nn.State) {
	flat, err := d.t.state(which)
	if err != nil {
		d.err = err
		return
	}
	for _, name := range d.t.params.Names() {
		spec, _ := d.t.params.Spec(name)
		d.add(nn.TensorEntry{Name: prefix + name, Shape: spec.Shape, Float32: d.t.params.Slice(flat, name)})
	}
}

func (d *stepDump) inputs() {
	b, l := d.t.batch, d.t.batch.Layout
	d.add(nn.TensorEntry{Name: "pixels", Shape: []int{l.Images, l.Side, l.Side, l.Channels}, Float32: b.Images})
	d.add(nn.TensorEntry{Name: "mask", Shape: []int{l.Images, l.Patches}, Float32: b.Mask})
	d.add(nn.TensorEntry{Name: "visible", Shape: []int{l.Images, l.Visible}, Int32: b.Visible})
	d.add(nn.TensorEntry{Name: "masked", Shape: []int{l.Images, l.Masked}, Int32: b.Masked})
	if d.t.recorded.Inputs.Restore.Valid() {
		d.add(nn.TensorEntry{Name: "restore", Shape: []int{l.Images, l.Patches}, Int32: b.Restore})
	}
}

func (d *stepDump) tensor(name string, t nn.Tensor) {
	x := make([]float32, t.Len())
	if err := d.t.device.Download(x, t); err != nil {
		d.err = err
	}
	d.add(nn.TensorEntry{Name: name, Shape: t.Shape(), Float32: x})
}

func (d *stepDump) outputs() {
	r := d.t.recorded
	d.tensor("pred", r.Pred)
	for _, term := range r.Terms {
		name := term.Name
		if !strings.HasPrefix(name, "mto_") {
			name = "mim" // a method's own loss; the methods here have one term each
		}
		d.tensor("loss/"+name, term.Value)
	}
	d.add(nn.TensorEntry{Name: "loss/total", Shape: []int{1}, Float32: d.t.stats[nn.StatLoss : nn.StatLoss+1]})
	for i := range r.Measures {
		m, err := r.Measures[i].Read(d.t.device)
		if err != nil {
			d.err = err
			return
		}
		for name, values := range map[string][]float64{"heterogeneity": m.H, "masked_mass": m.MaskedMass} {
			x := make([]float32, len(values))
			for j, v := range values {
				x[j] = float32(v)
			}
			d.add(nn.TensorEntry{Name: "mto/" + name, Shape: []int{len(x)}, Float32: x})
		}
	}
}

// metadata lists every number that the step used, each with the digits that
// give back its bits.
func (d *stepDump) metadata(stats StepStats) (map[string]string, error) {
	t := d.t
	var decay []string
	for _, name := range t.params.Names() {
		if spec, _ := t.params.Spec(name); spec.Decay {
			decay = append(decay, name)
		}
	}
	decayed, err := json.Marshal(decay)
	if err != nil {
		return nil, err
	}
	m := t.method.Config()
	v := m.Model
	adam := t.rc.adamW()
	single := func(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }
	seen := t.ImagesSeen()
	s := t.mto.Schedule(seen, int64(t.TotalSteps())*int64(t.rc.Train.Batch))
	out := map[string]string{
		"format": "mtobench-step", "schema": strconv.Itoa(StepDumpSchema), "numerics": strconv.Itoa(Numerics),
		"method": t.rc.Method.Name, "model": t.rc.Model.Name, "seed": strconv.FormatUint(t.rc.Seed, 10), "step": strconv.Itoa(t.step),
		"image": strconv.Itoa(v.Side), "channels": strconv.Itoa(v.Channels), "patch": strconv.Itoa(v.Patch),
		"width": strconv.Itoa(v.Width), "depth": strconv.Itoa(v.Depth), "heads": strconv.Itoa(v.Heads),
		"mlp_ratio": strconv.Itoa(v.MLPRatio), "class_tokens": strconv.Itoa(v.ClassTokens()),
		"ln_eps": single(v.Eps), "gelu": t.rc.Model.GELU,
		"mask_ratio": fmt.Sprint(m.Ratio), "mask_unit": strconv.Itoa(m.Unit),
		"lr": single(stats.LR), "beta1": single(float32(adam.Beta1)), "beta2": single(float32(adam.Beta2)), "adam_eps": single(float32(adam.Eps)),
		"weight_decay": single(float32(adam.Decay)), "decay": string(decayed),
		"clip": fmt.Sprint(t.rc.Train.Clip), "grad_norm": single(stats.GradNorm),
		"average_decay": single(t.hyp[nn.HyperAverage]),
		"mto":           t.rc.armName(), "mto.gate": string(t.mto.Gate), "mto.s": single(s), "mto.centred": strconv.FormatBool(t.mto.Centred),
	}
	for name, x := range map[string]float32{
		"lambda_spa": t.mto.LambdaSpa, "lambda_e": t.mto.LambdaE, "lambda_r": t.mto.LambdaR,
		"w_mass": t.mto.WMass, "w_entropy": t.mto.WEntropy, "e_min": t.mto.EMin, "b_s": t.mto.BS,
		"kappa": t.mto.Kappa, "mu": t.mto.Mu, "tau": t.mto.Tau, "eps": t.mto.Eps, "ramp": t.mto.Ramp,
	} {
		out["mto."+name] = single(x)
	}
	switch t.rc.Method.Name {
	case "simmim":
		out["head"], out["patch_order"], out["loss_guard"] = "decoder.0", "channel-first", "1e-5"
	case "mae":
		out["head"], out["patch_order"] = "decoder_pred", "channel-last"
		out["norm_pix"], out["norm_pix_eps"] = strconv.FormatBool(!m.RawPixels), single(m.NormPixEps)
		out["decoder_width"], out["decoder_depth"], out["decoder_heads"] = strconv.Itoa(m.DecoderWidth), strconv.Itoa(m.DecoderDepth), strconv.Itoa(m.DecoderHeads)
	}
	return out, nil
}
