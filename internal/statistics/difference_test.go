package statistics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// scipy: r = ttest_rel(x, y); r.confidence_interval(0.95); ttest_rel(x, y, alternative="greater"
// and "less").confidence_interval(0.95)
func TestPairedDifferenceIsScipys(t *testing.T) {
	x := []float64{61.2, 60.4, 62.0, 61.5, 60.9, 61.8}
	y := []float64{60.8, 60.5, 61.1, 61.2, 60.1, 61.0}
	d := PairedDifference(x, y)
	require.Equal(t, 6, d.Pairs)
	near(t, 0.5166666666666657, d.Mean, 1e-13)
	near(t, 0.11067384740936792, d.Interval.Lo, 1e-12)
	near(t, 0.9226594859239635, d.Interval.Hi, 1e-12)
	near(t, 0.19841374871324952, d.Lower, 1e-12)
	near(t, 0.8349195846200819, d.Upper, 1e-12)

	one := PairedDifference(x[:1], y[:1])
	require.Equal(t, Everything, one.Interval, "one pair bounds nothing")
	require.Equal(t, [2]float64{math.Inf(-1), math.Inf(1)}, [2]float64{one.Lower, one.Upper})
}

// R: p.adjust(p, "holm")
func TestHolmIsRs(t *testing.T) {
	require.InDeltaSlice(t, []float64{0.03, 0.06, 0.06, 0.02}, Holm([]float64{0.01, 0.04, 0.03, 0.005}), 1e-15)
	require.Equal(t, []float64{1, 1, 0.06}, Holm([]float64{0.7, 0.6, 0.02}))
	require.Empty(t, Holm(nil))
}
