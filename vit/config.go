package vit

import (
	"fmt"

	"github.com/mtobench/mtobench/simd"
)

// Config describes one encoder. Make it with [Preset] and change fields, or
// fill it in and call Check.
type Config struct {
	Side     int // S, pixels
	Channels int // C
	Patch    int // p, pixels; divides Side

	Width    int // D, a multiple of 4 (sin-cos) and of Heads
	Depth    int // L
	Heads    int // h
	MLPRatio int // hidden width of the MLP over Width

	Eps  float32       // of every LayerNorm
	GELU simd.GELUForm // tanh form by default

	ClassToken bool // prepend a learned token; features stay the mean of the patch tokens
}

// Grid returns G, the patches along one side.
func (c Config) Grid() int { return c.Side / c.Patch }

// Patches returns N = G*G.
func (c Config) Patches() int { return c.Grid() * c.Grid() }

// ClassTokens returns the number of class tokens in a sequence, 0 or 1
// (n_cls in methods.md 0.3).
func (c Config) ClassTokens() int {
	if c.ClassToken {
		return 1
	}
	return 0
}

// PatchLen returns the numbers in one flattened patch, p*p*C.
func (c Config) PatchLen() int { return c.Patch * c.Patch * c.Channels }

// Check says which field can't be.
func (c Config) Check() error {
	switch {
	case c.Side < 1 || c.Channels < 1 || c.Patch < 1:
		return fmt.Errorf("vit: image %dx%dx%d with patch %d: sizes must be at least 1", c.Side, c.Side, c.Channels, c.Patch)
	case c.Side%c.Patch != 0:
		return fmt.Errorf("vit: patch %d doesn't tile an image of side %d; pick a divisor of %d", c.Patch, c.Side, c.Side)
	case c.Depth < 1:
		return fmt.Errorf("vit: depth %d; it must be at least 1", c.Depth)
	case c.MLPRatio < 1:
		return fmt.Errorf("vit: MLP ratio %d; it must be at least 1 (4 is usual)", c.MLPRatio)
	case !(c.Eps > 0):
		return fmt.Errorf("vit: LayerNorm eps %g; it must be positive (1e-6 is usual)", c.Eps)
	}
	return checkWidth("vit", c.Width, c.Heads)
}

// checkWidth checks the width of a token against heads and the position table.
func checkWidth(thing string, width, heads int) error {
	switch {
	case width < 4 || width%4 != 0:
		return fmt.Errorf("%s: width %d; sin-cos position needs a multiple of 4", thing, width)
	case heads < 1 || width%heads != 0:
		return fmt.Errorf("%s: width %d doesn't split into %d heads", thing, width, heads)
	}
	return nil
}
