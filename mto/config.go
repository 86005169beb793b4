package mto

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Gate says how masked keys are recalibrated in the forward pass: what is added
// to the attention logits of visible queries on masked keys.
type Gate string

// The gates of methods.md 11.3.
const (
	GateNone     Gate = "none"     // nothing
	GateHard     Gate = "hard"     // -Inf: visible queries don't see masked keys
	GateAdaptive Gate = "adaptive" // ln(max(1-H, 1e-4)), H of the masked token at the block's input
)

// Config holds every coefficient of MTO. Letters are those of methods.md 11.3.
type Config struct {
	Gate Gate

	LambdaSpa float32 // weight of L_spa
	LambdaE   float32 // weight of L_e
	LambdaR   float32 // weight of L_r

	WMass    float32 // w_m: masked mass U in L_spa
	WEntropy float32 // w_E: row entropy E in L_spa
	EMin     float32 // floor under which E costs nothing
	Centred  bool    // U's gradient also raises the visible logits of a row, all by the same; see nn.SparsityAttr
	BS       float32 // b_s: distance of the mask token in L_e
	Kappa    float32 // that distance, in units of the data tokens' own
	Mu       float32 // total margin of L_r

	Tau  float32 // temperature of the cosines
	Eps  float32 // least product of norms in a cosine, least visible mass in U
	Ramp float32 // s(t) rises from 0 to 1 over this share of training
}

// coefficients is what the presets have in common.
var coefficients = Config{
	Gate:      GateNone,
	LambdaSpa: 0.01, LambdaE: 0.1, LambdaR: 0.1,
	WMass: 1, WEntropy: 0.25, EMin: 0.3, BS: 1, Kappa: 1, Mu: 0.1,
	Tau: 0.1, Eps: 1e-6, Ramp: 0.1,
}

// presets is the table of methods.md 11.4: a name and what differs.
var presets = []struct {
	name string
	set  func(*Config)
}{
	{"off", func(c *Config) { c.LambdaSpa, c.LambdaE, c.LambdaR = 0, 0, 0 }},
	{"on", func(c *Config) {}},
	{"literal", func(c *Config) { c.WMass, c.WEntropy, c.BS = 0, 1, 0 }},
	{"gated", func(c *Config) { c.Gate, c.WMass = GateAdaptive, 0.5 }},
	{"hard", func(c *Config) { c.Gate, c.WMass, c.WEntropy, c.LambdaSpa = GateHard, 0, 0, 0 }},
	{"no-spa", func(c *Config) { c.LambdaSpa = 0 }},
	{"no-e", func(c *Config) { c.LambdaE = 0 }},
	{"no-r", func(c *Config) { c.LambdaR = 0 }},
}

// Presets lists the names that Preset knows: off; on (the headline preset,
// called mto in methods.md), literal, gated, hard; and the ablations of on with
// one loss left out: no-spa, no-e, no-r.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// Preset returns the coefficients of the named preset.
func Preset(name string) (Config, error) {
	for _, p := range presets {
		if p.name == name {
			c := coefficients
			p.set(&c)
			return c, nil
		}
	}
	return Config{}, fmt.Errorf("mto: no preset is called %q; known: %s", name, strings.Join(Presets(), ", "))
}

// Active reports whether c changes training at all: some weight isn't 0, or
// there is a gate.
func (c Config) Active() bool {
	return c.spa() || c.LambdaE != 0 || c.LambdaR != 0 || c.Gate != GateNone
}

// spa reports whether L_spa is more than a zero.
func (c Config) spa() bool {
	return c.LambdaSpa != 0 && (c.WMass != 0 || c.WEntropy != 0)
}

// Validate returns an error that names the first coefficient out of range.
func (c Config) Validate() error {
	if !slices.Contains([]Gate{GateNone, GateHard, GateAdaptive}, c.Gate) {
		return fmt.Errorf("mto: gate %q: known: %s, %s, %s", c.Gate, GateNone, GateHard, GateAdaptive)
	}
	for _, v := range []struct {
		name  string
		value float32
	}{
		{"lambda_spa", c.LambdaSpa}, {"lambda_e", c.LambdaE}, {"lambda_r", c.LambdaR},
		{"w_mass", c.WMass}, {"w_entropy", c.WEntropy}, {"e_min", c.EMin}, {"b_s", c.BS}, {"mu", c.Mu}, {"ramp", c.Ramp},
	} {
		if !(v.value >= 0) || math.IsInf(float64(v.value), 0) {
			return fmt.Errorf("mto: %s = %v: must be a number not below 0", v.name, v.value)
		}
	}
	for _, v := range []struct {
		name  string
		value float32
	}{{"tau", c.Tau}, {"kappa", c.Kappa}, {"eps", c.Eps}} {
		if !(v.value > 0) || math.IsInf(float64(v.value), 0) {
			return fmt.Errorf("mto: %s = %v: must be a number above 0", v.name, v.value)
		}
	}
	if c.Ramp > 1 {
		return fmt.Errorf("mto: ramp = %v: is a share of training, at most 1", c.Ramp)
	}
	return nil
}

// Schedule returns s(t) of methods.md 11.3, the common factor of L_spa and L_r:
// seen/(Ramp*budget), at most 1. Both are counted in images; a step's seen
// includes its own batch.
func (c Config) Schedule(seen, budget int64) float32 {
	rise := float64(c.Ramp) * float64(budget)
	if float64(seen) >= rise {
		return 1
	}
	return float32(float64(seen) / rise)
}
