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
		require.Equal(t, want, judge(c, failed, guard).Word)
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
	on.CensoredOn = true
	check("less than claimed", on, nil, nil) // censoring in on: supported is not available
	off := between(0.4, 0.5)
	off.CensoredOff = true
	check("supported", off, nil, nil)
	require.Contains(t, judge(off, nil, nil).Sentence, "lower bound")
	check("not measurable", Comparison{StartedAtTarget: true}, nil, nil)
}
