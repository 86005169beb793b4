package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/statistics"
)

// table is a Markdown table being made.
type table struct {
	text   strings.Builder
	header []string
}

func newTable(header ...string) *table {
	t := &table{header: header}
	t.row(header...)
	t.text.WriteString("|---")
	for range header[1:] {
		t.text.WriteString("|--:")
	}
	t.text.WriteString("|\n")
	return t
}

func (t *table) row(cells ...string) {
	t.text.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (t *table) String() string { return t.text.String() }

// competitor names who a sample belongs to: the configuration key peer.
func competitor(s sample) string {
	if peer := s.keys["peer"]; peer != "" {
		return peer
	}
	return ours
}

const ours = "mtobench"

// competitors returns those with samples: ours first, then by name.
func competitors(samples []sample) []string {
	var names []string
	for _, s := range samples {
		if c := competitor(s); !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if x, y := strings.HasPrefix(a, ours), strings.HasPrefix(b, ours); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return names
}

// comparison is a table of rows against competitors.
type comparison struct {
	samples []sample
	unit    string
	scale   float64 // of the unit, for printing
	format  string
	less    bool // less is better
	rowKeys []string
	title   string // of the first column
}

// rowName joins the values of the keys that make a row.
func (c *comparison) rowName(s sample) string {
	var words []string
	for _, key := range c.rowKeys {
		if v := s.keys[key]; v != "" {
			words = append(words, v)
		}
	}
	return strings.Join(words, " ")
}

// String prints best (median) for each competitor, and ours against the best of the others, by medians, with the
// geometric mean of that ratio at the end.
func (c *comparison) String() string {
	who := competitors(c.samples)
	others := slices.IndexFunc(who, func(s string) bool { return !strings.HasPrefix(s, ours) })
	header := append([]string{c.title}, who...)
	if others > 0 {
		header = append(header, who[0]+" / best other")
	}
	t := newTable(header...)
	var names []string
	cells := map[[2]string][]sample{}
	for _, s := range c.samples {
		name := c.rowName(s)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		key := [2]string{name, competitor(s)}
		cells[key] = append(cells[key], s)
	}
	var ratios []float64
	for _, name := range names {
		line, mine, other := []string{name}, 0.0, 0.0
		for i, w := range who {
			x := values(undisturbed(cells[[2]string{name, w}]), c.unit)
			if len(x) == 0 {
				line = append(line, "")
				continue
			}
			best := slices.Max(x)
			if c.less {
				best = slices.Min(x)
			}
			middle := statistics.Median(x)
			line = append(line, fmt.Sprintf(c.format+" ("+c.format+")", best*c.scale, middle*c.scale))
			better := other == 0 || middle > other != c.less
			switch {
			case i == 0:
				mine = middle
			case others > 0 && i >= others && better:
				other = middle
			}
		}
		if others > 0 {
			if mine > 0 && other > 0 {
				ratios = append(ratios, mine/other)
				line = append(line, fmt.Sprintf("%.2f", mine/other))
			} else {
				line = append(line, "")
			}
		}
		t.row(line...)
	}
	if len(ratios) > 1 {
		line := make([]string, len(header))
		line[0], line[len(line)-1] = "*geometric mean*", fmt.Sprintf("*%.2f*", statistics.GeometricMean(ratios))
		t.row(line...)
	}
	return t.String()
}
