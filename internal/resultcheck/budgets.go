package resultcheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// budgetOf is the part budget= of a whole schedule's name, or empty.
func budgetOf(l *resultfile.Line) string {
	if !isWhole(l) {
		return ""
	}
	for part := range strings.SplitSeq(l.Name, "/") {
		if budget, ok := strings.CutPrefix(part, "budget="); ok {
			return budget
		}
	}
	return ""
}

// budgets checks what whole schedules have beyond other results: every arm has both budgets with the same seeds, a budget is
// one number of epochs, the lock's, and half of it is less.
func (c *checker) budgets() {
	if !c.whole {
		return
	}
	known := harness.CompleteBudgets()
	epochs := map[string]*resultfile.Line{} // the first line of each budget
	arms := c.arms()
	for _, a := range arms {
		if !strings.HasPrefix(a.name, "Complete/") {
			continue // said before
		}
		at := slices.Index(known, a.budget)
		if at < 0 {
			c.add(a.lines[0].Number, fmt.Sprintf("budget %q in the name", a.budget), "a whole schedule has a part budget= with "+strings.Join(known, " or ")+"; collect the study again (mtobench collect)")
			continue
		}
		other := strings.Replace(a.name, "budget="+a.budget+"/", "budget="+known[1-at]+"/", 1)
		if i := slices.IndexFunc(arms, func(o *arm) bool { return o.name == other && o.time == a.time }); i < 0 {
			c.add(a.lines[0].Number, fmt.Sprintf("%s without %s lines of budget=%s", a, a.block(), known[1-at]), "the confirmation needs both; finish the study (mtobench run), then collect it")
		} else if at == 0 {
			c.sameSeeds(a, arms[i])
		}
		for _, l := range a.lines {
			c.sameEpochs(epochs, a.budget, l)
		}
	}
	whole, half := epochs[known[0]], epochs[known[1]]
	if whole == nil || half == nil {
		return
	}
	t, _ := whole.Value("epochs")
	if h, _ := half.Value("epochs"); h >= t {
		c.add(half.Number, fmt.Sprintf("%v epochs with budget=%s, %v with budget=%s", h, known[1], t, known[0]), "the half isn't less than the whole; collect the study again (mtobench collect)")
	}
	if lock := c.expect.Lock; lock != nil && t != lock.Budget.Epochs {
		c.add(whole.Number, fmt.Sprintf("%v epochs with budget=%s, the lock beside the file has %v", t, known[0], lock.Budget.Epochs), "the file isn't of this study; collect it again, or move it to its own lock")
	}
}

// sameEpochs checks a line's epochs against the first line of its budget.
func (c *checker) sameEpochs(first map[string]*resultfile.Line, budget string, l *resultfile.Line) {
	have, ok := l.Value("epochs")
	if !ok {
		return
	}
	if first[budget] == nil {
		first[budget] = l
		return
	}
	if want, _ := first[budget].Value("epochs"); have != want {
		c.add(l.Number, fmt.Sprintf("%v epochs with budget=%s, line %d has %v", have, budget, first[budget].Number, want), "a budget is the same for every run; collect the study again (mtobench collect)")
	}
}
