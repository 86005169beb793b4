package mim

import (
	"fmt"
	"math"
)

// Uniform is MAE's mask generator (methods.md 1.5, generator 1): one uniform
// number a patch, the Keep smallest stay visible.
type Uniform struct {
	Patches int // N
	Keep    int // n
}

// NewUniform keeps floor(N(1-ratio)) of the patches. At least one must be
// visible and one masked.
func NewUniform(patches int, ratio float64) (Uniform, error) {
	keep := int(math.Floor(float64(float64(patches)*(1-ratio)) + slack))
	if !(keep > 0 && keep < patches) {
		return Uniform{}, fmt.Errorf("mask ratio %g of %d patches keeps %d visible; at least one must be visible and one masked", ratio, patches, keep)
	}
	return Uniform{Patches: patches, Keep: keep}, nil
}

// slack keeps a ratio's decimal meaning: 10 patches at ratio 0.9 keep one,
// though 10*(1-0.9) is a little below 1 in binary.
const slack = 1e-9

// Mask writes the mask of the key's image, [N], true = masked.
func (u Uniform) Mask(masked []bool, key Key) {
	drawSmallest(masked[:u.Patches], u.Keep, key)
	for i := range masked[:u.Patches] {
		masked[i] = !masked[i]
	}
}
