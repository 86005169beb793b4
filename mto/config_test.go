package mto

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The table of methods.md 11.4.
func TestPresets(t *testing.T) {
	check := func(name string, gate Gate, wm, we, bs, spa, e, r float32) {
		t.Helper()
		c := preset(t, name)
		require.NoError(t, c.Validate())
		got := []any{c.Gate, c.WMass, c.WEntropy, c.BS, c.LambdaSpa, c.LambdaE, c.LambdaR}
		require.Equal(t, []any{gate, wm, we, bs, spa, e, r}, got, name)
		require.Equal(t, []float32{0.1, 1e-6, 1, 0.1, 0.3, 0.1}, []float32{c.Tau, c.Eps, c.Kappa, c.Mu, c.EMin, c.Ramp}, name)
	}
	check("on", GateNone, 1, 0.25, 1, 0.01, 0.1, 0.1)
	check("literal", GateNone, 0, 1, 0, 0.01, 0.1, 0.1)
	check("gated", GateAdaptive, 0.5, 0.25, 1, 0.01, 0.1, 0.1)
	check("hard", GateHard, 0, 0, 1, 0, 0.1, 0.1)
	check("no-spa", GateNone, 1, 0.25, 1, 0, 0.1, 0.1)
	check("no-e", GateNone, 1, 0.25, 1, 0.01, 0, 0.1)
	check("no-r", GateNone, 1, 0.25, 1, 0.01, 0.1, 0)
	for _, name := range Presets() {
		require.Equal(t, name != "off", preset(t, name).Active(), name)
	}
	_, err := Preset("mto")
	require.EqualError(t, err, `mto: no preset is called "mto"; known: off, on, literal, gated, hard, no-spa, no-e, no-r`)
}

func TestValidateNamesTheCoefficient(t *testing.T) {
	check := func(want string, set func(*Config)) {
		t.Helper()
		c := preset(t, "on")
		set(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
	check("gate \"soft\"", func(c *Config) { c.Gate = "soft" })
	check("lambda_e = -1", func(c *Config) { c.LambdaE = -1 })
	check("tau = 0", func(c *Config) { c.Tau = 0 })
	check("ramp = 2", func(c *Config) { c.Ramp = 2 })
}

func TestSchedule(t *testing.T) {
	c := preset(t, "on") // rises over a tenth
	require.Equal(t, float32(0), c.Schedule(0, 1000))
	require.Equal(t, float32(0.5), c.Schedule(50, 1000))
	require.Equal(t, float32(1), c.Schedule(100, 1000))
	require.Equal(t, float32(1), c.Schedule(900, 1000))
	c.Ramp = 0
	require.Equal(t, float32(1), c.Schedule(0, 1000))
}
