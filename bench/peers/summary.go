package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/perf/benchfmt"

	"github.com/mtobench/mtobench/internal/statistics"
)

// figures are the samples of one peer on one row.
type figures struct {
	seconds []float64 // per turn
	rates   []float64 // GFLOP/s
	bytes   []float64 // largest resident set of the process
}

// A board is what result files hold: rows and peers in order of appearance.
type board struct {
	rows, peers []string
	of          map[string]map[string]*figures // row, peer
	peak        map[string]float64             // "threads=1": GFLOP/s of all threads together
	disturbed   int                            // blocks that don't count
}

func summaryCommand(args []string) error {
	flags := flag.NewFlagSet("summary", flag.ExitOnError)
	targetFile := flags.String("targets", "", "table of targets; empty for none")
	flags.Parse(args)
	if flags.NArg() == 0 {
		return fmt.Errorf("summary: give the files that measure wrote")
	}
	b := board{of: map[string]map[string]*figures{}, peak: map[string]float64{}}
	for _, path := range flags.Args() {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := b.read(path, string(text)); err != nil {
			return err
		}
	}
	if len(b.rows) == 0 {
		return fmt.Errorf("%s: no benchmark results", strings.Join(flags.Args(), ", "))
	}
	if err := b.print(os.Stdout); err != nil {
		return err
	}
	if *targetFile == "" {
		return nil
	}
	targets, err := readTargets(*targetFile)
	if err != nil {
		return err
	}
	if missed := b.judge(os.Stdout, targets); missed > 0 {
		return fmt.Errorf("%d of %d targets missed", missed, len(targets))
	}
	return nil
}

// read adds a file's results.
func (b *board) read(path, text string) error {
	b.disturbed += strings.Count(text, "\n# disturbed, ")
	reader := benchfmt.NewReader(strings.NewReader(text), path)
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			b.add(rec)
		case *benchfmt.SyntaxError:
			return rec
		}
	}
	return reader.Err()
}

func (b *board) add(r *benchfmt.Result) {
	name, peer := withoutProcs(string(r.Name)), r.GetConfig("peer")
	rate, _ := r.Value("GFLOP/s")
	if threads, ok := strings.CutPrefix(name, "Calibration/op=fma/"); ok {
		b.peak[threads] = max(b.peak[threads], rate)
		return
	}
	if b.of[name] == nil {
		b.rows, b.of[name] = append(b.rows, name), map[string]*figures{}
	}
	f := b.of[name][peer]
	if f == nil {
		f = &figures{}
		b.of[name][peer] = f
	}
	if !slices.Contains(b.peers, peer) {
		b.peers = append(b.peers, peer)
	}
	if v, ok := r.Value("sec/op"); ok {
		f.seconds = append(f.seconds, v)
	}
	if rate > 0 {
		f.rates = append(f.rates, rate)
	}
	if v, ok := r.Value("peak-RSS-bytes"); ok {
		f.bytes = append(f.bytes, v)
	}
}

// speed is how many times as fast a is as b on a row, by median times.
func (b *board) speed(row, a, peer string) (float64, bool) {
	x, y := b.of[row][a], b.of[row][peer]
	if x == nil || y == nil || len(x.seconds) == 0 || len(y.seconds) == 0 {
		return 0, false
	}
	return statistics.Median(y.seconds) / statistics.Median(x.seconds), true
}

// memory is a's largest resident set over b's on a row, by medians.
func (b *board) memory(row, a, peer string) (float64, bool) {
	x, y := b.of[row][a], b.of[row][peer]
	if x == nil || y == nil || len(x.bytes) == 0 || len(y.bytes) == 0 {
		return 0, false
	}
	return statistics.Median(x.bytes) / statistics.Median(y.bytes), true
}

// share is the best block of a peer on a row, in percent of the FMA peak of as many threads.
func (b *board) share(row, a, _ string) (float64, bool) {
	f, peak := b.of[row][a], b.peak[row[strings.LastIndexByte(row, '/')+1:]]
	if f == nil || len(f.rates) == 0 || peak == 0 {
		return 0, false
	}
	return 100 * slices.Max(f.rates) / peak, true
}

// section is what rows of one table share: the benchmark and the number of threads.
func section(row string) string {
	return row[:strings.IndexByte(row+"/", '/')] + ", " + row[strings.LastIndexByte(row, '/')+1:]
}

// print writes a table for each benchmark and number of threads.
func (b *board) print(w io.Writer) error {
	for i, first := range b.rows {
		if slices.IndexFunc(b.rows, func(r string) bool { return section(r) == section(first) }) != i {
			continue
		}
		var rows []string
		for _, r := range b.rows {
			if section(r) == section(first) {
				rows = append(rows, r)
			}
		}
		if err := b.table(w, section(first), rows); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "%d disturbed blocks don't count.\n", b.disturbed)
	return nil
}

func (b *board) table(w io.Writer, title string, rows []string) error {
	var peers []string
	for _, p := range b.peers {
		if p != ours && slices.ContainsFunc(rows, func(r string) bool { return b.of[r][p] != nil }) {
			peers = append(peers, p)
		}
	}
	fmt.Fprintf(w, "%s: %s, median and best; then how many times as fast it is as each peer, by medians\n", title, ours)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "row\tGFLOP/s\tbest, %% of peak\t%s\t", strings.Join(peers, "\t"))
	hasMemory := slices.ContainsFunc(rows, func(r string) bool { return b.of[r][ours] != nil && len(b.of[r][ours].bytes) > 0 })
	if hasMemory {
		fmt.Fprint(t, "MiB\t")
		for _, p := range peers {
			fmt.Fprintf(t, "of %s\t", p)
		}
	}
	fmt.Fprintln(t)
	ratios := map[string][]float64{}
	cell := func(format string, value float64, ok bool) {
		if !ok {
			fmt.Fprint(t, "-\t")
			return
		}
		fmt.Fprintf(t, format+"\t", value)
	}
	for _, r := range rows {
		mine := b.of[r][ours]
		fmt.Fprintf(t, "%s\t", strings.TrimSuffix(r[strings.IndexByte(r, '/')+1:], r[strings.LastIndexByte(r, '/'):]))
		if mine == nil || len(mine.rates) == 0 {
			fmt.Fprintln(t, "disturbed\t")
			continue
		}
		cell("%.1f", statistics.Median(mine.rates), true)
		share, ok := b.share(r, ours, "")
		cell("%.1f", share, ok)
		for _, p := range peers {
			ratio, ok := b.speed(r, ours, p)
			if ok {
				ratios[p] = append(ratios[p], ratio)
			}
			cell("%.2f", ratio, ok)
		}
		if hasMemory {
			if len(mine.bytes) > 0 {
				cell("%.0f", statistics.Median(mine.bytes)/(1<<20), true)
			} else {
				cell("", 0, false)
			}
			for _, p := range peers {
				ratio, ok := b.memory(r, ours, p)
				cell("%.2f", ratio, ok)
			}
		}
		fmt.Fprintln(t)
	}
	fmt.Fprint(t, "geometric mean\t\t\t")
	for _, p := range peers {
		cell("%.3f", statistics.GeometricMean(ratios[p]), len(ratios[p]) > 0)
	}
	fmt.Fprint(t, "\n")
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}
