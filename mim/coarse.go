package mim

import (
	"fmt"
	"math"
)

// Coarse is SimMIM's mask generator (methods.md 1.5, generator 2): square units of
// Unit x Unit patches, of which a fixed number is masked.
type Coarse struct {
	Grid   int // G, patches along one side
	Unit   int // u, patches along one side of a unit; divides Grid
	Masked int // units masked, of (G/u)^2
}

// NewCoarse masks ceil(ratio*units) units of unit x unit patches. At least one
// unit must be visible and one masked.
func NewCoarse(grid, unit int, ratio float64) (Coarse, error) {
	if unit < 1 || grid%unit != 0 {
		return Coarse{}, fmt.Errorf("mask units of %d patches don't tile a grid of %d; pick a divisor", unit, grid)
	}
	units := (grid / unit) * (grid / unit)
	masked := int(math.Ceil(float64(ratio*float64(units)) - slack))
	if !(masked > 0 && masked < units) {
		return Coarse{}, fmt.Errorf("mask ratio %g of %d units masks %d; at least one must be visible and one masked", ratio, units, masked)
	}
	return Coarse{Grid: grid, Unit: unit, Masked: masked}, nil
}

// DefaultUnit returns the unit side in patches for a grid of the given side: 2
// where the grid is even and holds at least 16 such units, else 1 (on a
// smaller grid, masking whole units moves the ratio too far: 0.6 of 4 units is
// 0.75).
func DefaultUnit(grid int) int {
	if grid%2 == 0 && grid >= 8 {
		return 2
	}
	return 1
}

// MaskedPatches returns m.
func (c Coarse) MaskedPatches() int { return c.Masked * c.Unit * c.Unit }

// Mask writes the mask of the key's image, [G*G], true = masked.
func (c Coarse) Mask(masked []bool, key Key) {
	var buffer [stackPatches]bool
	side := c.Grid / c.Unit
	units := maskBuffer(buffer[:], side*side)
	drawSmallest(units, c.Masked, key)
	for y := range c.Grid {
		for x := range c.Grid {
			masked[y*c.Grid+x] = units[y/c.Unit*side+x/c.Unit]
		}
	}
}
