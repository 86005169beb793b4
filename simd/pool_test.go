package simd

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestForRunsEachTaskOnce(t *testing.T) {
	rounds := 300
	if raceEnabled {
		rounds = 30
	}
	for _, threads := range []int{1, 2, 3, 7} {
		p := NewPool(threads)
		require.Equal(t, threads, p.Threads())
		for round := range rounds {
			tasks := round % 40
			runs := make([]atomic.Int32, tasks)
			p.For(tasks, func(task, worker int) {
				if worker < 0 || worker >= threads {
					panic(fmt.Sprint("worker ", worker))
				}
				runs[task].Add(1)
			})
			for i := range runs {
				require.EqualValues(t, 1, runs[i].Load(), "threads %d, %d tasks, task %d", threads, tasks, i)
			}
			if round%100 == 99 {
				time.Sleep(2 * time.Millisecond) // workers fall asleep
			}
		}
		p.Close()
	}
}

// A worker is never in two tasks at once: what belongs to it needs no lock.
func TestWorkersHaveOneTaskAtATime(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	var busy [3]atomic.Bool
	for range 50 {
		p.For(30, func(_, worker int) {
			if !busy[worker].CompareAndSwap(false, true) {
				panic("two tasks at once")
			}
			runtime.Gosched()
			busy[worker].Store(false)
		})
	}
}

// What tasks wrote is seen after For, and what was written before is seen in tasks: under the race detector this is a
// proof, elsewhere a hope.
func TestForIsABarrier(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	x := make([]int, 64)
	for round := range 100 {
		p.For(len(x), func(task, _ int) { x[task] += task })
		for i := range x {
			require.Equal(t, (round+1)*i, x[i])
		}
	}
}

func TestForAllocatesNothing(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	f := func(int, int) {}
	require.Zero(t, testing.AllocsPerRun(100, func() { p.For(8, f) }))
}

func TestCloseEndsWorkers(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, pause := range []time.Duration{0, 5 * time.Millisecond} { // spinning, asleep
		p := NewPool(4)
		p.For(4, func(int, int) {})
		time.Sleep(pause)
		p.Close()
		p.Close()
		for runtime.NumGoroutine() > before { // go test ends a wait for workers that stay
			time.Sleep(time.Millisecond)
		}
		require.PanicsWithValue(t, "simd: pool: used after Close; make a new one", func() { p.For(4, func(int, int) {}) })
	}
}

func TestIdleWorkersSleep(t *testing.T) {
	p := NewPool(4)
	defer p.Close()
	p.For(4, func(int, int) {})
	for _, w := range p.workers[1:] {
		for !w.asleep.Load() { // go test ends a wait for one that doesn't
			time.Sleep(time.Millisecond)
		}
	}
}

func TestPoolOfTooManyThreadsIsRefused(t *testing.T) {
	require.PanicsWithValue(t, "simd: pool of 65536 threads: the most is 65535", func() { NewPool(65536) })
	p := NewPool(0)
	defer p.Close()
	require.Equal(t, runtime.GOMAXPROCS(0), p.Threads())
}

// BenchmarkFor measures the barrier: empty tasks, one a thread.
func BenchmarkFor(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			p := NewPool(threads)
			defer p.Close()
			f := func(int, int) {}
			for b.Loop() {
				p.For(threads, f)
			}
		})
	}
}
