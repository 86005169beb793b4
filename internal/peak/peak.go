// Package peak measures what this machine can do and what the tensor core makes of it: the rate of multiply-adds, the
// bandwidth of each level of memory, and for each kernel its share of the one or the other.
//
// Rates are those of the fastest of many short blocks: a limit is what the machine does when nothing disturbs it. Each
// row stands between two calibrations, multiply-adds on all its threads; the slower of them, in percent of the fastest
// block seen, is the row's calibration-%. Below 90 another process took part of the CPU and the row may be too low.
package peak

import (
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/mtobench/mtobench/simd"
)

// Options say what is measured.
type Options struct {
	Config  []benchfmt.Config // lines that say where: goos, goarch, cpu, isa
	Threads []int             // numbers of threads, each a column of rows; at least one, all above 0
	Row     time.Duration     // time for each row
	Only    *regexp.Regexp    // rows whose names match; nil: all
	Out     io.Writer         // gets lines of the Go benchmark format
	Report  io.Writer         // gets warnings and a summary for the reader
}

const (
	calibrateFor = 4 * time.Millisecond
	settleFor    = 60 * time.Millisecond // the first look at the peak
	disturbed    = 90                    // calibration-% below this is warned about
)

// row is a line to be measured. Its name is made of keys; threads comes last.
type row struct {
	name  string
	kind  kind
	start func(p *simd.Pool) work // allocates what the row works on
}

// kind says what a row's rate is held against.
type kind uint8

const (
	arithmetic kind = iota // GFLOP/s and share of the FMA peak
	bandwidth              // GB/s
	traffic                // GB/s and share of the bandwidth of the level its footprint lies at
	overhead               // ns/op alone, with more than one thread only
)

// work is what one operation of a row does.
type work struct {
	run       func(n int) // n operations
	flops     float64
	bytes     float64 // read and written
	footprint int     // bytes it touches
	stream    string  // traffic: the Stream with the same mix of reads and writes
}

// meter holds what has been measured.
type meter struct {
	o         Options
	caches    []cache
	pools     map[int]*simd.Pool
	peak      map[int]float64    // by threads: FLOP/s of the fastest block
	streams   map[string]float64 // by name and threads: bytes a second
	disturbed int
	summary   summary
}

// Measure measures and writes. It returns the first error of o.Out, and one where no row matches o.Only: then nothing is written.
func Measure(o Options) error {
	type task struct {
		row
		name    string
		threads int
	}
	var tasks []task
	for _, r := range rows(caches(), slices.Max(o.Threads)) {
		for _, threads := range o.Threads {
			name := fmt.Sprintf("%s/threads=%d", r.name, threads)
			if r.kind == overhead && threads == 1 || o.Only != nil && !o.Only.MatchString(name) {
				continue
			}
			tasks = append(tasks, task{r, name, threads})
		}
	}
	if len(tasks) == 0 {
		return fmt.Errorf("peak: no row's name matches %q; names are like op=gemm-nt/m=3136/k=96/n=288/threads=1", o.Only)
	}
	m := &meter{o: o, caches: caches(), pools: map[int]*simd.Pool{}, peak: map[int]float64{}, streams: map[string]float64{}}
	defer func() {
		for _, p := range m.pools {
			p.Close()
		}
	}()
	for _, threads := range o.Threads {
		m.pools[threads] = simd.NewPool(threads)
		for _, k := range peaks() {
			if k.Op == "fma" {
				w := arithmeticPeak(m.pools[threads], k)
				_, ns := fastest(w.run, settleFor)
				m.notePeak(threads, w.flops*1e9/ns)
			}
		}
	}
	if err := m.head(); err != nil {
		return err
	}
	for _, t := range tasks {
		if err := m.line(t.row, t.name, t.threads); err != nil {
			return err
		}
	}
	m.report()
	return nil
}

// head writes configuration and units.
func (m *meter) head() error {
	w := benchfmt.NewWriter(m.o.Out)
	for _, unit := range []string{"GFLOP/s", "%peak", "GB/s", "%bandwidth", "calibration-%"} {
		err := w.Write(&benchfmt.UnitMetadata{UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: unit, Key: "better"}, OrigUnit: unit, Value: "higher"})
		if err != nil {
			return err
		}
	}
	for _, c := range m.o.Config {
		if _, err := fmt.Fprintf(m.o.Out, "%s: %s\n", c.Key, c.Value); err != nil {
			return err
		}
	}
	return nil
}

// line measures one row and writes it.
func (m *meter) line(r row, name string, threads int) error {
	p := m.pools[threads]
	w := r.start(p)
	runtime.GC() // now, not beside the blocks
	before := m.calibrate(threads, calibrateFor)
	n, ns := fastest(w.run, m.o.Row)
	after := m.calibrate(threads, calibrateFor)

	perSecond := 1e9 / ns
	text := fmt.Sprintf("BenchmarkPeak/%-44s %9d %14.1f ns/op", name, n, ns)
	switch r.kind {
	case arithmetic:
		rate := w.flops * perSecond
		if isFMA(r.name) {
			m.notePeak(threads, rate)
		}
		share := 100 * rate / m.peak[threads]
		text += fmt.Sprintf(" %9.1f GFLOP/s %7.1f %%peak", rate/1e9, share)
		m.summary.note(r, threads, rate, share)
	case bandwidth:
		rate := w.bytes * perSecond
		m.streams[name] = rate
		text += fmt.Sprintf(" %9.1f GB/s", rate/1e9)
		m.summary.note(r, threads, rate, 0)
	case traffic:
		rate := w.bytes * perSecond
		share := 100 * rate / m.bandwidthOf(w, threads)
		text += fmt.Sprintf(" %9.1f GB/s %7.1f %%bandwidth", rate/1e9, share)
		m.summary.note(r, threads, rate, share)
	}
	calibration := 100 * min(before, after) / m.peak[threads]
	if calibration < disturbed {
		m.disturbed++
	}
	_, err := fmt.Fprintf(m.o.Out, "%s %7.1f calibration-%%\n", text, calibration)
	return err
}

// bandwidthOf returns bytes a second of the stream that w is held against, measured now if no row has done so.
func (m *meter) bandwidthOf(w work, threads int) float64 {
	level := levelOf(m.caches, w.footprint)
	r := streamRow(m.caches, w.stream, level, slices.Max(m.o.Threads))
	name := fmt.Sprintf("%s/threads=%d", r.name, threads)
	if _, ok := m.streams[name]; !ok {
		s := r.start(m.pools[threads])
		_, ns := fastest(s.run, m.o.Row/2)
		m.streams[name] = s.bytes * 1e9 / ns
	}
	return m.streams[name]
}

// calibrate returns the rate of multiply-adds over a short time and keeps it if it is the fastest yet.
func (m *meter) calibrate(threads int, d time.Duration) float64 {
	rate := m.pools[threads].PeakFLOPS(d)
	m.notePeak(threads, rate)
	return rate
}

func (m *meter) notePeak(threads int, rate float64) {
	m.peak[threads] = max(m.peak[threads], rate)
}

// blockTime is what a block lasts at least.
const blockTime = 2 * time.Millisecond

// fastest runs blocks of operations for about d. It returns how many operations ran, and the nanoseconds of one in the
// fastest block.
func fastest(run func(n int), d time.Duration) (operations int, ns float64) {
	size := 1
	for {
		begin := time.Now()
		run(size)
		took := time.Since(begin)
		if took >= blockTime {
			break
		}
		size = max(2*size, int(float64(size)*1.2*float64(blockTime)/float64(max(took, time.Microsecond))))
	}
	for begin := time.Now(); operations == 0 || time.Since(begin) < d; {
		start := time.Now()
		run(size)
		per := float64(time.Since(start).Nanoseconds()) / float64(size)
		if operations == 0 || per < ns {
			ns = per
		}
		operations += size
	}
	return operations, ns
}
