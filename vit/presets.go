package vit

import (
	"fmt"
	"strings"
)

// Size names one row of the table of sizes: an encoder and the light decoder
// that MAE-like methods put behind it.
type Size struct {
	Name                                     string
	Width, Depth, Heads                      int // encoder
	DecoderWidth, DecoderDepth, DecoderHeads int
}

// Sizes is the table of presets, smallest first. tiny, small and base have the
// encoders of timm's vit_tiny, vit_small and vit_base; base has MAE's decoder.
var Sizes = [...]Size{
	{"nano", 48, 2, 3, 32, 2, 2},
	{"micro", 96, 4, 3, 48, 2, 3},
	{"mini", 192, 6, 3, 96, 2, 3},
	{"tiny", 192, 12, 3, 96, 2, 3},
	{"small", 384, 12, 6, 192, 4, 3},
	{"base", 768, 12, 12, 512, 8, 16},
}

// SizeNamed returns the row called name.
func SizeNamed(name string) (Size, error) {
	names := make([]string, len(Sizes))
	for i, s := range Sizes {
		if s.Name == name {
			return s, nil
		}
		names[i] = s.Name
	}
	return Size{}, fmt.Errorf("vit: no size %q; known sizes: %s", name, strings.Join(names, ", "))
}

// Preset returns the encoder of the named size for square images, with the
// default patch, MLP ratio 4, LayerNorm eps 1e-6, tanh GELU and no class token.
func Preset(name string, side, channels int) (Config, error) {
	s, err := SizeNamed(name)
	if err != nil {
		return Config{}, err
	}
	c := Config{
		Side: side, Channels: channels, Patch: DefaultPatch(side),
		Width: s.Width, Depth: s.Depth, Heads: s.Heads,
		MLPRatio: 4, Eps: 1e-6,
	}
	return c, c.Check()
}

// DefaultPatch returns the patch side for images of the given side: 16 from
// 128 px up, 8 from 48 px, 4 below, and at most the side.
func DefaultPatch(side int) int {
	switch {
	case side >= 128:
		return 16
	case side >= 48:
		return 8
	}
	return min(4, side)
}
