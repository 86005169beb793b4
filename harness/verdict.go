package harness

import "fmt"

// claimed is the upper limit of the ratio's interval from which the claim of a halving counts as
// supported (methodology b.5).
const claimed = 0.60

// A Verdict is one of the six words of b.5 with its sentence.
type Verdict struct {
	Word     string // "void", "not measurable", "supported", "less than claimed", "slower", "not shown at this scale"
	Sentence string
}

// judge applies the rule of b.5, in its order, to the comparison at the primary target. failed names
// the checks of b.7 that did not hold, guard what b.4 found; both are empty where all is well.
func judge(c Comparison, failed, guard []string) Verdict {
	switch {
	case len(failed) > 0:
		return Verdict{"void", "a check that must hold before any number counts has failed: " + join(failed)}
	case len(guard) > 0:
		return Verdict{"not measurable", "the target can't be measured on this workload: " + join(guard)}
	case c.StartedAtTarget:
		return Verdict{"not measurable", "a run is at the target before any training, so no ratio exists"}
	}
	lo, hi := c.Interval.Lo, c.Interval.Hi
	v := Verdict{Word: "not shown at this scale"}
	switch {
	case hi <= claimed && !c.CensoredOn:
		v.Word = "supported"
	case hi < 1:
		v.Word = "less than claimed"
	case lo > 1:
		v.Word = "slower"
	}
	v.Sentence = meaning[v.Word] + direction(c)
	if v.Word == "less than claimed" && hi <= claimed {
		v.Sentence = "MTO needs fewer epochs" + direction(c)
	}
	return v
}

var meaning = map[string]string{
	"supported":               fmt.Sprintf("the whole interval lies at or below %.2f, as a halving of the epochs would have it", claimed),
	"less than claimed":       fmt.Sprintf("MTO needs fewer epochs, but the interval reaches above %.2f, so a halving isn't supported", claimed),
	"slower":                  "MTO needs more epochs than the baseline",
	"not shown at this scale": "the interval contains 1, so neither a gain nor a loss is shown",
}

// direction says which way censoring bends the ratio.
func direction(c Comparison) string {
	switch {
	case c.CensoredOn && c.CensoredOff:
		return "; runs of both arms missed the target within the budget, so the ratio is of restricted means and no reduction beyond it may be claimed"
	case c.CensoredOn:
		return "; some MTO runs missed the target within the budget, so no reduction may be claimed beyond the bound"
	case c.CensoredOff:
		return "; some baseline runs missed the target within the budget, so the reduction shown is a lower bound"
	}
	return ""
}

func join(reasons []string) string {
	s := reasons[0]
	for _, r := range reasons[1:] {
		s += "; " + r
	}
	return s
}
