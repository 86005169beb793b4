package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
	require.Equal(t, Crossing{At: 3}, o.Crossing)
	require.True(t, o.Collapsed)
	require.Equal(t, 300.0, o.TrainNS)
	require.Equal(t, Crossing{At: 1, Hit: true}, o.Raw)
}

func TestOutcomeReadsClocksAtTheCrossing(t *testing.T) {
	c := Curve{{Epochs: 0, Top1: 10}, {Epochs: 2, Top1: 30, TrainNS: 100, WallNS: 300, CPUNS: 180}, {Epochs: 4, Top1: 50, TrainNS: 220, WallNS: 500, CPUNS: 400}}
	o := outcome(c, 40)
	require.Equal(t, Crossing{At: 3, Hit: true}, o.Crossing)
	require.Equal(t, 160.0, o.TrainNS)
	require.Equal(t, 400.0, o.WallNS)
	require.Equal(t, 290.0, o.CPUNS)
	require.Equal(t, 50.0, o.Top1)
	require.Equal(t, 30.0, o.AUC) // (20*2 + 40*2) / 4
}
