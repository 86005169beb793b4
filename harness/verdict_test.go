package harness

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVerdictFollowsItsRuleInOrder(t *testing.T) {
	between := func(lo, hi float64) Comparison { return Comparison{Interval: Interval{Lo: lo, Hi: hi}} }
	check := func(want string, c Comparison, failed, guard []string) {
		t.Helper()
		v := judge(evidence{comparison: c, c: claimTarget, failed: failed, guard: guard})
		require.Equal(t, want, v.Word)
		require.NotEmpty(t, v.Because)
	}
	reason := []string{"reason"}
	check("supported", between(0.4, 0.60), nil, nil)
	check("less than claimed", between(0.4, 0.61), nil, nil)
	check("less than claimed", between(0.9, 0.99), nil, nil)
	check("not shown at this scale", between(0.45, 1.0), nil, nil) // a wide interval around 0.5 supports nothing
	check("not shown at this scale", between(0.9, 1.1), nil, nil)
	check("slower", between(1.01, 1.1), nil, nil)
	check("void", between(0.4, 0.5), reason, reason) // void comes before not measurable
	check("not measurable", between(0.4, 0.5), nil, reason)
	check("not shown at this scale", between(0, math.Inf(1)), nil, nil)

	on := between(0.4, 0.5)
	on.Pairs, on.HitsOn, on.CensoredOn = 6, 5, true
	check("less than claimed", on, nil, nil) // censoring in on: supported is not available
	off := between(0.4, 0.5)
	off.Pairs, off.HitsOn, off.CensoredOff = 6, 6, true
	check("supported", off, nil, nil)
	require.Contains(t, judge(evidence{comparison: off, c: claimTarget}).Sentence, "lower bound")
	check("not measurable", Comparison{StartedAtTarget: true}, nil, nil)
}

func TestVerdictCarriesTheInequalitiesThatMadeIt(t *testing.T) {
	e := evidence{comparison: Comparison{Interval: Interval{Lo: 0.55, Hi: 0.66}}, c: claimTarget, checks: 9,
		guards: guards(Target{Hits: []bool{true, true, false, true, true, true}, CV: 0.08}, LayerProbe{SN: 11.6}, 6)}
	v := judge(e)
	var because []string
	for _, c := range v.Because {
		because = append(because, c.String())
	}
	require.Equal(t, []string{
		"failed checks, of 9: 0 <= 0",
		"calibration runs that missed the target, of 6: 1 <= 1",
		"variation of the calibration runs' crossings: 0.08 <= 0.15",
		"signal to noise of the probe: 11.6 >= 10",
		"pairs: 6 >= 6",
		"upper limit of the ratio: 0.66 <= 0.6, no",
		"upper limit of the ratio: 0.66 < 1",
	}, because)
}

// b.5 defines the rule on c = 0.95.
func TestAnotherPrimaryTargetGetsNoVerdict(t *testing.T) {
	e := evidence{comparison: Comparison{Interval: Interval{Lo: 0.3, Hi: 0.5}}, c: 0.9}
	v := judge(e)
	require.Equal(t, NoVerdict, v.Word)
	require.Contains(t, v.Sentence, "c = 0.90")
	e.failed = []string{"a check"}
	require.Equal(t, Void, judge(e).Word, "a failed check is said all the same")
}
