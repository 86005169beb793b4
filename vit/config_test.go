package vit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultPatch(t *testing.T) {
	// DESIGN section 8: 4 at 28-32 px, 8 at 64 px, 16 at 224 px.
	for side, patch := range map[int]int{2: 2, 28: 4, 32: 4, 64: 8, 224: 16} {
		require.Equal(t, patch, DefaultPatch(side), "%d px", side)
	}
}

func TestPresetsAreUsable(t *testing.T) {
	for _, s := range Sizes {
		c, err := Preset(s.Name, 32, 3)
		require.NoError(t, err)
		require.Equal(t, 64, c.Patches())
		decoder := Stack{Blocks: "decoder_blocks", Width: s.DecoderWidth, Depth: s.DecoderDepth, Heads: s.DecoderHeads}
		require.NoError(t, decoder.Check(), s.Name)
	}
	_, err := Preset("huge", 32, 3)
	require.EqualError(t, err, `vit: no size "huge"; known sizes: nano, micro, mini, tiny, small, base`)
}

func TestConfigCheck(t *testing.T) {
	check := func(change func(*Config), want string) {
		t.Helper()
		c, err := Preset("nano", 28, 1)
		require.NoError(t, err)
		change(&c)
		require.EqualError(t, c.Check(), want)
	}
	check(func(c *Config) { c.Patch = 8 }, "vit: patch 8 doesn't tile an image of side 28; pick a divisor of 28")
	check(func(c *Config) { c.Channels = 0 }, "vit: image 28x28x0 with patch 4: sizes must be at least 1")
	check(func(c *Config) { c.Width = 50 }, "vit: width 50; sin-cos position needs a multiple of 4")
	check(func(c *Config) { c.Heads = 5 }, "vit: width 48 doesn't split into 5 heads")
	check(func(c *Config) { c.Depth = 0 }, "vit: depth 0; it must be at least 1")
	check(func(c *Config) { c.MLPRatio = 0 }, "vit: MLP ratio 0; it must be at least 1 (4 is usual)")
	check(func(c *Config) { c.Eps = 0 }, "vit: LayerNorm eps 0; it must be positive (1e-6 is usual)")
}
