package gate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText prints the comparison for people, one block a benchmark.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	name := ""
	for _, row := range r.Rows {
		if row.Name != name {
			name = row.Name
			how := "runs"
			if row.Paired {
				how = "pairs"
			}
			table.Flush()
			fmt.Fprintf(&b, "%s (%d %s)\n", name, row.N, how)
		}
		fmt.Fprintf(table, "  %s\t%.5g -> %.5g\t%s\t%s to %s\tmargin %.1f %%\t%s\n", row.Unit, row.Old, row.New,
			change(row.Ratio), change(row.Lo), change(row.Hi), 100*row.Margin, row.Outcome)
	}
	table.Flush()
	if r.Equal > 0 {
		fmt.Fprintf(&b, "%d figures are the same in every run\n", r.Equal)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// change writes a ratio as a change in percent.
func change(ratio float64) string { return fmt.Sprintf("%+.1f %%", 100*(ratio-1)) }
