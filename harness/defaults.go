package harness

import (
	"strings"

	"github.com/mtobench/mtobench/vit"
)

// Names are the four names on which the defaults of all other keys depend.
type Names struct{ Data, Model, Method, MTO string }

// Defaults is the configuration of a study that sets nothing but names (DESIGN 8). Empty names
// stand for fashion-mnist, vit_nano, simmim and on.
func Defaults(n Names) Config {
	or := func(s, d string) string {
		if s == "" {
			return d
		}
		return s
	}
	c := Config{
		Study: StudyConfig{
			Name: "study", Seeds: 10, FirstSeed: 1, CalibrationSeeds: 6, FirstCalibrationSeed: 1001,
			Grid: 40, Target: 0.95, Targets: []float64{0.80, 0.90, 0.95, 1.00}, Repeat: true, Noise: 0.10,
		},
		Data: DataConfig{Name: or(n.Data, "fashion-mnist")},
		Model: ModelConfig{
			Name: or(n.Model, "vit_nano"), MLPRatio: 4, NormEps: 1e-6, GELU: "tanh",
		},
		Method: MethodConfig{Name: or(n.Method, "simmim"), MaskRatio: 0.6, NormPix: true},
		MTO:    mtoDefaults(or(n.MTO, "on")),
		Train: TrainConfig{
			Batch: 128, Epochs: 40, BaseLR: 1.5e-3, Schedule: "constant", Warmup: 0.05, Cooldown: 0.2,
			Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.05, Clip: 1, AverageHorizon: 0.02,
			CropMin: 0.6, CropMax: 1, CropRatio: 4.0 / 3.0, Flip: "auto",
		},
		Probe: ProbeConfig{Bank: 10000, Validation: 0, Lambda: 1e-2, KNNK: 20, KNNT: 0.07},
	}
	if c.Method.Name == "mae" {
		c.Method.MaskRatio = 0.75
	}
	if size, err := vit.SizeNamed(strings.TrimPrefix(c.Model.Name, modelPrefix)); err == nil {
		c.Model.Width, c.Model.Depth, c.Model.Heads = size.Width, size.Depth, size.Heads
		c.Method.DecoderWidth, c.Method.DecoderDepth, c.Method.DecoderHeads = size.DecoderWidth, size.DecoderDepth, size.DecoderHeads
	}
	return c
}

// modelPrefix stands before the names of vit.Sizes in model names, as in timm.
const modelPrefix = "vit_"

// mtoDefaults is the table of methods.md 11.4.
func mtoDefaults(name string) MTOConfig {
	m := MTOConfig{
		Preset: name, Gate: "none", WMass: 1, WEntropy: 0.25, BS: 1,
		LambdaSpa: 0.01, LambdaE: 0.1, LambdaR: 0.1,
		Tau: 0.1, Kappa: 1, Mu: 0.1, EMin: 0.3, Eps: 1e-6, Ramp: 0.1,
	}
	switch name {
	case "literal":
		m.WMass, m.WEntropy, m.BS = 0, 1, 0
	case "gated":
		m.Gate, m.WMass = "adaptive", 0.5
	case "hard":
		m.Gate, m.WMass, m.WEntropy, m.LambdaSpa = "hard", 0, 0, 0
	}
	return m
}
