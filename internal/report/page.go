package report

import (
	"fmt"
	"html/template"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/mto"
)

// A page is all that the template shows. Its sections stand in the order of its fields.
type page struct {
	Style template.CSS
	Name  string
	Facts string // what was trained on what, in a line
	Demo  bool

	Verdict      verdict
	NotSaid      []string
	Ratios       *figure
	Numbers      table
	Curves       []figure
	Seeds        *figure
	Pairs        []figure
	ForTheRecord string // why the figures of the pairs support nothing; empty where they do
	Survival     []figure
	Internal     []figure // diagnostics
	Speed        []figure
	Final        *table
	Complete     []figure // confirmation by whole schedules
	Checks       []check
	Warnings     []string
	Runs         table
	Targets      table
	Layers       table
	Made         table // what made the runs
	Config       table
	Terms        []term
	Whole        bool // results.complete.txt lies beside the page
	Cite         string
	Lock         string
}

// A verdict is the word with its class, sign and the figures beside it.
type verdict struct {
	Word, Class, Sign, Sentence string
	Because                     []because
	Cards                       []card
}

// A because is one inequality of the verdict's rule, and whether it holds.
type because struct{ Text, Answer string }

var relations = map[string]string{"<=": "≤", "<": "<", ">": ">", ">=": "≥"}

// A card is one figure of the headline.
type card struct{ Label, Value, Note string }

// A check is one condition of the study with a sign that doesn't need colour.
type check struct{ Class, Sign, State, Name, Found string }

// A term is one entry of the definitions.
type term struct{ Name, Text string }

// signs go with the words of the verdict, for readers who don't see colours.
var signs = map[string][2]string{
	"supported":               {"good", "✔"},
	"less than claimed":       {"part", "◐"},
	"slower":                  {"bad", "▲"},
	"not shown at this scale": {"open", "≈"},
	"not measurable":          {"open", "⌀"},
	"no verdict":              {"open", "–"},
	"void":                    {"bad", "✘"},
}

func newPage(r *harness.Report, style string) page {
	lock, c := r.Study.Lock, r.Study.Config
	p := page{
		Style: template.CSS(style), Name: c.Study.Name, Demo: r.Study.Quick,
		Facts: fmt.Sprintf("%s · %s · %s · budget %s epochs of %s images · %d pairs",
			lock.Data.Name, c.Model.Name, c.Method.Name, tidy(lock.Budget.Epochs), grouped(int64(lock.Data.Train)), len(lock.Seeds)),
		Verdict: verdictOf(r), NotSaid: notSaid(r), Checks: checksOf(r), Warnings: r.Warnings,
		Runs: runsTable(r), Targets: targetsTable(r), Layers: layersTable(r), Made: madeTable(r), Config: configTable(r),
		Terms: terms(r), Lock: lock.Hash,
	}
	p.Cite = fmt.Sprintf("mtobench study %q: %s, %s, %s; lock %s; verdict: %s.", c.Study.Name, lock.Data.Name, c.Model.Name, c.Method.Name, lock.Study(), r.Verdict.Word)
	p.Whole = r.Complete != nil && len(r.Complete.Runs) > 0
	if len(r.Runs) > 0 {
		p.Curves = []figure{curvesFigure(r)}
		p.Internal = diagnosticFigures(r)
	}
	if r.Verdict.Word == harness.Void { // before the checks hold, nothing is compared (methodology b.7)
		return p
	}
	p.Complete = completeFigures(r)
	if len(r.Runs) > 0 {
		p.Speed = speedFigures(r)
		p.Final = finalTable(r)
	}
	if t := r.Targets[r.Primary]; t.Pairs > 0 {
		seeds := seedsFigure(r)
		p.Seeds = &seeds
		p.Survival = append(p.Survival, survivalFigure(r))
		p.Numbers = numbersTable(r)
		if !r.ShownPrimary() {
			p.ForTheRecord = "The study is not measurable: the figures of this section and the next stand for the record and support nothing."
		}
		p.Pairs = []figure{pairsFigure(r), scatterFigure(r)}
		p.Survival = append(p.Survival, profileFigure(r))
		if !t.StartedAtTarget && len(r.Units) > 0 && r.ShownPrimary() {
			ratios := ratiosFigure(r)
			p.Ratios = &ratios
		}
	}
	return p
}

func verdictOf(r *harness.Report) verdict {
	s := signs[r.Verdict.Word]
	v := verdict{Word: r.Verdict.Word, Class: s[0], Sign: s[1], Sentence: capital(r.Verdict.Sentence) + "."}
	t := r.Targets[r.Primary]
	for _, c := range r.Verdict.Because {
		b := because{Text: fmt.Sprintf("%s %s %s %s", c.What, tidy(c.Value), relations[c.Relation], tidy(c.Bound)), Answer: "no"}
		if c.Holds {
			b.Answer = "yes"
		}
		v.Because = append(v.Because, b)
	}
	if !r.ShownPrimary() {
		return v
	}
	add := func(label, value, note string) { v.Cards = append(v.Cards, card{label, value, note}) }
	if !t.StartedAtTarget {
		kind, test := "paired geometric mean, t-interval of the logarithms", "exact signed-rank test"
		if t.CensoredRules() {
			kind, test = "ratio of restricted means, pair bootstrap", logRankText(t.Comparison)
		}
		add("Ratio of epochs, with ÷ without", fixed(t.Ratio, 3), fmt.Sprintf("95 %% interval %s; %s", intervalText(t.Interval, 3), kind))
		add("Reduction of epochs", signedText(100*t.Reduction()), fmt.Sprintf("95 %% interval %s to %s; the claim is about +50 %%", signedText(100*(1-t.Interval.Hi)), signedText(100*(1-t.Interval.Lo))))
		add("Test of no difference", "p = "+fixed(t.P, 4), test)
	}
	add("Runs that reached the target", fmt.Sprintf("%d and %d of %d", t.HitsOff, t.HitsOn, t.Pairs), "without and with MTO; the others count as censored at the budget")
	add("Pairs in which MTO was earlier", fmt.Sprintf("%d of %d", t.Won, t.Pairs), correlationText(t.Comparison))
	if s := r.Speed; s != nil {
		add("Reduction of seconds", signedText(100*s.Reduction), fmt.Sprintf("an epoch with MTO takes %s times as long (%s); seconds decide usefulness", fixed(s.Ratio, 3), intervalText(s.Interval, 3)))
	}
	return v
}

// logRankText names the log-rank test, which visits all label swaps of few pairs and draws those of many.
func logRankText(c harness.Comparison) string {
	if c.Exact {
		return "exact log-rank test under label swaps"
	}
	return fmt.Sprintf("log-rank test under %s drawn label swaps, not exact", grouped(int64(c.Swaps)))
}

func correlationText(c harness.Comparison) string {
	switch {
	case !finite(c.Correlation):
		return "the correlation within pairs isn't defined here"
	case c.CorrelationPairs < c.Pairs:
		return fmt.Sprintf("correlation within the %d pairs that both reached it %s", c.CorrelationPairs, fixed(c.Correlation, 2))
	}
	return "correlation within pairs " + fixed(c.Correlation, 2)
}

// notSaid lists what the verdict must not be taken for.
func notSaid(r *harness.Report) []string {
	lock, c := r.Study.Lock, r.Study.Config
	list := []string{mto.Reconstruction + " A result here says nothing about the authors' own code."}
	if r.Study.Quick {
		list = append(list, "This study is a demonstration: tiny model, tiny images, few epochs. It says nothing about full-size models.")
	}
	list = append(list,
		fmt.Sprintf("It is about %s with %s on %s at a budget of %s epochs, and about no other model, method, data or budget. The claim that it tests was made for ImageNet at full scale.", c.Model.Name, c.Method.Name, lock.Data.Name, tidy(lock.Budget.Epochs)),
		fmt.Sprintf("Quality is top-1 of a ridge probe on %s validation images, not fine-tuned accuracy.", grouped(int64(lock.Data.Validation))),
		"“Not shown” is not “shown to be absent”: the interval says which effects the data leave possible.")
	return list
}

func checksOf(r *harness.Report) []check {
	var list []check
	for _, c := range r.Checks {
		k := check{"good", "✔", "holds", capital(c.Name), c.Found}
		if !c.OK {
			k.Class, k.Sign, k.State = "bad", "✘", "failed"
		}
		list = append(list, k)
	}
	for _, c := range r.Withheld {
		list = append(list, check{"note", "!", "noisy", capital(c.Name), c.Found + "; no seconds are given, nothing else depends on them"})
	}
	return list
}

// grouped writes a whole number in groups of three.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
