package harness

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// hits are crossings of runs that all reached the target.
func hits(at ...float64) []Crossing {
	var c []Crossing
	for _, x := range at {
		c = append(c, Crossing{At: x, Hit: true})
	}
	return c
}

func pairsOf(off, on []Crossing) []Pair {
	var pairs []Pair
	for i := range off {
		pairs = append(pairs, Pair{off[i], on[i]})
	}
	return pairs
}

// The censored sample of methodology 1.8: 6 pairs, budget 120.
func censoredSample() []Pair {
	missed := Crossing{At: 120}
	return pairsOf(append(hits(72, 75, 80, 85), missed, missed), append(hits(42, 45, 48, 55, 56), missed))
}

func TestCensoredSampleHasMethodologysNumbers(t *testing.T) {
	c := compare(censoredSample())
	require.Equal(t, [2]int{4, 5}, [2]int{c.HitsOff, c.HitsOn})
	require.True(t, c.KMBoth)
	require.Equal(t, [2]float64{80, 48}, [2]float64{c.KMOff, c.KMOn})
	require.Equal(t, [2]float64{138, 73.2}, [2]float64{c.ERTOff, c.ERTOn})
	require.InDelta(t, 61.0/92.0, c.Ratio, 1e-15)
	require.InDelta(t, 3.0184873241292465, c.Chi2, 1e-13)
	require.Equal(t, 0.0625, c.P)
	require.Equal(t, 5, c.Won)
}

func TestSwappingLabelsInAllPairsInvertsTheRatio(t *testing.T) {
	off, on := hits(71.7, 89.61, 80.2, 66.9, 75.3, 84.4), hits(53.58, 60.1, 58.8, 51.2, 49.9, 61.0)
	a, b := compare(pairsOf(off, on)), compare(pairsOf(on, off))
	require.InDelta(t, 1, a.Ratio*b.Ratio, 1e-14)
	require.InDelta(t, 1, a.Interval.Lo*b.Interval.Hi, 1e-14)
	require.Equal(t, a.P, b.P)
	require.False(t, math.IsNaN(a.Correlation))
}
