package resultcheck

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// mayBeZero are the units in which 0 is a figure: a run that misses its target, one that starts at it,
// and accuracies.
var mayBeZero = []string{"target-hit", "epochs-to-target", "images-to-target", "flop-to-target"}

// values checks each figure for itself.
func (c *checker) values(l *resultfile.Line) {
	for _, v := range l.Values {
		percent := strings.HasSuffix(v.Unit, "%")
		switch {
		case math.IsNaN(v.Number) || math.IsInf(v.Number, 0):
			c.add(l.Number, fmt.Sprintf("%v %s: not a number", v.Number, v.Unit), "don't give the file to benchstat, which never ends on it; find out what the run computed")
		case percent && (v.Number < 0 || v.Number > 100):
			c.add(l.Number, fmt.Sprintf("%v %s: not between 0 and 100", v.Number, v.Unit), "write accuracy in percent")
		case v.Number < 0 || v.Number == 0 && !percent && !slices.Contains(mayBeZero, v.Unit):
			c.add(l.Number, fmt.Sprintf("%v %s: not positive", v.Number, v.Unit), "find out what the run measured")
		}
		if better, ok := c.file.Better[v.Unit]; !ok {
			c.add(l.Number, fmt.Sprintf("unit %s isn't declared", v.Unit), fmt.Sprintf("put a line Unit %s better=... before it", v.Unit))
		} else if better != "higher" && better != "lower" {
			c.add(l.Number, fmt.Sprintf("unit %s is declared with better=%q", v.Unit, better), "want better=higher or better=lower")
		}
	}
}

// units checks that a line has every unit of its block once, and none of the other.
func (c *checker) units(l *resultfile.Line) {
	isTime := isTime(l)
	seen := map[string]bool{}
	for _, v := range l.Values {
		if seen[v.Unit] {
			c.add(l.Number, fmt.Sprintf("two figures in %s", v.Unit), "one line is one run")
		}
		seen[v.Unit] = true
	}
	units := harness.ResultUnits()
	if c.whole {
		units = harness.CompleteUnits()
	}
	for _, u := range units {
		_, declared := c.file.Better[u.Name]
		switch {
		case u.Time == isTime && !seen[u.Name] && (!u.Optional || declared):
			c.add(l.Number, "no figure in "+u.Name, "the run is of another version of mtobench, or the line was cut; collect the study again (mtobench collect)")
		case u.Time != isTime && seen[u.Name]:
			c.add(l.Number, u.Name+" in a line of the time block", "figures of epochs stand in lines of their own, without a machine")
		}
		delete(seen, u.Name)
	}
	for _, v := range l.Values {
		if seen[v.Unit] {
			c.add(l.Number, fmt.Sprintf("unit %s isn't one of a study's results", v.Unit), "put it into a file of its own")
			delete(seen, v.Unit)
		}
	}
}

// machine says where a figure was measured.
var machine = []string{"goos", "goarch", "cpu", "accelerator", "isa"}

// place checks that a line of the time block says where it was measured.
func (c *checker) place(l *resultfile.Line) {
	for _, key := range machine {
		if l.Config.Values[key] == "" {
			c.add(l.Number, "seconds without a "+key+": line above", "seconds of unknown machines don't compare; collect the study again (mtobench collect)")
		}
	}
	if l.Procs == "" && l.Config.Values["threads"] == "" { // a run that was resumed with another number lists them there
		c.add(l.Number, "seconds without the number of threads, -N behind the name or a threads: line above", "collect the study again (mtobench collect)")
	}
}

// epochs checks a line of the epochs block: no machine.
func (c *checker) epochs(l *resultfile.Line) {
	for _, key := range machine {
		if _, ok := l.Config.Values[key]; ok {
			c.add(l.Number, "epochs under a "+key+": line", "epochs are the same on every machine; benchstat would split them by it: end it with a line "+key+":")
		}
	}
	if l.Procs != "" {
		c.add(l.Number, fmt.Sprintf("epochs under a name with %s", l.Procs), "epochs are the same for any number of threads; leave it out")
	}
}

// target checks that a line's target was reached, or that it stands at the budget.
func (c *checker) target(l *resultfile.Line) {
	hit, isHit := l.Value("target-hit")
	at, isAt := l.Value("epochs-to-target")
	budget, err := strconv.ParseFloat(l.Config.Values["budget-epochs"], 64)
	if !isHit || !isAt || err != nil {
		return
	}
	rounded, _ := strconv.ParseFloat(fmt.Sprintf("%.6g", at), 64) // as budget-epochs is written
	switch {
	case hit != 0 && hit != 1:
		c.add(l.Number, fmt.Sprintf("%v target-hit", hit), "want 0 or 1")
	case hit == 0 && rounded != budget:
		c.add(l.Number, fmt.Sprintf("missed the target, but with %v epochs-to-target", at), fmt.Sprintf("a run that misses stands with the budget, %v", budget))
	case hit == 1 && rounded > budget:
		c.add(l.Number, fmt.Sprintf("%v epochs-to-target, more than the budget of %v", at, budget), "the target was reached after the end?")
	case hit == 1 && at == 0:
		return
	}
	for _, unit := range []string{"images-to-target", "flop-to-target"} {
		if v, ok := l.Value(unit); ok && v == 0 && at > 0 {
			c.add(l.Number, fmt.Sprintf("0 %s in %v epochs", unit, at), "find out what the run measured")
		}
	}
}
