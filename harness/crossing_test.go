package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCrossingInterpolatesBetweenTheLastPointBelowAndTheFirstAtTheTarget(t *testing.T) {
	x := []float64{0, 10, 20, 30, 40}
	check := func(want Crossing, target float64, fit ...float64) {
		t.Helper()
		require.Equal(t, want, crossing(x, fit, target))
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
	require.Equal(t, Crossing{1, true}, rawCrossing(x, []float64{1, 6, 2, 7}, 5))
	require.Equal(t, Crossing{3, false}, rawCrossing(x, []float64{1, 2, 2, 3}, 5))
}

func TestCollapsedMeansMoreThanThreePointsBelowTheMaximum(t *testing.T) {
	require.False(t, collapsed([]float64{10, 50, 47}))
	require.True(t, collapsed([]float64{10, 50, 46.9}))
}

func TestCollapsedRunIsCensoredAtTheBudget(t *testing.T) {
	var c Curve
	for i, q := range []float64{10, 50, 60, 40} {
		c = append(c, Point{Epochs: float64(i), Top1: q, TrainNS: int64(i) * 100, WallNS: int64(i) * 200})
	}
	o := outcome(c, 30)
	require.Equal(t, Crossing{3, false}, o.Crossing)
	require.True(t, o.Collapsed)
	require.Equal(t, 300.0, o.TrainNS)
	require.Equal(t, Crossing{1, true}, o.Raw)
}

func TestOutcomeReadsClocksAtTheCrossing(t *testing.T) {
	c := Curve{{Epochs: 0, Top1: 10}, {Epochs: 2, Top1: 30, TrainNS: 100, WallNS: 300}, {Epochs: 4, Top1: 50, TrainNS: 220, WallNS: 500}}
	o := outcome(c, 40)
	require.Equal(t, Crossing{3, true}, o.Crossing)
	require.Equal(t, 160.0, o.TrainNS)
	require.Equal(t, 400.0, o.WallNS)
	require.Equal(t, 50.0, o.Top1)
	require.Equal(t, 30.0, o.AUC) // (20*2 + 40*2) / 4
}
