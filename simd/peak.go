package simd

import (
	"slices"
	"time"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// Peak is a loop of known arithmetic on registers, which shows what the CPU can do at most.
type Peak struct {
	Op    string // "fma": float32 multiply-adds; "bf16": dot products of bfloat16 pairs, where the CPU has them
	ISA   string // instruction set it is made of
	FLOPs int    // of one Run; a multiply-add is two

	run   func(turns int)
	turns int
}

// runFLOPs is about what a Run computes: 10 to 20 microseconds with vector instructions.
const runFLOPs = 1 << 21

// Peaks returns the loops this CPU can run, the fastest instruction set first and plain Go last, whatever MTOBENCH_ISA
// says.
func Peaks() []Peak {
	var peaks []Peak
	for _, k := range kernel.Peaks() {
		turns := runFLOPs / k.FLOPs
		peaks = append(peaks, Peak{Op: k.Op, ISA: k.ISA, FLOPs: turns * k.FLOPs, run: k.Turns, turns: turns})
	}
	return peaks
}

// Run computes FLOPs operations on the calling thread.
func (k Peak) Run() { k.run(k.turns) }

// PeakFLOPS runs multiply-adds of the CPU's fastest instruction set, whatever MTOBENCH_ISA says, on all threads for
// about d and returns float32 operations a second: a calibration, to be held against the largest value this machine has
// shown. It is less where other processes take part of the CPU.
func (p *Pool) PeakFLOPS(d time.Duration) float64 {
	peaks := Peaks()
	return p.rate(peaks[slices.IndexFunc(peaks, func(k Peak) bool { return k.Op == "fma" })], d)
}

// rate measures k on all threads.
func (p *Pool) rate(k Peak, d time.Duration) float64 {
	const runs = 16 // of a thread at a time: the end of a block, where a thread waits for the last one, is 3 % of it
	task := func(_, _ int) { k.Run() }
	blocks, begin := 0, time.Now()
	for {
		p.For(runs*p.threads, task)
		blocks++
		if took := time.Since(begin); took >= d {
			return float64(blocks*runs*p.threads*k.FLOPs) / took.Seconds()
		}
	}
}

// Stream is a loop over arrays that shows how fast memory is at the level they lie at.
type Stream struct {
	Op     string // "read", "copy" (a read and a write) or "triad" (two reads and a write)
	Arrays int    // how many of dst, x, y it touches; for "read" it is x

	run func(dst, x, y []float32)
}

// Streams returns the loops of the CPU's fastest instruction set, whatever MTOBENCH_ISA says.
func Streams() []Stream {
	s := kernel.Streams(kernel.Supported()[0].Name)
	return []Stream{{"read", 1, s.Read}, {"copy", 2, s.Copy}, {"triad", 3, s.Triad}}
}

// Run goes over the arrays once on the calling thread. They have equal lengths, a multiple of 64; dst is overwritten.
// Those the loop doesn't touch may be nil, but x.
func (s Stream) Run(dst, x, y []float32) {
	const step = 64
	n := len(x) / step * step
	if n == 0 {
		return
	}
	if s.Arrays > 1 {
		dst = dst[:n]
		raceWrite(dst, 0, n)
	}
	if s.Arrays > 2 {
		y = y[:n]
	}
	s.run(dst, x[:n], y)
}
