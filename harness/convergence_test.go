package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/statistics"
)

func TestBaselineOffItsReferenceFails(t *testing.T) {
	var reference []float64
	for i := range 20 {
		reference = append(reference, 30+float64(i)/4)
	}
	check := func(ok bool, words string, have ...float64) {
		t.Helper()
		c := sameConvergence(reference, have)
		require.Equal(t, ok, c.OK, c.Found)
		require.Contains(t, c.Found, words)
	}
	check(true, "20, p = ", 31, 32, 33, 34, 30.5, 33.5)
	check(false, "slower, so the baseline is broken or under-tuned", 35, 36, 36, 37, 35.5, 36.5)
	check(false, "faster, so this is another workload", 25, 26, 26, 27, 25.5, 26.5)
}

// The shipped points are those of the shipped study: same workload, seeds of their own, and crossings that
// this program reads from the same curves.
func TestShippedConvergencePointsFitTheShippedStudy(t *testing.T) {
	lock := quickLock()
	require.NotNil(t, lock)
	c, err := Load("lock", nil, lock.Overrides())
	require.NoError(t, err)
	c.Probe.Layer = lock.Calibration.Layer
	points, err := benchdata.ReferenceConvergence(c.WorkloadHash(lock.Data.SHA256))
	require.NoError(t, err)
	require.NotNil(t, points, "remake it: mtobench reference > benchdata/convergence/quick.json")
	require.GreaterOrEqual(t, len(points.Runs), minReferenceRuns)
	require.Equal(t, lock.primary().Tau, points.Target)
	seeds := map[int]bool{}
	for _, r := range points.Runs {
		require.NotContains(t, append(lock.Seeds, lock.Calibration.Seeds...), r.Seed)
		require.False(t, seeds[r.Seed])
		seeds[r.Seed] = true
		x := statistics.FirstCrossing(points.Epochs, statistics.Isotonic(r.Quality), points.Target)
		require.Equal(t, Crossing{At: r.Needed, Hit: r.Hit}, x)
	}
	none, err := benchdata.ReferenceConvergence("0123")
	require.NoError(t, err)
	require.Nil(t, none)
}
