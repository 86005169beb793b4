package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// curves of n seeds rising from 10 to end[s] over a grid of 4, each straight.
func straight(end ...float64) (epochs []float64, q [][]float64) {
	epochs = []float64{0, 1, 2, 3, 4}
	for _, e := range end {
		curve := make([]float64, 5)
		for k := range curve {
			curve[k] = 10 + (e-10)*float64(k)/4
		}
		q = append(q, curve)
	}
	return epochs, q
}

func TestTargetLiesBetweenTheMedians(t *testing.T) {
	epochs, q := straight(49, 50, 50, 51, 50, 50)
	probe := probeLayer(1, epochs, q)
	require.Equal(t, 10.0, probe.Q0)
	require.Equal(t, 50.0, probe.QT)
	// rise from T/4 to T is 3/4 of 40 on average; sd of the ends is sqrt(2/5)
	require.InDelta(t, 30/0.6324555320336759, probe.SN, 1e-9)
	target := newTarget(0.5, probe, epochs, q)
	require.Equal(t, 30.0, target.Tau)
	require.Empty(t, target.Refused)
	require.InDelta(t, 2.0, target.Crossings[1], 1e-12)
}

func TestGuardsRefuseATarget(t *testing.T) {
	check := func(want string, c float64, end ...float64) {
		t.Helper()
		epochs, q := straight(end...)
		refused := newTarget(c, probeLayer(1, epochs, q), epochs, q).Refused
		require.NotEmpty(t, refused)
		require.Contains(t, join(refused), want)
	}
	check("miss it within the budget", 1.0, 48, 49, 49.5, 50, 50.5, 51) // half of the runs end below the median
	check("signal to noise", 0.5, 20, 30, 40, 50, 60, 70)
	check("scatter", 0.5, 20, 30, 40, 50, 60, 70)
	check("before any training", 0.0, 49, 50, 50, 51, 50, 50)
}

func TestOneMissIsAllowedTwoAreNot(t *testing.T) {
	epochs, q := straight(50, 50, 50, 50, 50, 50)
	q[0] = []float64{10, 20, 30, 40, 45}
	probe := probeLayer(1, epochs, q)
	probe.SN = 100
	require.Empty(t, newTarget(0.95, probe, epochs, q).Refused)
	q[1] = q[0]
	require.NotEmpty(t, newTarget(0.95, probe, epochs, q).Refused)
}

func TestLayerWithEnoughSignalAndTheBestEndIsChosen(t *testing.T) {
	check := func(want int, layers ...LayerProbe) {
		t.Helper()
		require.Equal(t, want, chooseLayer(layers).Layer)
	}
	check(2, LayerProbe{1, 10, 40, 20}, LayerProbe{2, 10, 45, 12}, LayerProbe{3, 10, 60, 9})
	check(1, LayerProbe{1, 10, 40, 20}, LayerProbe{2, 10, 40, 30}) // a tie goes to the lower layer
	check(2, LayerProbe{1, 10, 40, 2}, LayerProbe{2, 10, 30, 5})   // none has enough: the most signal
}
