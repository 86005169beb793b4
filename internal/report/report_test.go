package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// sample makes the report of a study whose curves rise by 1 - 2^(-e/half). A half of 0 leaves the run out.
func sample(halves [][2]float64, change func(r *harness.Report)) *harness.Report {
	const budget, points = 40.0, 41
	config := harness.Defaults(harness.Names{Data: "glyphs", Model: "vit_nano", Method: "mae"})
	config.Study.Name = "sample"
	lock := &harness.Lock{
		Numerics: harness.Numerics,
		Data:     harness.LockedData{Name: "glyphs", Train: 4096, Validation: 5000}, Budget: harness.LockedBudget{Epochs: budget},
		Calibration: harness.Calibration{Seeds: []int{1001}, Layer: 1, Layers: []harness.LayerProbe{{Layer: 1, Q0: 30, QT: 70, SN: 20}}},
		Primary:     0.95, Hash: strings.Repeat("ab", 32),
	}
	r := &harness.Report{Study: &harness.Study{Config: config, Lock: lock}, Verdict: harness.Verdict{Word: "supported", Sentence: "as the test says"}}
	for _, c := range []float64{0.8, 0.95} {
		r.Targets = append(r.Targets, harness.TargetReport{
			Target:     harness.Target{C: c, Tau: 30 + 40*c, Crossings: []float64{12}, Hits: []bool{true}},
			Comparison: harness.Comparison{Ratio: 0.5, Interval: statistics.Interval{Lo: 0.4, Hi: 0.59}, P: 0.03125, Correlation: 0.5},
		})
	}
	r.Primary = 1
	for i, pair := range halves {
		lock.Seeds = append(lock.Seeds, i+1)
		for k, half := range pair {
			job := harness.Job{Kind: "pair", Seed: i + 1, Arm: arms[k], Dir: "nowhere"}
			if half == 0 {
				r.Missing = append(r.Missing, job)
				continue
			}
			f := &harness.Finished{Job: job, Manifest: harness.Manifest{Arm: job.Arm, Arguments: []string{"mtobench", "child"}}}
			for e := range points {
				at := float64(e) * budget / (points - 1)
				f.Curve = append(f.Curve, harness.Point{Epochs: at, Images: int64(at * 4096), Top1: 30 + 42*(1-math.Pow(2, -at/half)), TrainNS: int64(at * 1e9), CPUNS: int64(at * 2e9),
					Diagnostics: map[string]float64{"decoder/heterogeneity/0": 0.5, "decoder/heterogeneity/1": 0.4 - at/200, "decoder/token_norm": at, "top1_pct/1": 3}})
			}
			r.Runs = append(r.Runs, f)
		}
	}
	for i := range r.Targets {
		t := &r.Targets[i]
		for _, pair := range r.Pairs() {
			t.Pairs++
			if pair[0].Outcome(t.Tau).Hit {
				t.HitsOff++
			}
			if pair[1].Outcome(t.Tau).Hit {
				t.HitsOn++
			}
		}
	}
	r.Units = []harness.UnitComparison{{Unit: harness.UnitEpochs, Comparison: r.Targets[1].Comparison}, {Unit: harness.UnitTrainSeconds, Withheld: "noise"}}
	r.Verdict.Because = []harness.Condition{{What: "upper limit", Value: 0.59, Relation: "<=", Bound: 0.6, Holds: true}}
	r.Withheld = []harness.Check{{Name: "seconds", Found: "they differ"}}
	r.Checks = []harness.Check{{Name: "a check", OK: true, Found: "well"}, {Name: "another", Found: "broken"}}
	if change != nil {
		change(r)
	}
	return r
}

var usual = [][2]float64{{8, 4}, {9, 5}, {7, 4}, {8, 3}, {10, 5}, {8, 4}}

// has looks for a pattern without printing the page.
func has(t *testing.T, page, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(page) {
		t.Errorf("the page lacks %s", pattern)
	}
}

func written(t *testing.T, r *harness.Report) string {
	var b bytes.Buffer
	require.NoError(t, Write(&b, r))
	return b.String()
}

// cases are reports at the edges of what a study can give.
func cases() map[string]*harness.Report {
	none := func(r *harness.Report) {
		for i := range r.Targets {
			r.Targets[i].Comparison = harness.Comparison{}
		}
	}
	return map[string]*harness.Report{
		"usual":         sample(usual, nil),
		"one pair":      sample(usual[:1], nil),
		"all censored":  sample([][2]float64{{90, 80}, {95, 99}, {80, 85}}, nil),
		"missing runs":  sample([][2]float64{{8, 4}, {8, 0}, {0, 4}, {0, 0}}, nil),
		"no pair":       sample([][2]float64{{8, 0}, {0, 4}}, none),
		"no run at all": sample([][2]float64{{0, 0}}, none),
		"at the target": sample(usual, func(r *harness.Report) {
			for i := range r.Targets {
				t := &r.Targets[i]
				t.StartedAtTarget, t.Ratio, t.Interval, t.Tau = true, math.NaN(), statistics.Interval{Hi: math.Inf(1)}, 20
			}
		}),
		"unbounded": sample(usual, func(r *harness.Report) {
			for i := range r.Targets {
				r.Targets[i].Interval, r.Targets[i].Correlation, r.Targets[i].CV = statistics.Everything, math.NaN(), math.NaN()
			}
		}),
		"not measurable": sample(usual, func(r *harness.Report) {
			r.Verdict.Word, r.Targets[r.Primary].Refused = harness.NotMeasurable, []string{"crossings scatter by 20 %"}
		}),
		"whole schedules": sample(usual, complete),
		"forty pairs":     sample(append(append(append(append(append(append([][2]float64{}, usual...), usual...), usual...), usual...), usual...), usual...), nil),
	}
}

// pages are all of them as they are written, those of histories too.
func pages(t *testing.T) map[string]string {
	all := map[string]string{}
	for name, r := range cases() {
		all[name] = written(t, r)
	}
	for name, reports := range histories() {
		all[name] = writtenTrend(t, reports)
	}
	return all
}

func TestNoReportHoldsNaNOrInfinity(t *testing.T) {
	for name, page := range pages(t) {
		for _, bad := range []string{"NaN", "Inf", "%!", "<nil>", "no value"} {
			if at := strings.Index(page, bad); at >= 0 {
				t.Errorf("%s: %q in %q", name, bad, page[max(0, at-100):at+20])
			}
		}
	}
}

func TestThePageIsTheSameForTheSameRuns(t *testing.T) {
	first, second := written(t, sample(usual, nil)), written(t, sample(usual, nil))
	assert.True(t, first == second)
}

// The page loads nothing and runs nothing: the only addresses in it are names of files beside it and
// places in itself.
func TestThePageReachesForNothing(t *testing.T) {
	for _, page := range pages(t) {
		for _, m := range regexp.MustCompile(`(?:href|src|srcset|action|data)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			assert.Regexp(t, `^(#[a-z0-9-]+|[a-z.]+\.(txt|json|toml))$`, m[1])
		}
		assert.False(t, strings.Contains(page, "<script"))
		assert.False(t, strings.Contains(page, "url(h"))
		assert.False(t, strings.Contains(page, "@import"))
		has(t, page, `content="default-src 'none'`)
	}
}

func TestHostileNamesStayText(t *testing.T) {
	const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(2)> --> </style> `
	page := written(t, sample(usual, func(r *harness.Report) {
		r.Study.Config.Study.Name, r.Study.Config.Data.Name = hostile, hostile
		r.Study.Lock.Data.Name = hostile + strings.Repeat("long", 200)
		r.Verdict = harness.Verdict{Word: "void", Sentence: hostile}
		r.Checks = append(r.Checks, harness.Check{Name: hostile, Found: hostile})
		r.Warnings = []string{hostile}
		r.Targets[0].Refused = []string{hostile}
		for _, f := range r.Runs {
			f.Manifest.Arguments = []string{hostile}
			f.Manifest.Machine.CPU = hostile
			for _, p := range f.Curve {
				p.Diagnostics["</svg>"+hostile+"/token_norm"] = 1
			}
		}
	}))
	assert.False(t, strings.Contains(page, "<script"))
	assert.False(t, strings.Contains(page, "<img"))
	assert.False(t, strings.Contains(page, "</style> "))
	assert.Equal(t, 1, strings.Count(page, "</style>"))
}

// Every drawing is well-formed by itself: XML is stricter than what a browser forgives.
func TestDrawingsAreWellFormed(t *testing.T) {
	for name, page := range pages(t) {
		for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1) {
			d := xml.NewDecoder(strings.NewReader(svg))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s: %v in %.200s", name, err, svg)
				}
			}
		}
	}
}

func TestIdsAreUnique(t *testing.T) {
	for name, page := range pages(t) {
		seen := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			assert.False(t, seen[m[1]], "%s: id %s", name, m[1])
			seen[m[1]] = true
		}
	}
}

// What the figures say in words and tables comes from the runs.
func TestFiguresSayWhatTheRunsSay(t *testing.T) {
	page := written(t, sample([][2]float64{{8, 4}, {9, 5}, {90, 4}}, nil))
	has(t, page, "The target of 68.00 % is reached by 2 of 3 runs without and 3 of 3 with MTO.")
	// tau = 68 is reached where 2^(-e/8) = 1 - 38/42: e = 8*log2(42/4) = 27.14, and by the chord 0.01 later.
	has(t, page, `<th scope="row">1</th><td class="number">27.1[45]</td><td class="number">13.(5[789]|6[01])</td><td class="number">0.50</td>`)
	has(t, page, "&gt; 40.00")
}

// Before the checks hold, no number is shown (methodology b.7).
func TestAVoidStudyShowsNoRatio(t *testing.T) {
	for word, want := range map[string]bool{harness.Void: false, harness.Supported: true} {
		page := written(t, sample(usual, func(r *harness.Report) {
			complete(r)
			finals(r)
			r.Verdict.Word = word
		}))
		for _, what := range []string{"Ratio of epochs", "0.400 to 0.590", "reduction of epochs", "Kaplan-Meier median",
			"2.00 to 2.00", `<table id="final-table">`, "MTO in T/2", "images a second"} {
			assert.Equal(t, want, strings.Contains(page, what), "%s: %s", word, what)
		}
		has(t, page, "Every run of the study")
	}
}

// A study that isn't measurable says so, and no ratio (methodology b.4): not in words, not in a table, not as a line or
// a wedge of a drawing. The same study with an admissible target shows each of them.
func TestAnUnmeasurableStudyShowsNoRatio(t *testing.T) {
	for _, refused := range [][]string{nil, {"crossings scatter by 20 %"}} {
		page := written(t, sample(usual, func(r *harness.Report) {
			for i := range r.Targets {
				r.Targets[i].Refused = refused
			}
			if refused != nil {
				r.Verdict.Word = harness.NotMeasurable
			}
		}))
		for _, what := range []string{"Ratio of epochs", "ratios-figure", "0.400 to 0.590", "0.500 (", "<b>0.500", "0.0312", "+50.0 %", "+41.0 %", `class="wedge"`, `class="ratio"`,
			`<td class="number">0.50</td>`, `text-anchor="end">0.50<`, "correlation"} {
			assert.Equal(t, refused == nil, strings.Contains(page, what), "refused %v: %s", refused, what)
		}
		assert.Equal(t, refused != nil, strings.Contains(page, "stand for the record and support nothing"))
	}
}

// Of 21 pairs the log-rank test draws its label swaps; of 20 it visits all.
func TestADrawnTestIsNotCalledExact(t *testing.T) {
	for _, pairs := range []int{20, 21} {
		r := sample(append(slices.Repeat([][2]float64{{8, 4}}, pairs-1), [2]float64{90, 4}), func(r *harness.Report) {
			var off, on []statistics.Crossing
			for _, p := range r.Pairs() {
				off, on = append(off, p[0].Outcome(68).Crossing), append(on, p[1].Outcome(68).Crossing)
			}
			test, c := statistics.LogRankSwap(off, on), &r.Targets[r.Primary].Comparison
			c.CensoredOff, c.P, c.Swaps, c.Exact = true, test.P, test.Swaps, test.Exact
		})
		page, exact := written(t, r), pairs == 20
		for _, place := range []string{`<span>%s</span>`, `<th scope="row">%s</th>`} {
			assert.Equal(t, exact, strings.Contains(page, fmt.Sprintf(place, "exact log-rank test under label swaps")), "%d pairs, %s", pairs, place)
			assert.Equal(t, !exact, strings.Contains(page, fmt.Sprintf(place, "log-rank test under 65,536 drawn label swaps, not exact")), "%d pairs, %s", pairs, place)
		}
	}
}

// One p of many is no finding: where those of units and targets stand, the page says that they aren't adjusted.
func TestThePageSaysThatItsPValuesAreNotAdjusted(t *testing.T) {
	note := template.HTMLEscapeString(capital(harness.Unadjusted))
	assert.Equal(t, 2, strings.Count(written(t, sample(usual, nil)), note), "with the units and with the targets")
}

// finals adds end-of-run evaluations in which MTO gains 2 points.
func finals(r *harness.Report) {
	final := func(v float64) *harness.Final {
		return &harness.Final{Figures: []harness.FinalFigure{{Name: "ridge", Unit: "test-top1-%", Test: v}}}
	}
	for i, pair := range r.Pairs() {
		pair[0].Final, pair[1].Final = final(60+float64(i)), final(62+float64(i))
	}
}

// Withheld seconds are in no figure of an arm: not to the target, not as a median. Each run's throughput stays, to show why.
func TestWithheldSecondsAreNotCompared(t *testing.T) {
	shown := func(r *harness.Report) { r.Units[1] = harness.UnitComparison{Unit: harness.UnitTrainSeconds} }
	for _, c := range []struct {
		change func(r *harness.Report)
		why    string
	}{
		{shown, ""},
		{func(*harness.Report) {}, "noise"},
		{func(r *harness.Report) {
			shown(r)
			r.Verdict.Word, r.Targets[r.Primary].Refused = harness.NotMeasurable, []string{"noisy"}
		}, "the study is not measurable"},
	} {
		page := written(t, sample(usual, c.change))
		for _, what := range []string{"seconds to the target", "Quality over training seconds", "images a second. </desc>", `class="level off"`} {
			assert.Equal(t, c.why == "", strings.Contains(page, what), "%q: %s", c.why, what)
		}
		assert.Equal(t, c.why != "", strings.Contains(page, "Seconds are withheld: "+c.why+". "), c.why)
		has(t, page, "Throughput by run")
		assert.NotContains(t, page, "></desc>", "a picture without a description")
	}
}

func TestFinalFiguresArePairedBySeed(t *testing.T) {
	page := written(t, sample(usual, finals))
	has(t, page, `ridge</th><td>test-top1-%</td><td class="number">6</td><td class="number">62.50</td><td class="number">64.50</td><td class="number">2.00</td><td class="number">2.00 to 2.00`)
}

// complete adds a confirmation in which the baseline loses 2 points by halving and MTO 0.1.
func complete(r *harness.Report) {
	e := harness.CompleteFigure{Name: "ridge", Unit: "test-top1-%", Seeds: []int{1, 2, 3}, Base: []float64{60, 61, 62}, BaseHalf: []float64{58, 59.1, 59.9}, MTO: []float64{60.5, 61.5, 62.6}, MTOHalf: []float64{59.9, 60.8, 62}}
	e.Assay, e.NonInferior, e.Gain = statistics.PairedDifference(e.BaseHalf, e.Base), statistics.PairedDifference(e.MTOHalf, e.Base), statistics.PairedDifference(e.MTO, e.Base)
	alone := harness.CompleteFigure{Name: "knn", Seeds: []int{1}, Base: []float64{60}, BaseHalf: []float64{58}, MTO: []float64{60}, MTOHalf: []float64{59}}
	alone.Assay, alone.NonInferior, alone.Gain = statistics.PairedDifference(alone.BaseHalf, alone.Base), statistics.PairedDifference(alone.MTOHalf, alone.Base), statistics.PairedDifference(alone.MTO, alone.Base)
	r.Complete = &harness.CompleteReport{Schedule: "cosine", Epochs: 40, Half: 20, Margin: 0.5, Figures: []harness.CompleteFigure{e, alone}}
}

func TestWholeSchedulesSayWhatWasConfirmed(t *testing.T) {
	page := written(t, sample(usual, complete))
	has(t, page, "yes, worse by more than the margin")
	has(t, page, "yes, not worse by the margin")
	has(t, page, "no: may be within the margin") // one seed has no interval
}

func TestEveryRunOfTheLockHasItsRow(t *testing.T) {
	page := written(t, sample([][2]float64{{8, 4}, {8, 0}, {0, 0}}, nil))
	assert.Equal(t, 3, strings.Count(page, "missing: never started"))
	assert.Equal(t, 3, strings.Count(page, "✔ reached it"))
}

func TestTicksAreRound(t *testing.T) {
	check := func(lo, hi float64, n int, want ...float64) {
		t.Helper()
		got := ticks(lo, hi, n)
		require.Len(t, got, len(want))
		for i := range want {
			assert.InDelta(t, want[i], got[i], 1e-9)
		}
	}
	check(0, 36, 5, 0, 10, 20, 30)
	check(0, 1, 4, 0, 0.5, 1)
	check(-0.1, 0.1, 4, -0.1, -0.05, 0, 0.05, 0.1)
	check(71.2, 73, 4, 71.5, 72, 72.5, 73)
}

// The pages at the edges, for the browser: .ci/report looks at them.
func TestWritePagesForTheBrowser(t *testing.T) {
	dir := os.Getenv("MTOBENCH_TEST_PAGES")
	if dir == "" {
		t.Skip("MTOBENCH_TEST_PAGES names no folder")
	}
	all := cases()
	long := strings.Repeat("averyverylongnamewithoutblanks", 10)
	all["hostile"] = sample(usual, func(r *harness.Report) {
		r.Study.Config.Study.Name, r.Study.Lock.Data.Name = `<script>alert(1)</script>`+long, `"><img src=x onerror=alert(1)>`+long
		r.Verdict = harness.Verdict{Word: "void", Sentence: "<b>" + long}
		r.Checks[1].Found, r.Warnings = long, []string{long, "</main><iframe src=//example.invalid>"}
		r.Targets[0].Refused = []string{long}
		for _, f := range r.Runs {
			f.Manifest.Machine.CPU, f.Manifest.Arguments = long, []string{"<svg onload=alert(1)>", long}
		}
	})
	write := func(name, page string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".html"), []byte(page), 0o644))
	}
	for name, r := range all {
		write(name, written(t, r))
	}
	for name, reports := range histories() {
		write(name, writtenTrend(t, reports))
	}
}
