package harness

import (
	"context"
	"math"
	"slices"
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
	check("not measurable", Comparison{StartedAtTarget: true, Crossings: pairsOf(hits(0), hits(1))}, nil, nil)
}

func TestVerdictCarriesTheInequalitiesThatMadeIt(t *testing.T) {
	e := evidence{comparison: Comparison{Interval: Interval{Lo: 0.55, Hi: 0.66}}, c: claimTarget, checks: 9,
		guards: guards(Target{Hits: []bool{true, true, false, true, true, true}, Crossings: []float64{3, 3, 9, 3, 3, 3}, CV: 0.08}, LayerProbe{SN: 11.6}, "constant", 6)}
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

// Censoring in one arm bends the ratio one way: with longer runs than the budget counted in full, it moves as the sentence says.
func TestTheSentenceSaysWhichWayCensoringBends(t *testing.T) {
	missed := Crossing{At: 10}
	for _, c := range []struct {
		words   string
		off, on []Crossing
	}{
		{"the reduction shown is a lower bound", append(hits(8, 8, 8, 8, 8), missed), hits(4, 4, 4, 4, 4, 4)},
		{"the increase shown is an upper bound", append(hits(4, 4, 4, 4, 4), missed), hits(9, 9, 9, 9, 9, 9)},
		{"no reduction may be claimed beyond the bound", hits(9, 9, 9, 9, 9, 9), append(hits(4, 4, 4, 4, 4), missed)},
		{"the increase shown is a lower bound", hits(4, 4, 4, 4, 4, 4), append(hits(9, 9, 9, 9, 9), missed)},
		{"no reduction beyond it may be claimed", append(hits(9, 9, 9, 9, 9), missed), append(hits(4, 4, 4, 4, 4), missed)},
		{"no reduction beyond it may be claimed", append(hits(4, 4, 4, 4, 4), missed), append(hits(9, 9, 9, 9, 9), missed)},
	} {
		x := compare(pairsOf(c.off, c.on), Target{C: claimTarget})
		require.Contains(t, judge(evidence{comparison: x, c: claimTarget}).Sentence, c.words)

		full := func(list []Crossing) (sum float64) { // the missed run needs 3 budgets
			for _, run := range list {
				sum += map[bool]float64{true: run.At, false: 30}[run.Hit]
			}
			return sum
		}
		truth := full(c.on) / full(c.off)
		switch {
		case x.CensoredOff && !x.CensoredOn:
			require.Less(t, truth, x.Ratio, c.words)
		case x.CensoredOn && !x.CensoredOff:
			require.Greater(t, truth, x.Ratio, c.words)
		}
	}
}

// The last inequality is the one that decided, whatever the word.
func TestTheLastInequalityDecided(t *testing.T) {
	sound := Target{Hits: slices.Repeat([]bool{true}, 6), Crossings: slices.Repeat([]float64{3}, 6)}
	target := func(change func(t *Target)) Target {
		x := sound
		x.Hits, x.Crossings = slices.Clone(sound.Hits), slices.Clone(sound.Crossings)
		change(&x)
		return x
	}
	enough := LayerProbe{SN: 12}
	shows := func(lo, hi float64) Comparison { return Comparison{Interval: Interval{Lo: lo, Hi: hi}} }
	for _, c := range []struct {
		word, last string
		e          evidence
	}{
		{Void, "failed checks, of 9: 1 <= 0, no", evidence{failed: []string{"reason"}, checks: 9}},
		{NotMeasurable, "calibration runs that missed the target, of 6: 2 <= 1, no",
			evidence{guards: guards(target(func(x *Target) { x.Hits[0], x.Hits[3] = false, false }), LayerProbe{SN: 2}, "cosine", 2)}},
		{NotMeasurable, "variation of the calibration runs' crossings: 0.2 <= 0.15, no", evidence{guards: guards(target(func(x *Target) { x.CV = 0.2 }), LayerProbe{SN: 2}, "constant", 6)}},
		{NotMeasurable, "calibration runs at the target before any training: 1 <= 0, no", evidence{guards: guards(target(func(x *Target) { x.Crossings[2] = 0 }), enough, "constant", 6)}},
		{NotMeasurable, "signal to noise of the probe: 2 >= 10, no", evidence{guards: guards(sound, LayerProbe{SN: 2}, "constant", 6)}},
		{NotMeasurable, "arms whose learning rate isn't constant (train.schedule=cosine): 2 <= 0, no", evidence{guards: guards(sound, enough, "cosine", 6)}},
		{NotMeasurable, "pairs: 5 >= 6, no", evidence{guards: guards(sound, enough, "constant", 5)}},
		{NotMeasurable, "runs at the target before any training: 3 <= 0, no",
			evidence{comparison: compare(pairsOf(hits(0, 1, 0), hits(2, 0, 1)), sound), c: claimTarget, guards: guards(sound, enough, "constant", 6)}},
		{NoVerdict, "c of the study's primary target, where the claim is judged: 0.9 >= 0.95, no", evidence{c: 0.9}},
		{NoVerdict, "c of the study's primary target, where the claim is judged: 1 <= 0.95, no", evidence{c: 1}},
		{Supported, "upper limit of the ratio: 0.5 <= 0.6", evidence{comparison: shows(0.4, 0.5), c: claimTarget}},
		{LessThanClaimed, "upper limit of the ratio: 0.9 < 1", evidence{comparison: shows(0.4, 0.9), c: claimTarget}},
		{Slower, "lower limit of the ratio: 1.1 > 1", evidence{comparison: shows(1.1, 1.2), c: claimTarget}},
		{NotShown, "lower limit of the ratio: 0.9 > 1, no", evidence{comparison: shows(0.9, 1.2), c: claimTarget}},
	} {
		if i := slices.IndexFunc(c.e.guards, func(x Condition) bool { return !x.Holds }); i >= 0 {
			c.e.guard = []string{"reason"}
		}
		v := judge(c.e)
		require.Equal(t, c.word, v.Word, c.last)
		last := v.Because[len(v.Because)-1]
		require.Equal(t, c.last, last.String())
		for _, x := range v.Because[:len(v.Because)-1] {
			require.True(t, x.Holds || c.word != NotMeasurable && c.word != NoVerdict, "%s stands before %s", x, last)
		}
	}
}

// A study says why it isn't measurable in numbers too, whichever of its reasons it is.
func TestAStudyThatIsNotMeasurableNamesTheInequality(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ override, last string }{
		{"train.schedule=cosine", "arms whose learning rate isn't constant (train.schedule=cosine): 2 <= 0, no"},
		{"study.target=0.9", "c of the study's primary target, where the claim is judged: 0.9 >= 0.95, no"},
	} {
		s, _ := fakeStudy(t, t.TempDir(), 2, c.override)
		r, err := s.Run(context.Background())
		require.NoError(t, err)
		require.Equal(t, c.last, r.Verdict.Because[len(r.Verdict.Because)-1].String(), r.Verdict.Word)
	}
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
