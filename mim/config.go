package mim

import (
	"fmt"

	"github.com/mtobench/mtobench/vit"
)

// Config holds the settings of a method. A zero setting below Batch takes the
// method's default; Method.Config shows the outcome, with zeros for what the
// method doesn't have.
type Config struct {
	Model vit.Config // encoder and image
	Batch int        // B

	Ratio float64 // share of the patches that is masked
	Unit  int     // simmim: side of the mask's units, pixels

	// MAE-like methods: the decoder.
	DecoderWidth, DecoderDepth, DecoderHeads int

	NormPixEps float32 // mae: eps under the root of a patch's deviation
	RawPixels  bool    // mae: predict pixels as they are, not normalised by patch
}

// Preset returns the settings of the named size (see vit.Sizes) for square
// images, every other setting at its default.
func Preset(size string, side, channels, batch int) (Config, error) {
	model, err := vit.Preset(size, side, channels)
	if err != nil {
		return Config{}, err
	}
	s, err := vit.SizeNamed(size)
	if err != nil {
		return Config{}, err
	}
	return Config{
		Model: model, Batch: batch,
		DecoderWidth: s.DecoderWidth, DecoderDepth: s.DecoderDepth, DecoderHeads: s.DecoderHeads,
	}, nil
}

// check checks what all methods share.
func (c Config) check() error {
	if err := c.Model.Check(); err != nil {
		return err
	}
	if c.Batch < 1 {
		return fmt.Errorf("batch of %d images; it must hold at least 1", c.Batch)
	}
	return nil
}

// layout returns the buffers of a batch with n visible patches in each image.
func (c Config) layout(visible int) Layout {
	v := c.Model
	return Layout{
		Images: c.Batch, Side: v.Side, Channels: v.Channels,
		Patch: v.Patch, Patches: v.Patches(), Visible: visible, Masked: v.Patches() - visible,
		ClassTokens: v.ClassTokens(),
	}
}
