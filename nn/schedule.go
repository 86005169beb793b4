package nn

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// A ScheduleShape names what a learning rate does after its warm-up.
type ScheduleShape string

const (
	Constant  ScheduleShape = "constant"  // stays at Peak
	Cosine    ScheduleShape = "cosine"    // half a cosine down to Final
	Trapezoid ScheduleShape = "trapezoid" // stays at Peak, then falls linearly to Final
)

// A Schedule is a learning rate as a function of the images seen. All lengths
// are numbers of images.
type Schedule struct {
	Shape    ScheduleShape
	Peak     float64 // the rate after warm-up
	Final    float64 // the rate at Total; Constant ignores it
	Warmup   int64   // linear rise from 0 to Peak
	Total    int64   // the budget
	Cooldown int64   // Trapezoid: length of the fall, which ends at Total
}

// Check reports what makes s useless.
func (s Schedule) Check() error {
	switch {
	case s.Shape != Constant && s.Shape != Cosine && s.Shape != Trapezoid:
		return fmt.Errorf("schedule: shape is %q; use %s, %s or %s", s.Shape, Constant, Cosine, Trapezoid)
	case !(s.Peak >= 0) || math.IsInf(s.Peak, 0) || !(s.Final >= 0) || s.Final > s.Peak:
		return fmt.Errorf("schedule: peak %v, final %v: need 0 <= final <= peak", s.Peak, s.Final)
	case s.Warmup < 0 || s.Cooldown < 0 || s.Total < 1 || s.Warmup > s.Total:
		return fmt.Errorf("schedule: warm-up %d, cool-down %d, total %d images: need 0 <= warm-up <= total and total >= 1", s.Warmup, s.Cooldown, s.Total)
	case s.Shape == Trapezoid && s.Warmup+s.Cooldown > s.Total:
		return fmt.Errorf("schedule: warm-up %d and cool-down %d images don't fit in the total of %d", s.Warmup, s.Cooldown, s.Total)
	}
	return nil
}

// At returns the rate after the given number of images. A step that shows images
// n to n+b-1 uses At(n+b), so that the first step moves. Past Total the rate
// stays what it is there.
func (s Schedule) At(images int64) float64 {
	images = min(images, s.Total)
	if images < s.Warmup {
		return s.Peak * float64(images) / float64(s.Warmup)
	}
	fall := 0.0 // 0 at Peak, 1 at Final
	switch s.Shape {
	case Cosine:
		if s.Total > s.Warmup {
			x := float64(images-s.Warmup) / float64(s.Total-s.Warmup)
			fall = (1 - detmath.Cos(math.Pi*x)) / 2
		}
	case Trapezoid:
		if rest := s.Total - images; rest < s.Cooldown {
			fall = float64(s.Cooldown-rest) / float64(s.Cooldown)
		}
	}
	return s.Peak - float64(fall*(s.Peak-s.Final))
}
