package peak

import (
	"fmt"
	"strings"

	"github.com/mtobench/mtobench/simd"
)

// rows lists all rows in the order they are measured: limits first, then what the kernels make of them.
func rows(levels []cache, threads int) []row {
	var list []row
	for _, k := range peaks() {
		list = append(list, row{fmt.Sprintf("op=%s/isa=%s", k.Op, k.ISA), arithmetic, func(p *simd.Pool) work { return arithmeticPeak(p, k) }})
	}
	for i := range levels {
		for _, s := range simd.Streams() {
			list = append(list, streamRow(levels, s.Op, i, threads))
		}
	}
	list = append(list, row{"op=barrier", overhead, barrier})
	list = append(list, gemmRows()...)
	list = append(list, attentionRows()...)
	return append(list, vectorRows()...)
}

// peaks are the loops that show the CPU's limits. Plain Go's says nothing about a CPU that has another.
func peaks() []simd.Peak {
	all := simd.Peaks()
	if len(all) > 1 {
		all = all[:len(all)-1]
	}
	return all
}

// isFMA says whether a row measures the FMA peak.
func isFMA(name string) bool { return strings.HasPrefix(name, "op=fma/") }

// arithmeticPeak runs k on all threads; an operation is one Run on each.
func arithmeticPeak(p *simd.Pool, k simd.Peak) work {
	task := func(_, _ int) { k.Run() }
	return work{
		run:   func(n int) { p.For(n*p.Threads(), task) },
		flops: float64(k.FLOPs * p.Threads()),
	}
}

// barrier hands every thread one empty task and waits for all.
func barrier(p *simd.Pool) work {
	task := func(_, _ int) {}
	return work{run: func(n int) {
		for range n {
			p.For(p.Threads(), task)
		}
	}}
}

// chunkBytes is what a thread takes of its arrays at a time, 5 microseconds or more: it may be several sweeps.
const chunkBytes = 512 << 10

// streamRow measures the stream called op where all of up to threads threads work at level i. Each thread has arrays
// of its own and fills them itself, so that they lie near it.
func streamRow(levels []cache, op string, i, threads int) row {
	name := fmt.Sprintf("op=%s/level=%s", op, levels[i].name)
	return row{name, bandwidth, func(p *simd.Pool) work {
		for _, s := range simd.Streams() {
			if s.Op == op {
				return streamWork(p, s, footprint(levels, i, min(threads, p.Threads())))
			}
		}
		panic("peak: no stream " + op)
	}}
}

func streamWork(p *simd.Pool, s simd.Stream, bytes int) work {
	const step = 64
	n := bytes / 4 / s.Arrays / step * step          // elements of each array
	chunk := min(n, chunkBytes/4/s.Arrays/step*step) // of each array, in a task
	sweeps := max(1, chunkBytes/4/s.Arrays/chunk)
	type arrays struct {
		a  [3][]float32
		at int
	}
	own := make([]arrays, p.Threads())
	task := func(_, worker int) {
		o := &own[worker]
		if o.a[1] == nil {
			for i := range o.a {
				if i == 1 || i < s.Arrays { // x is always there: it gives the length
					o.a[i] = make([]float32, n)
					for j := range o.a[i] {
						o.a[i][j] = 1
					}
				}
			}
		}
		if o.at+chunk > n {
			o.at = 0
		}
		part := func(x []float32) []float32 {
			if x == nil {
				return nil
			}
			return x[o.at:][:chunk]
		}
		dst, x, y := part(o.a[0]), part(o.a[1]), part(o.a[2])
		for range sweeps {
			s.Run(dst, x, y)
		}
		o.at += chunk
	}
	return work{
		run:       func(n int) { p.For(n*p.Threads(), task) },
		bytes:     float64(4 * s.Arrays * chunk * sweeps * p.Threads()),
		footprint: 4 * s.Arrays * n,
	}
}
