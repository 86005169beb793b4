package peak

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/statistics"
)

// summary is what the reader is told at the end: for each operation, one figure for each number of threads.
type summary struct{ groups []*group }

// group is the rows of one operation.
type group struct {
	label  string // values of the keys op, isa and level
	kind   kind
	rates  map[int][]float64 // by threads, per second
	shares map[int][]float64
}

// note adds a measured row.
func (s *summary) note(r row, threads int, rate, share float64) {
	label := label(r.name)
	i := slices.IndexFunc(s.groups, func(g *group) bool { return g.label == label })
	if i < 0 {
		i = len(s.groups)
		s.groups = append(s.groups, &group{label, r.kind, map[int][]float64{}, map[int][]float64{}})
	}
	g := s.groups[i]
	g.rates[threads] = append(g.rates[threads], rate)
	g.shares[threads] = append(g.shares[threads], share)
}

// label shortens a row's name.
func label(name string) string {
	var words []string
	for _, part := range strings.Split(name, "/") {
		key, value, _ := strings.Cut(part, "=")
		if key == "op" || key == "isa" || key == "level" {
			words = append(words, value)
		}
	}
	return strings.Join(words, " ")
}

// report writes the summary, and a warning where calibrations were low.
func (m *meter) report() {
	head := fmt.Sprintf("%-16s", "")
	for _, threads := range m.o.Threads {
		head += fmt.Sprintf("  %-22s", fmt.Sprintf("threads: %d", threads))
	}
	fmt.Fprintln(m.o.Report, "\n"+strings.TrimRight(head, " "))
	for _, g := range m.summary.groups {
		text, unit := fmt.Sprintf("%-16s", g.label), "GB/s"
		if g.kind == arithmetic {
			unit = "GFLOP/s"
		}
		for _, threads := range m.o.Threads {
			cell := ""
			if len(g.rates[threads]) > 0 {
				cell = fmt.Sprintf("%7.1f %-7s", statistics.GeometricMean(g.rates[threads])/1e9, unit)
				if g.kind != bandwidth {
					cell += fmt.Sprintf(" %3.0f %%", statistics.GeometricMean(g.shares[threads]))
				}
			}
			text += fmt.Sprintf("  %-22s", cell)
		}
		fmt.Fprintln(m.o.Report, strings.TrimRight(text, " "))
	}
	fmt.Fprintln(m.o.Report, "% of the FMA peak, or of the bandwidth of the level that the data lie at; geometric means over shapes")
	if m.disturbed > 0 {
		fmt.Fprintf(m.o.Report, "warning: %d rows have a calibration-%% below %d: another process takes the CPU, their figures may be too low\n", m.disturbed, disturbed)
	}
}
