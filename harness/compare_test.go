package harness

import (
	"context"
	"encoding/json"
	"math"
	"strings"
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
	c := compare(censoredSample(), Target{C: 0.95})
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
	a, b := compare(pairsOf(off, on), Target{C: 0.95}), compare(pairsOf(on, off), Target{C: 0.95})
	require.InDelta(t, 1, a.Ratio*b.Ratio, 1e-14)
	require.InDelta(t, 1, a.Interval.Lo*b.Interval.Hi, 1e-14)
	require.Equal(t, a.P, b.P)
	require.False(t, math.IsNaN(a.Correlation))
}

// At c = 1.00 the rule doesn't hang on whether a run happened to miss the target.
func TestConvergedQualityIsReadByTheCensoredRulesAlone(t *testing.T) {
	pairs := pairsOf(hits(72, 75, 80, 85, 90, 96), hits(42, 45, 48, 55, 56, 70))
	for c, want := range map[float64]struct {
		ratio float64
		p     float64
		json  []string
	}{
		0.95: {0.6285250103116837, 0.03125, []string{`"ratio_of":"geometric means"`, `"test":"signed-rank"`, `"bca":`}},
		1:    {316.0 / 498.0, 0.03125, []string{`"ratio_of":"restricted means"`, `"test":"log-rank under label swaps"`, `"percentile":`}},
	} {
		x := compare(pairs, Target{C: c})
		require.False(t, x.Censored())
		require.InDelta(t, want.ratio, x.Ratio, 1e-8, "c = %v", c)
		require.Equal(t, want.p, x.P, "c = %v", c)
		text, err := json.Marshal(x)
		require.NoError(t, err)
		for _, key := range want.json {
			require.Contains(t, string(text), key, "c = %v", c)
		}
		var b strings.Builder
		writeComparison(&b, x)
		require.Equal(t, c == 1, strings.Contains(b.String(), "ratio of restricted means"), b.String())
	}
}

// A whole study reads its profile so.
func TestTheProfileReadsConvergedQualityByTheCensoredRules(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	s.Lock.Targets[3].Tau = s.Lock.Targets[0].Tau // which every run reaches
	r, err := s.Judge()
	require.NoError(t, err)
	early, end := r.Targets[0], r.Targets[3]
	require.Equal(t, [2]float64{0.8, 1}, [2]float64{early.C, end.C})
	require.False(t, early.Censored() || end.Censored())
	require.Equal(t, early.Comparison.Crossings, end.Comparison.Crossings)
	require.NotEqual(t, early.Ratio, end.Ratio)
	require.Positive(t, end.RMSTOff)
	var b strings.Builder
	r.writeProfile(&b)
	require.Regexp(t, `c = 1\.00 .*of restricted means`, b.String())
}
