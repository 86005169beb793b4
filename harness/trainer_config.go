package harness

import (
	"fmt"

	"github.com/mtobench/mtobench/mto"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// vit is the encoder of a resolved configuration.
func (c *Config) vit(channels int) (vit.Config, error) {
	m := vit.Config{
		Side: c.Data.Side, Channels: channels, Patch: c.Model.Patch,
		Width: c.Model.Width, Depth: c.Model.Depth, Heads: c.Model.Heads,
		MLPRatio: int(c.Model.MLPRatio), Eps: float32(c.Model.NormEps), ClassToken: c.Model.ClassToken,
	}
	if c.Model.GELU == "erf" {
		m.GELU = simd.GELUErf
	}
	return m, m.Check()
}

// precision is that of the operands of linear layers, in training and in probes. An empty one is f32.
func (c *Config) precision() simd.Precision {
	if c.Train.Precision == simd.BF16.String() {
		return simd.BF16
	}
	return simd.F32
}

// adamW holds the optimizer's fixed numbers.
func (c *Config) adamW() nn.AdamWConfig {
	return nn.AdamWConfig{Beta1: c.Train.Beta1, Beta2: c.Train.Beta2, Eps: c.Train.Eps, Decay: c.Train.WeightDecay}
}

// schedule is the learning rate over images seen.
func (c *Config) schedule() nn.Schedule {
	images := func(fraction float64) int64 { return int64(c.Fraction(fraction) + 0.5) }
	return nn.Schedule{
		Shape: nn.ScheduleShape(c.Train.Schedule), Peak: c.LR(),
		Total: images(1), Warmup: images(c.Train.Warmup), Cooldown: images(c.Train.Cooldown),
	}
}

// mtoConfig holds the coefficients in force: those of the configuration, or
// none in the arm without MTO.
func (rc *RunConfig) mtoConfig() (mto.Config, error) {
	if !rc.MTOActive() {
		return mto.Preset("off")
	}
	m := rc.MTO
	c := mto.Config{
		Gate:      mto.Gate(m.Gate),
		LambdaSpa: float32(m.LambdaSpa), LambdaE: float32(m.LambdaE), LambdaR: float32(m.LambdaR),
		WMass: float32(m.WMass), WEntropy: float32(m.WEntropy), EMin: float32(m.EMin),
		Centred: m.Centred, BS: float32(m.BS), Kappa: float32(m.Kappa), Mu: float32(m.Mu),
		Tau: float32(m.Tau), Eps: float32(m.Eps), Ramp: float32(m.Ramp),
	}
	return c, c.Validate()
}

// loadInit overwrites the initial weights of the encoder by those of the file model.init.
func (t *Trainer) loadInit(weights []float32) error {
	if err := t.rc.resolveInit(); err != nil { // the file may have changed since the lock
		return of(ErrConfig, err)
	}
	if _, err := t.method.Config().Model.LoadInto(weights, t.params, t.rc.Model.Init); err != nil {
		return of(ErrConfig, fmt.Errorf("model.init: %w", err))
	}
	return nil
}

// armName is the arm as result files name it: off, or the preset of MTO.
func (rc *RunConfig) armName() string {
	if !rc.MTOActive() {
		return ArmOff
	}
	return rc.MTO.Preset
}
