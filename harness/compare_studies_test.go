package harness

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryWorkloadTriedStandsInTheTableWithItsHolmP(t *testing.T) {
	t.Parallel()
	var reports []*Report
	for _, speed := range []float64{2, 1} {
		s, _ := fakeStudy(t, t.TempDir(), speed)
		r, err := s.Run(context.Background())
		require.NoError(t, err)
		reports = append(reports, r)
	}
	failed := *reports[0]
	failed.Verdict = Verdict{Word: Void, Sentence: "a check failed"}
	s := CompareStudies(append(reports, &failed))
	require.Equal(t, 2, s.Tests)
	p := []float64{s.Reports[0].Targets[2].P, s.Reports[1].Targets[2].P}
	require.Equal(t, 0.03125, p[0], "six pairs that all agree")
	require.Equal(t, []float64{0.0625, max(0.0625, p[1])}, s.Holm[:2])
	require.NotEqual(t, s.Holm[2], s.Holm[2], "a void study has no test")

	var text strings.Builder
	require.NoError(t, s.WriteText(&text))
	for _, want := range []string{"p adjusted over 2 tests of 3 workloads tried", "supported", "void", "exact signed-rank p = 0.0312", "training seconds"} {
		require.Contains(t, text.String(), want)
	}
	data, err := json.Marshal(s)
	require.NoError(t, err)
	var read struct {
		Studies []struct {
			Verdict Verdict
			Holm    *float64 `json:"holm_p"`
			Units   []struct {
				Unit       string
				Comparison struct {
					Ratio    float64
					Interval [2]float64
				}
			}
			Targets []map[string]any // c, ..., comparison
		}
	}
	require.NoError(t, json.Unmarshal(data, &read))
	require.Equal(t, 0.0625, *read.Studies[0].Holm)
	require.Equal(t, UnitFLOP, read.Studies[0].Units[2].Unit)
	require.Equal(t, reports[0].In(UnitFLOP).Interval, Interval{Lo: read.Studies[0].Units[2].Comparison.Interval[0], Hi: read.Studies[0].Units[2].Comparison.Interval[1]})
	require.Nil(t, read.Studies[2].Holm)
	require.Empty(t, read.Studies[2].Units, "a void study shows no number")
	require.Contains(t, read.Studies[0].Targets[2], "comparison")
	require.NotContains(t, read.Studies[2].Targets[2], "comparison")
}
