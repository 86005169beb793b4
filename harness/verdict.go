package harness

import (
	"fmt"
	"strings"

	"github.com/mtobench/mtobench/nn"
)

// claimed is the upper limit of the ratio's interval from which the claim of a halving counts as
// supported, and claimTarget the c that it is about (methodology b.5).
const (
	claimed     = 0.60
	claimTarget = 0.95
)

// The words of a verdict (methodology b.5), in the order of the rule.
const (
	Void            = "void"
	NotMeasurable   = "not measurable"
	NoVerdict       = "no verdict" // the study's primary target isn't that of the rule: its numbers stand alone
	Supported       = "supported"
	LessThanClaimed = "less than claimed"
	Slower          = "slower"
	NotShown        = "not shown at this scale"
)

// A Verdict is a word with its sentence and what decided it.
type Verdict struct {
	Word     string      `json:"word"`
	Sentence string      `json:"sentence"`
	Because  []Condition `json:"because"` // every condition looked at, in order; the last one decided
}

// A Condition is one inequality of the rule, as it came out.
type Condition struct {
	What     string  `json:"what"`
	Value    float64 `json:"value"`
	Relation string  `json:"relation"` // <=, <, > or >=
	Bound    float64 `json:"bound"`
	Holds    bool    `json:"holds"`
}

func (c Condition) String() string {
	s := fmt.Sprintf("%s: %.4g %s %.4g", c.What, c.Value, c.Relation, c.Bound)
	if !c.Holds {
		s += ", no"
	}
	return s
}

// condition evaluates one.
func condition(what string, value float64, relation string, bound float64) Condition {
	c := Condition{What: what, Value: value, Relation: relation, Bound: bound}
	switch relation {
	case "<=":
		c.Holds = value <= bound
	case "<":
		c.Holds = value < bound
	case ">":
		c.Holds = value > bound
	case ">=":
		c.Holds = value >= bound
	default:
		panic("harness: relation " + relation)
	}
	return c
}

// evidence is what a verdict rests on.
type evidence struct {
	comparison Comparison  // at the primary target
	c          float64     // the primary target
	failed     []string    // checks of b.7 that did not hold
	checks     int         // how many there were
	guard      []string    // what b.4 found against the target, in words
	guards     []Condition // the same in numbers, with those of calibration that hold
}

// judge applies the rule of b.5, in its order.
func judge(e evidence) Verdict {
	c := e.comparison
	v := Verdict{Because: []Condition{condition(fmt.Sprintf("failed checks, of %d", e.checks), float64(len(e.failed)), "<=", 0)}}
	if len(e.failed) > 0 {
		v.Word, v.Sentence = Void, "a check that must hold before any number counts has failed: "+join(e.failed)
		return v
	}
	for _, x := range e.guards {
		v.Because = append(v.Because, x)
		if !x.Holds {
			break
		}
	}
	switch {
	case len(e.guard) > 0:
		v.Word, v.Sentence = NotMeasurable, "the target can't be measured on this workload: "+join(e.guard)
		return v
	case c.StartedAtTarget:
		v.Because = append(v.Because, condition("runs at the target before any training", float64(c.atStart()), "<=", 0))
		v.Word, v.Sentence = NotMeasurable, "a run is at the target before any training, so no ratio exists"
		return v
	case e.c != claimTarget:
		side := ">="
		if e.c > claimTarget {
			side = "<="
		}
		v.Because = append(v.Because, condition("c of the study's primary target, where the claim is judged", e.c, side, claimTarget))
		v.Word = NoVerdict
		v.Sentence = fmt.Sprintf("the claim is judged at c = %.2f; this study's primary target is c = %.2f (study.target), so its numbers stand without a verdict", claimTarget, e.c)
		return v
	}
	v.Word = v.decide(c)
	v.Sentence = meaning[v.Word] + direction(c)
	if v.Word == LessThanClaimed && c.Interval.Hi <= claimed {
		v.Sentence = "MTO needs fewer epochs" + direction(c)
	}
	return v
}

// decide looks at the interval.
func (v *Verdict) decide(c Comparison) string {
	holds := func(what string, value float64, relation string, bound float64) bool {
		x := condition(what, value, relation, bound)
		v.Because = append(v.Because, x)
		return x.Holds
	}
	lo, hi := c.Interval.Lo, c.Interval.Hi
	switch {
	case holds("upper limit of the ratio", hi, "<=", claimed) &&
		(!c.Censored() || holds("runs with MTO that missed the target", float64(c.Pairs-c.HitsOn), "<=", 0)):
		return Supported
	case holds("upper limit of the ratio", hi, "<", 1):
		return LessThanClaimed
	case holds("lower limit of the ratio", lo, ">", 1):
		return Slower
	}
	return NotShown
}

var meaning = map[string]string{
	Supported:       fmt.Sprintf("the whole interval lies at or below %.2f, as a halving of the epochs would have it", claimed),
	LessThanClaimed: fmt.Sprintf("MTO needs fewer epochs, but the interval reaches above %.2f, so a halving isn't supported", claimed),
	Slower:          "MTO needs more epochs than the baseline",
	NotShown:        "the interval contains 1, so neither a gain nor a loss is shown",
}

// direction says which way censoring bends the ratio. A run that missed the target counts as the budget, which is less than it
// needs: of the baseline, that makes the ratio too large, with MTO too small.
func direction(c Comparison) string {
	longer := c.Ratio > 1
	switch {
	case c.CensoredOn && c.CensoredOff:
		return "; runs of both arms missed the target within the budget, so the ratio is of restricted means and no reduction beyond it may be claimed"
	case c.CensoredOn && longer:
		return "; some MTO runs missed the target within the budget, so the increase shown is a lower bound"
	case c.CensoredOn:
		return "; some MTO runs missed the target within the budget, so no reduction may be claimed beyond the bound"
	case c.CensoredOff && longer:
		return "; some baseline runs missed the target within the budget, so the increase shown is an upper bound, and there may be none"
	case c.CensoredOff:
		return "; some baseline runs missed the target within the budget, so the reduction shown is a lower bound"
	}
	return ""
}

func join(reasons []string) string { return strings.Join(reasons, "; ") }

// guards are the conditions of b.4 at a target, in numbers and in the order of Target.Refused; then what b.2 and b.3 ask of
// every study. What can only be right or wrong is among them where it is wrong.
func guards(t Target, probe LayerProbe, schedule string, pairs int) []Condition {
	misses, atStart := 0, 0
	for i, hit := range t.Hits {
		switch {
		case !hit:
			misses++
		case t.Crossings[i] == 0:
			atStart++
		}
	}
	list := []Condition{
		condition(fmt.Sprintf("calibration runs that missed the target, of %d", len(t.Hits)), float64(misses), "<=", maxMisses),
		condition("variation of the calibration runs' crossings", t.CV, "<=", maxCrossingCV),
	}
	if atStart > 0 {
		list = append(list, condition("calibration runs at the target before any training", float64(atStart), "<=", 0))
	}
	list = append(list, condition("signal to noise of the probe", probe.SN, ">=", minSignalToNoise))
	if schedule != string(nn.Constant) {
		list = append(list, condition(fmt.Sprintf("arms whose learning rate isn't constant (train.schedule=%s)", schedule), 2, "<=", 0))
	}
	return append(list, condition("pairs", float64(pairs), ">=", minPairs))
}
