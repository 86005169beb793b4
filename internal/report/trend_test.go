package report

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/statistics"
)

// at is a study of the commit of day d of a month, with a ratio of epochs; seconds have half of it.
func at(d int, commit string, ratio float64, change func(r *harness.Report)) *harness.Report {
	return sample(usual, func(r *harness.Report) {
		for i := range r.Targets {
			r.Targets[i].Ratio, r.Targets[i].Interval = ratio, statistics.Interval{Lo: ratio * 0.9, Hi: ratio * 1.1}
		}
		r.Units = nil
		for _, unit := range []string{harness.UnitEpochs, harness.UnitTrainSeconds} {
			c := r.Targets[r.Primary].Comparison
			if unit == harness.UnitTrainSeconds {
				c.Ratio, c.Interval = ratio/2, statistics.Interval{Lo: ratio * 0.4, Hi: ratio * 0.6}
				c.MedianOff, c.MedianOn = 20-float64(d)/2, 11-float64(d)/4
				for i := range 6 {
					c.Crossings = append(c.Crossings, harness.Pair{Off: statistics.Crossing{At: c.MedianOff + float64(i)/2 - 1}, On: statistics.Crossing{At: c.MedianOn + float64(i)/3 - 0.8}})
				}
			}
			r.Units = append(r.Units, harness.UnitComparison{Unit: unit, Comparison: c})
		}
		for _, f := range r.Runs {
			m := &f.Manifest
			m.Revision, m.RevisionTime, m.Started = commit, fmt.Sprintf("2026-11-%02dT09:30:00Z", d), fmt.Sprintf("2026-11-%02dT12:00:00Z", d)
			m.Machine.CPU, m.ISA, m.Threads = "a CPU", "avx2", 2
		}
		if change != nil {
			change(r)
		}
	})
}

// histories are studies as a page of their trend shows them.
func histories() map[string][]*harness.Report {
	other := func(r *harness.Report) {
		r.Study.Lock.Hash, r.Study.Config.Study.Name = strings.Repeat("cd", 32), "another"
	}
	many := []*harness.Report{
		at(9, "9999999aaaaaaaaaaaaa", 0.72, nil), at(1, "1111111aaaaaaaaaaaaa", 1.02, nil), at(3, "3333333aaaaaaaaaaaaa", 0.97, nil),
		at(4, "4444444aaaaaaaaaaaaa", 0.31, func(r *harness.Report) { r.Verdict.Word = harness.Void }),
		at(5, "5555555aaaaaaaaaaaaa", 0.88, func(r *harness.Report) { r.Units[1].Withheld = "repeating one run changed them by 31 %" }),
		at(6, "6666666aaaaaaaaaaaaa", 0.32, func(r *harness.Report) {
			r.Verdict.Word, r.Targets[r.Primary].Refused = harness.NotMeasurable, []string{"noisy"}
		}),
		at(7, "7777777aaaaaaaaaaaaa", 0.83, nil), at(8, "8888888aaaaaaaaaaaaa", 0.79, nil),
		at(2, "2222222aaaaaaaaaaaaa", 0.55, other), at(4, "4444444aaaaaaaaaaaaa", 0.54, other),
		at(10, "", 0.7, func(r *harness.Report) {
			for _, f := range r.Runs {
				f.Manifest.RevisionTime, f.Manifest.Machine.CPU = "", "another CPU"
			}
		}),
	}
	past := at(2, "2222222aaaaaaaaaaaaa", 1.1, func(r *harness.Report) {
		r.Study.Lock.Numerics, r.Study.Lock.Hash = harness.Numerics-1, strings.Repeat("ef", 32)
	})
	var long []*harness.Report
	for d := 1; d <= 28; d++ {
		long = append(long, at(d, fmt.Sprintf("%02d%018d", d, d), 1-float64(d)/100, nil))
	}
	return map[string][]*harness.Report{
		"trend": many, "trend of one": many[:1], "trend of many": long, "trend of two numerics": {many[0], past},
		"trend at the edges": {
			at(1, "1", 0.5, func(r *harness.Report) {
				for i := range r.Units {
					r.Units[i].Interval = statistics.Everything
				}
			}),
			at(2, `<script>alert(1)</script>`, 1, func(r *harness.Report) {
				for i := range r.Units {
					r.Units[i].StartedAtTarget, r.Units[i].Ratio = true, math.NaN()
				}
			}),
			at(3, "3", 60, func(r *harness.Report) {
				for _, f := range r.Runs {
					f.Manifest.Modified, f.Manifest.Machine.CPU = true, `"><img src=x>`+strings.Repeat("longwithoutblanks", 10)
				}
			}),
			at(4, "4", 0.8, func(r *harness.Report) {
				r.Units[1].CensoredOff, r.Units[1].OwnHorizons = true, true
			}),
		},
		"trend of nothing": {at(1, "1", 0.3, func(r *harness.Report) { r.Verdict.Word = harness.Void })},
	}
}

func writtenTrend(t *testing.T, reports []*harness.Report) string {
	var b bytes.Buffer
	require.NoError(t, WriteTrend(&b, reports))
	return b.String()
}

// section is one panel of the page.
func section(t *testing.T, page, id string) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)<section id="` + id + `".*?</section>`).FindString(page)
	require.NotEmpty(t, m, id)
	return m
}

// rowsOf is the rows of one table, cells parted by blanks.
func rowsOf(t *testing.T, page, id string) []string {
	t.Helper()
	body := regexp.MustCompile(`(?s)<table id="` + id + `">.*?<tbody>(.*?)</tbody>`).FindStringSubmatch(page)
	require.NotNil(t, body, id)
	var rows []string
	for _, m := range regexp.MustCompile(`(?s)<tr>(.*?)</tr>`).FindAllStringSubmatch(body[1], -1) {
		rows = append(rows, strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], " ")), " "))
	}
	return rows
}

func TestTrendStandsInTheOrderOfCommitsAndLocksNeverMix(t *testing.T) {
	many := histories()["trend"]
	page := writtenTrend(t, many)
	require.Equal(t, 2, strings.Count(page, "<section id=\"study-"))
	assert.Equal(t, []string{
		"2222222aaaaa 2026-11-02 09:30 0.550 0.495 to 0.605 0.0312",
		"4444444aaaaa 2026-11-04 09:30 0.540 0.486 to 0.594 0.0312",
	}, rowsOf(t, section(t, page, "study-1"), "study-1-epochs-numbers"))
	assert.Equal(t, []string{
		"1111111aaaaa 2026-11-01 09:30 1.020 0.918 to 1.122 0.0312",
		"3333333aaaaa 2026-11-03 09:30 0.970 0.873 to 1.067 0.0312",
		"4444444aaaaa 2026-11-04 09:30 – – – no number: void",
		"5555555aaaaa 2026-11-05 09:30 0.880 0.792 to 0.968 0.0312",
		"6666666aaaaa 2026-11-06 09:30 – – – no number: not measurable",
		"7777777aaaaa 2026-11-07 09:30 0.830 0.747 to 0.913 0.0312",
		"8888888aaaaa 2026-11-08 09:30 0.790 0.711 to 0.869 0.0312",
		"9999999aaaaa 2026-11-09 09:30 0.720 0.648 to 0.792 0.0312",
		"unknown 2026-11-10 12:00 0.700 0.630 to 0.770 0.0312",
	}, rowsOf(t, section(t, page, "study-2"), "study-2-epochs-numbers"))

	backwards := slices.Clone(many)
	slices.Reverse(backwards)
	assert.True(t, page == writtenTrend(t, backwards), "the page depends on the order in which the studies are given")
}

// Where the numerics changed the line breaks, with a note, and nothing stands in one picture or table.
func TestStudiesOfOtherNumericsStandApart(t *testing.T) {
	page := writtenTrend(t, histories()["trend of two numerics"])
	require.Equal(t, 2, strings.Count(page, "<section id=\"study-"))
	past, now := section(t, page, "study-1"), section(t, page, "study-2")
	assert.Contains(t, past, fmt.Sprintf("these studies are of numerics %d, the program that wrote this page has numerics %d", harness.Numerics-1, harness.Numerics))
	assert.Contains(t, past, fmt.Sprintf("sample, numerics %d, lock", harness.Numerics-1))
	assert.NotContains(t, now, "numerics")
	assert.Equal(t, []string{"2222222aaaaa 2026-11-02 09:30 1.100 0.990 to 1.210 0.0312"}, rowsOf(t, past, "study-1-epochs-numbers"))
	assert.Len(t, rowsOf(t, now, "study-2-epochs-numbers"), 1)
}

func TestWithheldNumbersStayWithheldInATrend(t *testing.T) {
	page := section(t, writtenTrend(t, histories()["trend"]), "study-2")
	for _, hidden := range []string{"0.310", "0.320", "0.155", "0.160", "0.440", "0.44,"} { // of days 4 and 6; seconds of days 4, 6 and 5
		assert.False(t, strings.Contains(page, hidden), hidden)
	}
	seconds := rowsOf(t, page, "study-2-machine-1-seconds-numbers")
	assert.Equal(t, "5555555aaaaa 2026-11-05 09:30 – – – – withheld: repeating one run changed them by 31 %", seconds[3])
	assert.Equal(t, "7777777aaaaa 2026-11-07 09:30 16.5 15.5 to 18 9.25 8.45 to 10.12", seconds[5])
	require.Len(t, seconds, 8) // the other machine has a picture of its own
	require.Len(t, rowsOf(t, page, "study-2-machine-2-seconds-numbers"), 1)
}

// Where each run's budget ends elsewhere in a unit there is no test, and so no p.
func TestATrendShowsNoTestWhereThereIsNone(t *testing.T) {
	page := section(t, writtenTrend(t, histories()["trend at the edges"]), "study-1")
	assert.Contains(t, rowsOf(t, page, "study-1-epochs-numbers"), "4 2026-11-04 09:30 0.800 0.720 to 0.880 0.0312")
	assert.Contains(t, rowsOf(t, page, "study-1-machine-1-ratio-numbers"),
		"4 2026-11-04 09:30 0.400 0.320 to 0.480 – no test: each run that missed the target ends elsewhere, the means go to its own end")
}

// A point is one version of the code.
func TestATrendRefusesAStudyOfTwoVersions(t *testing.T) {
	r := at(1, "1111", 1, func(r *harness.Report) { r.Runs[3].Manifest.Revision = "2222" })
	err := WriteTrend(&bytes.Buffer{}, []*harness.Report{r})
	require.ErrorIs(t, err, harness.ErrConfig)
	require.ErrorContains(t, err, "commit 1111")
}
