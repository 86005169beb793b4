package statistics

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCrossingInterpolatesBetweenTheLastPointBelowAndTheFirstAtTheTarget(t *testing.T) {
	x := []float64{0, 10, 20, 30, 40}
	check := func(want Crossing, target float64, fit ...float64) {
		t.Helper()
		require.Equal(t, want, FirstCrossing(x, fit, target))
	}
	check(Crossing{15, true}, 35, 10, 30, 40, 50, 60)
	check(Crossing{20, true}, 40, 10, 30, 40, 50, 60)  // exactly at a grid point
	check(Crossing{25, true}, 35, 10, 30, 30, 40, 60)  // a flat block below: from its last point
	check(Crossing{10, true}, 30, 10, 30, 30, 40, 60)  // a flat block at the target: its first point
	check(Crossing{40, false}, 61, 10, 30, 30, 40, 60) // never: censored at the budget
	check(Crossing{0, true}, 10, 10, 30, 30, 40, 60)   // there before any training
}

func TestRawCrossingIsTheFirstGridPoint(t *testing.T) {
	x := []float64{0, 1, 2, 3}
	require.Equal(t, Crossing{1, true}, FirstAtLeast(x, []float64{1, 6, 2, 7}, 5))
	require.Equal(t, Crossing{3, false}, FirstAtLeast(x, []float64{1, 2, 2, 3}, 5))
}
