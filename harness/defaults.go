package harness

import (
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/mto"
	"github.com/mtobench/mtobench/simd"
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
			CropMin: 0.6, CropMax: 1, CropRatio: 4.0 / 3.0, Flip: "auto", Precision: simd.F32.String(),
		},
		Probe:    ProbeConfig{Bank: 10000, Validation: 0, Lambda: 1e-2, KNNK: 20, KNNT: 0.07},
		Final:    FinalConfig{Test: true, Logistic: true, LogisticLambda: 1e-3, ProbeSeeds: 3, AttentiveEpochs: 20, FinetuneEpochs: 20, FinetuneLR: 4e-3},
		Complete: CompleteConfig{Schedule: "cosine", Margin: 0.5},
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

// mtoDefaults holds the coefficients of the preset. An unknown name gets those of "on"; Check names it.
func mtoDefaults(name string) MTOConfig {
	c, err := mto.Preset(name)
	if err != nil {
		c, _ = mto.Preset("on")
	}
	return MTOConfig{
		Preset: name, Gate: string(c.Gate),
		LambdaSpa: decimal(c.LambdaSpa), LambdaE: decimal(c.LambdaE), LambdaR: decimal(c.LambdaR),
		WMass: decimal(c.WMass), WEntropy: decimal(c.WEntropy), BS: decimal(c.BS),
		Tau: decimal(c.Tau), Kappa: decimal(c.Kappa), Mu: decimal(c.Mu), EMin: decimal(c.EMin), Centred: c.Centred,
		Eps: decimal(c.Eps), Ramp: decimal(c.Ramp),
	}
}

// decimal is the shortest decimal number that rounds to x: 0.1 for float32(0.1).
func decimal(x float32) float64 {
	d, err := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	if err != nil {
		panic("harness: " + err.Error())
	}
	return d
}
