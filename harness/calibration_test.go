package harness

import (
	"testing"
	"time"

	"github.com/mtobench/mtobench/simd"
)

// fastestFMA is the highest rate of multiply-adds that calibrations of this process have seen, by threads.
var fastestFMA = map[int]float64{}

// calibrated runs timed, the loop of a benchmark, between two calibrations on all threads of the pool, and reports the
// slower one as calibration-%, in percent of the fastest there was. Below 90 another process took part of the CPU.
func calibrated(b *testing.B, pool *simd.Pool, timed func()) {
	look := func(d time.Duration) float64 {
		rate := pool.PeakFLOPS(d)
		fastestFMA[pool.Threads()] = max(fastestFMA[pool.Threads()], rate)
		return rate
	}
	if fastestFMA[pool.Threads()] == 0 {
		for range 10 { // the fastest of several: each may be disturbed
			look(5 * time.Millisecond)
		}
	}
	before := look(5 * time.Millisecond)
	timed()
	after := look(5 * time.Millisecond)
	b.ReportMetric(100*min(before, after)/fastestFMA[pool.Threads()], "calibration-%")
}
