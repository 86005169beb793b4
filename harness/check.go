package harness

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/spelling"
	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/mto"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// Check refuses what no study can use; the error names the key, its value and what is allowed.
// What depends on the data is checked by Resolve.
func (c *Config) Check() error {
	for _, k := range c.keys() {
		if err := checkNumber(k); err != nil {
			return err
		}
	}
	for _, check := range []func() error{c.checkNames, c.checkStudy, c.checkModel, c.checkTrain, c.checkFinal, c.checkComplete} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkNumber refuses what is not finite or negative: no key has a use for it.
func checkNumber(k key) error {
	bad := false
	if k.value.CanFloat() {
		f := k.value.Float()
		bad = math.IsNaN(f) || math.IsInf(f, 0) || f < 0
	}
	if k.value.CanInt() {
		bad = k.value.Int() < 0 || k.value.Int() > math.MaxInt32
	}
	if bad {
		return fmt.Errorf("%s: %s: want a finite number, 0 or more", k.name, formatValue(k.value))
	}
	return nil
}

func (c *Config) checkNames() error {
	models := make([]string, len(vit.Sizes))
	for i, s := range vit.Sizes {
		models[i] = modelPrefix + s.Name
	}
	for _, k := range []struct {
		key, value string
		known      []string
	}{
		{"model.name", c.Model.Name, models},
		{"model.gelu", c.Model.GELU, []string{"tanh", "erf"}},
		{"method.name", c.Method.Name, mim.Methods()},
		{"mto.preset", c.MTO.Preset, slices.DeleteFunc(mto.Presets(), func(name string) bool { return name == ArmOff })},
		{"mto.gate", c.MTO.Gate, []string{"none", "adaptive", "hard"}},
		{"train.schedule", c.Train.Schedule, []string{"constant", "cosine", "trapezoid"}},
		{"complete.schedule", c.Complete.Schedule, []string{"cosine", "trapezoid"}},
		{"train.flip", c.Train.Flip, []string{"auto", "on", "off"}},
		{"train.precision", c.Train.Precision, []string{simd.F32.String(), simd.BF16.String()}},
	} {
		if !slices.Contains(k.known, k.value) {
			return fmt.Errorf("%s: %q: did you mean %s? (known: %s)", k.key, k.value, spelling.Nearest(k.value, k.known), strings.Join(k.known, ", "))
		}
	}
	if c.Study.Name == "" || strings.ContainsAny(c.Study.Name, `/\: `) || strings.HasPrefix(c.Study.Name, ".") {
		return fmt.Errorf("study.name: %q: it names a folder; use letters, digits, - and _", c.Study.Name)
	}
	return nil
}

func (c *Config) checkStudy() error {
	s := &c.Study
	switch {
	case s.Seeds < 1:
		return fmt.Errorf("study.seeds: %d: want at least 1 pair (6 for an interval worth having, 10 by default)", s.Seeds)
	case s.CalibrationSeeds < minCalibrationSeeds:
		return fmt.Errorf("study.calibration_seeds: %d: the target needs at least %d baseline runs", s.CalibrationSeeds, minCalibrationSeeds)
	case s.FirstSeed < s.FirstCalibrationSeed+s.CalibrationSeeds && s.FirstCalibrationSeed < s.FirstSeed+s.Seeds:
		return fmt.Errorf("study.first_calibration_seed: calibration seeds %d..%d overlap evaluation seeds %d..%d: they must be disjoint",
			s.FirstCalibrationSeed, s.FirstCalibrationSeed+s.CalibrationSeeds-1, s.FirstSeed, s.FirstSeed+s.Seeds-1)
	case s.Grid < 4:
		return fmt.Errorf("study.grid: %d: want at least 4 evaluations", s.Grid)
	case !slices.Contains(s.Targets, s.Target):
		return fmt.Errorf("study.target: %v isn't among study.targets %v", s.Target, s.Targets)
	}
	for _, t := range s.Targets {
		if t <= 0 || t > 1 {
			return fmt.Errorf("study.targets: %v: want fractions in (0, 1]", t)
		}
	}
	return nil
}

func (c *Config) checkModel() error {
	m := &c.Model
	switch {
	case m.Width < 4 || m.Width%4 != 0:
		return fmt.Errorf("model.width: %d: want a multiple of 4", m.Width)
	case m.Heads < 1 || m.Width%m.Heads != 0:
		return fmt.Errorf("model.heads: width %d doesn't split into %d heads", m.Width, m.Heads)
	case m.Depth < 1:
		return fmt.Errorf("model.depth: %d: want at least 1 block", m.Depth)
	case m.MLPRatio < 1:
		return fmt.Errorf("model.mlp_ratio: %d: want at least 1", m.MLPRatio)
	case m.NormEps == 0:
		return fmt.Errorf("model.norm_eps: 0: want a positive number such as 1e-6")
	case c.Method.MaskRatio <= 0 || c.Method.MaskRatio >= 1:
		return fmt.Errorf("method.mask_ratio: %v: want a fraction between 0 and 1", c.Method.MaskRatio)
	case c.Probe.Layer > m.Depth:
		return fmt.Errorf("probe.layer: %d: the encoder has %d blocks (0 lets calibration choose)", c.Probe.Layer, m.Depth)
	case c.Probe.KNNK < 1 || c.Probe.KNNT == 0:
		return fmt.Errorf("probe.knn_k, probe.knn_t: %d, %v: want at least 1 and more than 0", c.Probe.KNNK, c.Probe.KNNT)
	}
	return nil
}

func (c *Config) checkTrain() error {
	t := &c.Train
	switch {
	case t.Batch < 1:
		return fmt.Errorf("train.batch: %d: want at least 1", t.Batch)
	case t.Epochs == 0:
		return fmt.Errorf("train.epochs: 0: want a budget of more than 0 epochs")
	case t.Warmup > 1 || t.Cooldown > 1 || t.Warmup+t.Cooldown > 1:
		return fmt.Errorf("train.warmup, train.cooldown: %v and %v: want fractions of the budget, together at most 1", t.Warmup, t.Cooldown)
	case t.AverageHorizon > 1:
		return fmt.Errorf("train.average_horizon: %v: want a fraction of the budget", t.AverageHorizon)
	case t.Beta1 >= 1 || t.Beta2 >= 1:
		return fmt.Errorf("train.beta1, train.beta2: %v, %v: want less than 1", t.Beta1, t.Beta2)
	case t.CropMin == 0 || t.CropMin > t.CropMax || t.CropMax > 1:
		return fmt.Errorf("train.crop_min, train.crop_max: %v, %v: want 0 < min <= max <= 1", t.CropMin, t.CropMax)
	case t.CropRatio < 1:
		return fmt.Errorf("train.crop_ratio: %v: want at least 1", t.CropRatio)
	case c.Data.TrainImages > 0 && c.Data.TrainImages < t.Batch:
		return fmt.Errorf("train.batch: %d: the training set has only %d images", t.Batch, c.Data.TrainImages)
	case c.Data.TrainImages > 0 && c.Steps() < c.Study.Grid:
		return fmt.Errorf("train.epochs: %v epochs are %d steps, fewer than study.grid (%d evaluations); raise one or lower the other", t.Epochs, c.Steps(), c.Study.Grid)
	}
	return nil
}

func (c *Config) checkFinal() error {
	f := &c.Final
	switch {
	case !f.Test && (f.Attentive || f.Finetune):
		return fmt.Errorf("final.test: false: final.attentive and final.finetune are evaluated on the test split; set final.test=true or leave them out")
	case f.ProbeSeeds < 1:
		return fmt.Errorf("final.probe_seeds: %d: want at least 1", f.ProbeSeeds)
	case f.AttentiveEpochs < 1 || f.FinetuneEpochs < 1:
		return fmt.Errorf("final.attentive_epochs, final.finetune_epochs: %d, %d: want at least 1", f.AttentiveEpochs, f.FinetuneEpochs)
	case f.FinetuneLR == 0 || f.LogisticLambda == 0:
		return fmt.Errorf("final.finetune_lr, final.logistic_lambda: %v, %v: want more than 0", f.FinetuneLR, f.LogisticLambda)
	}
	return nil
}
