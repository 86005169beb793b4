package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/atomicfile"
)

//go:embed trend.html
var trendText string

var trendTemplate = template.Must(pageTemplate.New("trend").Parse(trendText))

// WriteTrendFile writes the page of Trend to path.
func WriteTrendFile(path string, reports []*harness.Report) error {
	var b bytes.Buffer
	if err := WriteTrend(&b, reports); err != nil {
		return err
	}
	return atomicfile.Write(path, b.Bytes())
}

// WriteTrend writes one page with the history of ratio and seconds over commits: a point for each report, in the
// order of the commits' times, a panel for each lock. Targets, seeds, settings or numerics of different locks differ,
// so they never share a panel. Nothing is written where it fails.
func WriteTrend(w io.Writer, reports []*harness.Report) error {
	t, err := newTrend(reports)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := trendTemplate.Execute(&b, t); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// A trend is all that the page of a history shows.
type trend struct {
	Style   template.CSS
	Studies int
	Panels  []panel
}

// A panel is the history of one lock.
type panel struct {
	ID, Name, Facts, Lock string
	Note                  string // of other numerics than this program's
	Epochs                figure
	Seconds               []figure // by machine
	Table                 table
}

// A moment is one study in the history of the code.
type moment struct {
	harness.SeriesFacts
	report  *harness.Report
	machine string
}

func newTrend(reports []*harness.Report) (trend, error) {
	t := trend{Style: template.CSS(styleText), Studies: len(reports)}
	locks := map[string][]moment{}
	for _, r := range reports {
		facts, err := r.Series()
		if err != nil {
			return trend{}, err
		}
		hash := r.Study.Lock.Hash
		locks[hash] = append(locks[hash], moment{facts, r, distinct(r, func(m harness.Manifest) string {
			return fmt.Sprintf("%s, %s, %d threads", m.Machine.CPU, m.ISA, m.Threads)
		})})
	}
	var all [][]moment
	for _, of := range locks {
		slices.SortStableFunc(of, earlier)
		all = append(all, of)
	}
	slices.SortFunc(all, func(a, b []moment) int {
		x, y := a[0].report.Study, b[0].report.Study
		return cmp.Or(strings.Compare(x.Config.Study.Name, y.Config.Study.Name), cmp.Compare(x.Lock.Numerics, y.Lock.Numerics), strings.Compare(x.Lock.Hash, y.Lock.Hash))
	})
	for i, of := range all {
		t.Panels = append(t.Panels, newPanel(fmt.Sprintf("study-%d", i+1), of))
	}
	return t, nil
}

// earlier orders by the commit's time, studies of one commit by their own.
func earlier(a, b moment) int {
	if c := timeOf(a.CommitTime).Compare(timeOf(b.CommitTime)); c != 0 {
		return c
	}
	if c := timeOf(a.ExperimentTime).Compare(timeOf(b.ExperimentTime)); c != 0 {
		return c
	}
	return strings.Compare(a.Commit, b.Commit)
}

// timeOf reads a time that Report.Series has checked; the zero time where a commit's isn't one.
func timeOf(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s)
	return t
}

func newPanel(id string, of []moment) panel {
	s := of[0].report.Study
	p := panel{ID: id, Name: s.Config.Study.Name, Lock: s.Lock.Study(),
		Facts: fmt.Sprintf("%s · %s · %s · budget %s epochs · %d pairs", s.Lock.Data.Name, s.Config.Model.Name, s.Config.Method.Name, tidy(s.Lock.Budget.Epochs), len(s.Lock.Seeds))}
	if n := s.Lock.Numerics; n != harness.Numerics {
		p.Name += fmt.Sprintf(", numerics %d", n)
		p.Note = fmt.Sprintf("The line breaks here: these studies are of numerics %d, the program that wrote this page has numerics %d. The arithmetic of training differs between the two, so no figure of this panel may be compared with one of another.", n, harness.Numerics)
	}
	p.Epochs = ratioTrend(id+"-epochs", harness.UnitEpochs, "", of)
	var machines []string
	for _, m := range of {
		if !slices.Contains(machines, m.machine) {
			machines = append(machines, m.machine)
		}
	}
	for i, machine := range machines { // seconds of different machines don't compare
		here := slices.DeleteFunc(slices.Clone(of), func(m moment) bool { return m.machine != machine })
		name := fmt.Sprintf("%s-machine-%d", id, i+1)
		p.Seconds = append(p.Seconds, ratioTrend(name+"-ratio", harness.UnitTrainSeconds, machine, here), secondsTrend(name+"-seconds", machine, here))
	}
	p.Table = table{ID: id + "-table", Caption: "The studies under lock " + p.Lock + ", oldest commit first", Align: "wwwwnnnw",
		Head: []string{"commit", "committed (UTC)", "study begun", "verdict", "reached without", "with", "pairs", "machine"}}
	for _, m := range of {
		t := m.report.Targets[m.report.Primary]
		p.Table.Rows = append(p.Table.Rows, row(m.name(12), minute(m.CommitTime), minute(m.ExperimentTime), m.report.Verdict.Word,
			fmt.Sprint(t.HitsOff), fmt.Sprint(t.HitsOn), fmt.Sprint(t.Pairs), m.machine))
	}
	return p
}

// name is the commit's, cut to n characters.
func (m moment) name(n int) string {
	if m.Commit == "" {
		return "unknown"
	}
	commit, modified := strings.CutSuffix(m.Commit, "-modified")
	commit = commit[:min(n, len(commit))]
	if modified {
		commit += "+"
	}
	return commit
}

// in is the comparison in a unit, or why there are no numbers.
func (m moment) in(unit string) (c harness.Comparison, why string) {
	r := m.report
	if !r.ShownPrimary() {
		return c, "no number: " + r.Verdict.Word
	}
	for _, u := range r.Units {
		switch {
		case u.Unit != unit:
		case u.Withheld != "":
			return c, "withheld: " + u.Withheld
		case u.StartedAtTarget:
			return c, "a run needed nothing: no ratio"
		default:
			return u.Comparison, ""
		}
	}
	return c, "no number"
}

// minute writes a time for people.
func minute(stamp string) string { return timeOf(stamp).UTC().Format("2006-01-02 15:04") }

// tableName tells the tables of a page apart.
func tableName(what, machine string, of []moment) string {
	if machine != "" {
		what += " on " + machine
	}
	return what + ", lock " + of[0].report.Study.Lock.Study()
}

// axisOf is the axis of commits, at equal distances.
func axisOf(of []moment) axis {
	x := axis{title: "commit", from: -0.5, to: float64(len(of)) - 0.5}
	for i := range of {
		x.ticks = append(x.ticks, float64(i))
	}
	x.label = func(v float64) string { return of[int(v+0.5)].name(7) }
	return x
}

// tellGaps explains the sign of a study without a number, where there are such.
func (f *figure) tellGaps(gaps, studies int) {
	if gaps == 0 {
		return
	}
	f.Legend = append(f.Legend, legendItem{sign(func(c *canvas) { c.text("note", 17, 11, "middle", "×") }), "no number: void, not measurable or withheld; the table says why"})
	f.Desc += fmt.Sprintf("%d of %d studies have no number.", gaps, studies)
}

// ratioTrend is the ratio of the arms over the commits.
func ratioTrend(id, unit, machine string, of []moment) figure {
	f := figure{
		ID: id, Title: "Ratio of " + unit + " by commit",
		Caption: "With MTO to without, to the primary target, with its 95 % interval: below 1 MTO needs less; the shaded zone is what supported asks. Each interval stands by itself; mtobench gate judges the change between two commits.",
		Legend: []legendItem{
			{sign(func(c *canvas) { c.line("interval", 17, 1, 17, 13); c.marker(armOn, 17, 7, false) }), "ratio with interval"},
		},
		Table: table{Caption: tableName("Ratios of "+unit, machine, of), Align: "wwnnw", Head: []string{"commit", "committed (UTC)", "ratio", "95 % interval", "p", "note"}},
	}
	if machine != "" {
		f.Caption += " On " + machine + "."
	}
	lo, hi, gaps := 0.45, 1.25, 0
	for _, m := range of {
		c, why := m.in(unit)
		if why != "" {
			gaps++
			f.Table.Rows = append(f.Table.Rows, row(m.name(12), minute(m.CommitTime), "–", "–", "–", why))
			continue
		}
		p, note := fixed(c.P, 4), ""
		if c.OwnHorizons {
			p, note = "–", "no test: each run that missed the target ends elsewhere, the means go to its own end"
		}
		f.Table.Rows = append(f.Table.Rows, row(m.name(12), minute(m.CommitTime), fixed(c.Ratio, 3), intervalText(c.Interval, 3), p, note))
		f.Desc += fmt.Sprintf("%s: %s, interval %s. ", m.name(7), fixed(c.Ratio, 3), intervalText(c.Interval, 3))
		lo, hi = min(lo, float64(c.Ratio*0.95)), max(hi, float64(c.Ratio*1.05))
		if v := c.Interval; finite(v.Hi) && v.Lo > 0 {
			lo, hi = min(lo, float64(v.Lo*0.95)), max(hi, float64(v.Hi*1.05))
		}
	}
	f.tellGaps(gaps, len(of))
	lo, hi = max(lo, 0.02), min(hi, 50)
	y := axis{title: "ratio, logarithmic", from: lo, to: hi, log: true}
	for _, v := range []float64{0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20, 50} {
		if v >= lo && v <= hi {
			y.ticks = append(y.ticks, v)
		}
	}
	return f.drawn(machine == "", func(w float64) *canvas {
		p := newPlot(w, 300, axisOf(of), y)
		if top := min(max(0.6, lo), hi); top > lo {
			p.rect("supported", p.x.start, p.y.at(top), p.x.end-p.x.start, p.y.start-p.y.at(top))
		}
		p.across("diagonal", 1)
		p.joined("each on", of, func(m moment) (float64, bool) {
			c, why := m.in(unit)
			return c.Ratio, why == ""
		})
		for i, m := range of {
			c, why := m.in(unit)
			x := p.x.at(float64(i))
			if why != "" {
				p.text("note", x, p.y.start-6, "middle", "×")
				continue
			}
			from, to := c.Interval.Lo, c.Interval.Hi
			if !finite(to) {
				to = hi
			}
			p.line("interval", x, p.y.at(p.y.inside(from)), x, p.y.at(p.y.inside(to)))
			p.marker(armOn, x, p.y.at(p.y.inside(c.Ratio)), false)
		}
		return &p.canvas
	})
}

// joined draws a line through the values of neighbours that both have one.
func (p *plot) joined(class string, of []moment, value func(moment) (float64, bool)) {
	var run []point
	for i, m := range of {
		v, ok := value(m)
		if !ok {
			p.path(class, run)
			run = nil
			continue
		}
		run = append(run, point{p.x.at(float64(i)), p.y.at(p.y.inside(v))})
	}
	p.path(class, run)
}

// secondsTrend is each arm's median of the training seconds to the target over the commits, on one machine.
func secondsTrend(id, machine string, of []moment) figure {
	f := figure{
		ID: id, Title: "Training seconds to the target by commit",
		Caption: "Median of each arm, a run that missed the target standing at its budget; the bar reaches from the quickest to the slowest run. On " + machine + ".",
		Legend:  armLegend(),
		Table:   table{Caption: tableName("Training seconds to the target", machine, of), Align: "wwnnnnw", Head: []string{"commit", "committed (UTC)", "without MTO", "quickest to slowest", "with MTO", "quickest to slowest", "note"}},
	}
	hi, gaps := 0.0, 0
	for _, m := range of {
		c, why := m.in(harness.UnitTrainSeconds)
		if why != "" {
			gaps++
			f.Table.Rows = append(f.Table.Rows, row(m.name(12), minute(m.CommitTime), "–", "–", "–", "–", why))
			continue
		}
		off, on := span(c, false), span(c, true)
		hi = max(hi, off[1], on[1])
		f.Table.Rows = append(f.Table.Rows, row(m.name(12), minute(m.CommitTime), compact(c.MedianOff), compact(off[0])+" to "+compact(off[1]), compact(c.MedianOn), compact(on[0])+" to "+compact(on[1]), ""))
		f.Desc += fmt.Sprintf("%s: %s without, %s with MTO. ", m.name(7), compact(c.MedianOff), compact(c.MedianOn))
	}
	f.tellGaps(gaps, len(of))
	if hi == 0 {
		hi = 1
	}
	return f.drawn(false, func(w float64) *canvas {
		p := newPlot(w, 300, axisOf(of), roomy("training seconds", 0, hi, 5))
		for k, arm := range arms {
			median := func(c harness.Comparison) float64 { return []float64{c.MedianOff, c.MedianOn}[k] }
			p.joined("each "+arm, of, func(m moment) (float64, bool) {
				c, why := m.in(harness.UnitTrainSeconds)
				return median(c), why == ""
			})
			for i, m := range of {
				c, why := m.in(harness.UnitTrainSeconds)
				x := p.x.at(float64(i))
				if why != "" {
					if arm == armOff {
						p.text("note", x, p.y.start-6, "middle", "×")
					}
					continue
				}
				x += float64(8*k - 4) // the arms side by side
				ends := span(c, arm == armOn)
				p.line("leaves "+arm, x, p.y.at(ends[0]), x, p.y.at(ends[1]))
				p.marker(arm, x, p.y.at(median(c)), false)
			}
		}
		return &p.canvas
	})
}

// span is the least and the greatest value of an arm.
func span(c harness.Comparison, on bool) [2]float64 {
	ends := [2]float64{math.Inf(1), 0}
	for _, pair := range c.Crossings {
		v := pair.Off.At
		if on {
			v = pair.On.At
		}
		ends = [2]float64{min(ends[0], v), max(ends[1], v)}
	}
	return ends
}
