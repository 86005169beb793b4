package simd

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// Pool runs the operations of this package on a fixed number of threads: its workers and the caller, who takes part.
// Between operations workers spin for some tens of microseconds, then sleep. A Pool is not safe for use by several
// goroutines at once; several Pools may be used side by side.
//
// A job is published in state, one word that also says whether it may still be joined and who is at work on it. The
// barrier at the end waits for workers that joined, not for those that were late: a worker that the operating system
// wakes slowly costs nothing.
type Pool struct {
	threads int
	workers []*worker // workers[0] is the caller's
	shared  scratch   // what all workers read: packed right-hand sides, sums

	// The job. Written by the caller while no worker is in it.
	task   func(task, worker int)
	shares []share // of the tasks, one for each thread

	_     [64]byte
	state atomic.Uint64
	_     [64]byte

	// Operations and what they run on; see each one's file.
	gemm     gemmJob
	gemmTN   gemmTNJob
	bf16     bf16Job
	batch    batchJob
	forward  attentionJob
	backward attentionGradJob
	spans    spans
}

// share is a run of tasks that follow each other. A thread takes those of its own share first, then of the others': so it
// finds in its own caches what it wrote in the operation before, where both go through the same rows.
type share struct {
	next atomic.Int64 // the next task to be taken
	end  int64
	_    [48]byte // a cache line each
}

// state is the number of the job << jobShift | closed | number of workers in the job.
const (
	jobShift  = 17
	jobClosed = 1 << 16
	jobCount  = jobClosed - 1
)

// spins is how often a worker looks for a job before it sleeps, yields how often it looks before it lets others run.
// One look takes a nanosecond or two.
const (
	spins  = 16384
	yields = 256
)

// worker is what belongs to one thread of a Pool.
type worker struct {
	asleep  atomic.Bool
	wake    chan struct{}
	tile    kernel.Tile // what the microkernel is asked; here, so that it isn't allocated
	pairs   kernel.Tile // the same for pairs of bfloat16
	scratch scratch     // packed operands of a product
	sums    scratch     // sums of chunks of form TN
	square  scratch     // gradient of the logits of one head
}

// NewPool returns a pool of threads threads, or of as many as Go runs at once (GOMAXPROCS) if threads is below 1. The
// caller is one of them. It panics with the error of Check, if there is one. Close frees the workers.
func NewPool(threads int) *Pool {
	if err := Check(); err != nil {
		panic(err)
	}
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	if threads > jobCount {
		panic(fmt.Sprintf("simd: pool of %d threads: the most is %d", threads, jobCount))
	}
	p := &Pool{threads: threads, shares: make([]share, threads)}
	p.state.Store(jobClosed)
	p.prepare()
	for i := range threads {
		w := &worker{wake: make(chan struct{}, 1), pairs: kernel.Tile{Pairs: 1}}
		p.workers = append(p.workers, w)
		if i > 0 {
			go p.work(i, w)
		}
	}
	return p
}

// prepare builds the function values of all operations, so that running one allocates nothing.
func (p *Pool) prepare() {
	p.gemm.prepare(p)
	p.gemmTN.prepare(p)
	p.bf16.prepare(p)
	p.batch.prepare(p)
	p.forward.prepare(p)
	p.backward.prepare(p)
	p.spans.prepare()
}

// Threads returns the number of threads, the caller's included.
func (p *Pool) Threads() int { return p.threads }

// Close ends the workers. The pool must not be used afterwards. Closing twice does no harm.
func (p *Pool) Close() {
	if p.threads > 1 {
		p.threads = 0
		p.task = nil // tells workers to end
		p.publish(len(p.workers) - 1)
	}
}

// For calls f(task, worker) once for each 0 <= task < tasks, on all threads, and returns when all calls have. Which
// worker (0 <= worker < Threads) gets which task, and the order, are not fixed: a result must depend on neither. f
// must not use the pool. For allocates nothing; whether building f does is the caller's affair. A panic in f on the
// caller's thread leaves the pool unusable, one on another thread ends the program.
func (p *Pool) For(tasks int, f func(task, worker int)) { p.run(tasks, p.threads, f) }

// inOrder is For, where a task is never taken before one with a lower number.
func (p *Pool) inOrder(tasks int, f func(task, worker int)) { p.run(tasks, 1, f) }

// run calls f for all tasks, cut into shares.
func (p *Pool) run(tasks, shares int, f func(task, worker int)) {
	if p.threads == 1 || tasks <= 1 {
		for i := range tasks {
			f(i, 0)
		}
		return
	}
	if p.threads == 0 {
		panic("simd: pool: used after Close; make a new one")
	}
	p.task = f
	for i := range p.shares {
		first := min(i, shares) * tasks / shares
		p.shares[i].next.Store(int64(first))
		p.shares[i].end = int64(min(i+1, shares) * tasks / shares)
	}
	p.publish(min(tasks, p.threads) - 1)
	p.help(f, 0)
	p.finish()
}

// publish opens the next job and wakes up to n sleeping workers.
func (p *Pool) publish(n int) {
	p.state.Store((p.state.Load()>>jobShift + 1) << jobShift)
	for _, w := range p.workers[1:] {
		if n <= 0 {
			return
		}
		if w.asleep.Load() && w.asleep.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
		n--
	}
}

// help takes tasks until none is left, first of the thread's own share.
func (p *Pool) help(f func(task, worker int), self int) {
	for k := range p.shares {
		s := &p.shares[(self+k)%len(p.shares)]
		for {
			i := s.next.Add(1) - 1
			if i >= s.end {
				break
			}
			f(int(i), self)
		}
	}
}

// finish closes the job and waits for the workers in it.
func (p *Pool) finish() {
	for i := 1; ; i++ {
		s := p.state.Load()
		if s&jobClosed == 0 && !p.state.CompareAndSwap(s, s|jobClosed) {
			continue
		}
		if s&jobCount == 0 {
			return
		}
		if i%yields == 0 {
			runtime.Gosched()
		}
	}
}

// work is the life of a worker: find an open job it hasn't been in, join it, help, leave it.
func (p *Pool) work(self int, w *worker) {
	var last uint64 // the number of the job it was in
	idle := 0
	for {
		s := p.state.Load()
		if s&jobClosed != 0 || s>>jobShift == last {
			if idle++; idle < spins {
				if idle%yields == 0 {
					runtime.Gosched()
				}
				continue
			}
			p.sleep(w, last)
			idle = 0
			continue
		}
		if !p.state.CompareAndSwap(s, s+1) {
			continue
		}
		f := p.task
		if f == nil {
			return
		}
		last, idle = s>>jobShift, 0
		p.help(f, self)
		p.state.Add(^uint64(0))
	}
}

// sleep waits until a job is published that the worker hasn't been in. The worker says that it sleeps before it looks
// for the last time, and publish looks who sleeps after it has published: one of them sees the other.
func (p *Pool) sleep(w *worker, last uint64) {
	w.asleep.Store(true)
	s := p.state.Load()
	if s&jobClosed == 0 && s>>jobShift != last && w.asleep.CompareAndSwap(true, false) {
		return
	}
	<-w.wake
}
