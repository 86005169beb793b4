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

// The table of several studies and the JSON hold all that the text of one study shows, and a void study's nothing that it withholds
// (methodology b.7), but for the hits of both arms, which always stand there (b.5).
func TestEveryOutputShowsAndWithholdsTheSame(t *testing.T) {
	t.Parallel()
	good, err := completeStudy(t, 2, 2).Run(context.Background())
	require.NoError(t, err)
	void := *good
	void.Verdict = Verdict{Word: Void, Sentence: "a check failed"}
	numbers := []string{"paired ratio", "reduction of epochs by target", "top-1 at the budget, on the test split", "whole schedules (cosine to zero)"}
	for _, r := range []*Report{good, &void} {
		shown := r == good
		var one, several strings.Builder
		require.NoError(t, r.WriteText(&one))
		require.NoError(t, CompareStudies([]*Report{r, good}).WriteText(&several))
		before, _, _ := strings.Cut(several.String(), "\nverdict: ") // of the first study
		for _, text := range []string{one.String(), before} {
			for _, number := range numbers {
				require.Equal(t, shown, strings.Contains(text, number), "%s: %q in %s", r.Verdict.Word, number, text)
			}
		}
		require.Regexp(t, map[bool]string{true: "target reached +without MTO 6 of 6, with MTO 6 of 6", false: "target reached without MTO in 6, with MTO in 6; no ratio is shown: void"}[shown], one.String())

		data, err := json.Marshal(r)
		require.NoError(t, err)
		var facts map[string]any
		require.NoError(t, json.Unmarshal(data, &facts))
		for _, key := range []string{"units", "raw_crossing", "final", "complete"} {
			require.Equal(t, shown, facts[key] != nil, "%s: %s", r.Verdict.Word, key)
		}
	}

	data, err := json.Marshal(good)
	require.NoError(t, err)
	type difference struct {
		Pairs    int
		Mean     float64
		Interval [2]float64
		Limits   [2]*float64 `json:"one_sided_limits"`
	}
	var read struct {
		Final []struct {
			Name       string
			Mean       map[string]float64
			TestPct    map[string][]float64 `json:"test_pct"`
			Difference difference
		}
		Complete struct {
			Epochs, Half_Epochs, Margin float64
			Figures                     []struct {
				Name                 string
				Seeds                []int
				Assay                difference
				Sensitive, Confirmed bool
				NonInferiority       difference `json:"non_inferiority"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(data, &read))
	want, have := good.Final[0], read.Final[0]
	require.Equal(t, want.Name, have.Name)
	require.Equal(t, want.Off, have.TestPct[ArmOff])
	require.Equal(t, want.MeanOn, have.Mean[ArmOn])
	require.Equal(t, difference{6, want.Difference.Mean, [2]float64{want.Difference.Interval.Lo, want.Difference.Interval.Hi}, [2]*float64{&want.Difference.Lower, &want.Difference.Upper}}, have.Difference)
	require.Equal(t, [3]float64{10, 5, 0.5}, [3]float64{read.Complete.Epochs, read.Complete.Half_Epochs, read.Complete.Margin})
	figure := read.Complete.Figures[0]
	require.Equal(t, []int{1, 2, 3, 4, 5, 6}, figure.Seeds)
	require.True(t, figure.Sensitive && figure.Confirmed)
	require.Equal(t, good.Complete.Figures[0].Assay.Mean, figure.Assay.Mean)
	require.Equal(t, good.Complete.Figures[0].NonInferior.Lower, *figure.NonInferiority.Limits[0])
}
