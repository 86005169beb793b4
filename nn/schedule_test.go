package nn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScheduleShapes(t *testing.T) {
	s := Schedule{Peak: 2, Final: 0.5, Warmup: 100, Total: 1100, Cooldown: 400}
	check := func(shape ScheduleShape, images int64, want float64) {
		t.Helper()
		s.Shape = shape
		require.NoError(t, s.Check())
		require.InDelta(t, want, s.At(images), 1e-12)
	}
	for _, shape := range []ScheduleShape{Constant, Cosine, Trapezoid} {
		check(shape, 0, 0)
		check(shape, 25, 0.5)
		check(shape, 100, 2)
	}
	check(Constant, 1100, 2)
	check(Constant, 5000, 2)
	check(Cosine, 600, 1.25)                          // half way: the mean of peak and final
	check(Cosine, 350, 1.25+0.75*math.Cos(math.Pi/4)) // a quarter
	check(Cosine, 1100, 0.5)
	check(Cosine, 9999, 0.5)
	check(Trapezoid, 700, 2)
	check(Trapezoid, 900, 1.25)
	check(Trapezoid, 1100, 0.5)
}

func TestScheduleRefuses(t *testing.T) {
	check := func(want string, s Schedule) {
		t.Helper()
		require.ErrorContains(t, s.Check(), want)
	}
	check(`shape is "step"`, Schedule{Shape: "step", Total: 1})
	check("0 <= final <= peak", Schedule{Shape: Cosine, Peak: 1, Final: 2, Total: 1})
	check("0 <= final <= peak", Schedule{Shape: Cosine, Peak: math.NaN(), Total: 1})
	check("warm-up 5", Schedule{Shape: Cosine, Peak: 1, Warmup: 5, Total: 4})
	check("don't fit", Schedule{Shape: Trapezoid, Peak: 1, Warmup: 3, Cooldown: 3, Total: 5})
}

func TestAverageDecay(t *testing.T) {
	require.Equal(t, float32(0.98), AverageDecay(50))
	require.Equal(t, float32(0), AverageDecay(0.5))
}

func TestAdamWClock(t *testing.T) {
	c := AdamWConfig{Beta1: 0.9, Beta2: 0.95}
	k := NewAdamWClock(c, 0)
	for range 9 {
		k.Next()
	}
	c1, c2 := k.Next()
	require.Equal(t, 10, k.Step())
	require.InDelta(t, 1-math.Pow(0.9, 10), float64(c1), 1e-7)
	require.InDelta(t, 1-math.Pow(0.95, 10), float64(c2), 1e-7)
	a1, a2 := NewAdamWClock(c, 9).Next() // a resumed clock goes on to the bit
	require.Equal(t, [2]float32{c1, c2}, [2]float32{a1, a2})
}
