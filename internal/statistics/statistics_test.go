package statistics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Reference values in this file come from scipy 1.17.1 and numpy under CPython, by
//
//	scipy.stats.t.ppf(0.975, df), norm.cdf, norm.ppf, optimize.isotonic_regression(q).x,
//	ttest_1samp(log(on/off), 0).confidence_interval(0.95), corrcoef, wilcoxon(x, mode="exact"),
//	mannwhitneyu(a, b, method="exact"), logrank(x, y),
//
// or, where scipy has no exact form (ties, label swaps), from enumerating every case in Python. The
// bootstrap's resamples were drawn there by a second implementation of Philox4x32-10.

func near(t *testing.T, want, got, tolerance float64) {
	t.Helper()
	require.InDelta(t, want, got, tolerance*math.Max(1, math.Abs(want)))
}

var (
	refOff = []float64{71.7, 89.61, 80.2, 66.9, 75.3, 84.4}
	refOn  = []float64{53.58, 60.1, 58.8, 51.2, 49.9, 61.0}
)

func TestStudentQuantilesAreScipys(t *testing.T) {
	for df, want := range map[int]float64{
		1: 12.706204736174694, 2: 4.302652729749462, 3: 3.1824463052837078, 5: 2.5705818356363146,
		9: 2.262157162798205, 19: 2.0930240544083087, 30: 2.0422724563012378,
	} {
		near(t, want, StudentQuantile(0.95, df), 1e-13)
	}
}

func TestNormalDistributionIsScipys(t *testing.T) {
	for z, want := range map[float64]float64{
		-3: 0.0013498980316300933, -1.2345: 0.10850832336267019, 0: 0.5, 0.5: 0.6914624612740131, 2.5: 0.9937903346742238,
	} {
		near(t, want, NormalCDF(z), 1e-15)
	}
	for p, want := range map[float64]float64{
		0.025: -1.9599639845400545, 0.3: -0.5244005127080409, 0.975: 1.959963984540054, 0.999: 3.090232306167813,
	} {
		near(t, want, NormalQuantile(p), 1e-12)
	}
}

func TestIsotonicFitIsScipys(t *testing.T) {
	q := []float64{10, 14, 13, 13.5, 20, 18, 19, 25, 24.5, 24.9, 30}
	require.InDeltaSlice(t, []float64{10, 13.5, 13.5, 13.5, 19, 19, 19, 24.75, 24.75, 24.9, 30}, Isotonic(q), 1e-12)
	require.Equal(t, []float64{10, 14, 13, 13.5, 20, 18, 19, 25, 24.5, 24.9, 30}, q, "the argument is read only")
	require.Equal(t, []float64{1, 2, 3}, Isotonic([]float64{1, 2, 3}), "a rising curve is its own fit")
	require.Equal(t, []float64{2, 2, 2}, Isotonic([]float64{3, 2, 1}), "a falling one is its mean")
}

func TestRatioAndIntervalAreScipys(t *testing.T) {
	logs := LogRatios(refOn, refOff)
	near(t, 0.7159624043940532, exp(Mean(logs)), 1e-14)
	i := StudentInterval(logs).Exp()
	near(t, 0.673248874437902, i.Lo, 1e-13)
	near(t, 0.7613858470000225, i.Hi, 1e-13)
	near(t, 0.839692206750403, Correlation(Logs(refOff), Logs(refOn)), 1e-13)
}

// scipy.stats.bootstrap with its own 200,000 resamples gives 0.6821 to 0.7437.
func TestBCaIntervalIsThatOfTheSameResamplesInPython(t *testing.T) {
	i := BCaMean(LogRatios(refOn, refOff)).Exp()
	near(t, 0.6815509195012963, i.Lo, 1e-12)
	near(t, 0.7443218314661736, i.Hi, 1e-12)
	require.Equal(t, Interval{-0.5, -0.5}, BCaMean([]float64{-0.5, -0.5, -0.5}), "equal pairs are a point")
}

func TestSignedRankIsExact(t *testing.T) {
	check := func(want float64, d ...float64) {
		t.Helper()
		near(t, want, SignedRank(d), 1e-15)
	}
	check(0.15625, 1.2, -0.4, 2.2, 3.1, 0.7, -1.9, 2.8)
	check(0.03125, -0.46, -0.2, -0.3, -0.1, -0.6, -0.5) // 2/2^6: the least six pairs can give
	check(0.275390625, 0.3, -0.2, 0.1, 0.4, -0.5, 0.6, 0.7, 0.8, -0.9, 1.0)
	check(0.53125, 1, 1, -1, 2, 0, -2, 3) // ties and a zero
	check(0.15625, 2, 2, 2, -2, -1, 3, 3)
	check(1, 0, 0, 5)
	check(1, 0, 0, 0)
}

func TestRankSumIsExact(t *testing.T) {
	near(t, 0.5621878121878122, RankSum([]float64{72, 75, 80, 85, 91, 99}, []float64{60, 70, 73, 77, 78, 81, 84, 88, 90, 92}), 1e-15)
	near(t, 0.1111111111111111, RankSum([]float64{1, 2, 2, 3}, []float64{2, 3, 4, 4, 5}), 1e-15) // ties
	near(t, 1, RankSum([]float64{1, 1}, []float64{1, 1}), 0)
}

// The censored sample of methodology 1.8: 6 pairs, budget 120.
var (
	censoredOff = []Crossing{{72, true}, {75, true}, {80, true}, {85, true}, {120, false}, {120, false}}
	censoredOn  = []Crossing{{42, true}, {45, true}, {48, true}, {55, true}, {56, true}, {120, false}}
)

func TestCensoredSampleHasMethodologysNumbers(t *testing.T) {
	test := LogRankSwap(censoredOff, censoredOn)
	near(t, 3.0184873241292465, test.Chi2, 1e-14)                                        // 3.02 in methodology 1.8; scipy's logrank squared
	require.Equal(t, SwapTest{Chi2: test.Chi2, P: 0.0625, Swaps: 64, Exact: true}, test) // 4 of 64 swaps
	r := CompareRestrictedMeans(censoredOff, censoredOn)
	require.Equal(t, [2]float64{92, 61}, [2]float64{r.Off, r.On})
	near(t, 61.0/92.0, r.Ratio, 1e-15)
	near(t, 0.5266666666666666, r.Percentile.Lo, 1e-14)
	near(t, 0.8446280991735537, r.Percentile.Hi, 1e-14)
	for _, arm := range []struct {
		times                 []Crossing
		median, restricted, e float64
	}{{censoredOff, 80, 92, 138}, {censoredOn, 48, 61, 73.2}} {
		curve := KaplanMeier(arm.times)
		median, ok := curve.Median()
		require.True(t, ok)
		near(t, arm.median, median, 0)
		near(t, arm.restricted, curve.RestrictedMean(120), 1e-15)
		ert, ok := ExpectedRunningTime(arm.times)
		require.True(t, ok)
		near(t, arm.e, ert, 1e-15)
	}
}

func TestLogRankWithTiesIsScipys(t *testing.T) {
	off := []Crossing{{72, true}, {75, true}, {80, true}, {80, true}, {120, false}, {120, false}}
	on := []Crossing{{42, true}, {72, true}, {48, true}, {48, true}, {80, true}, {120, false}}
	near(t, 1.5893278411451504, LogRank(off, on), 1e-14)
	require.Zero(t, LogRank([]Crossing{{9, false}}, []Crossing{{9, false}}), "no hit tells nothing")
}
