package simd

import (
	"runtime"
	"sync/atomic"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// chunkRows is the number of k in one chain of form TN (numerics rule 2).
const chunkRows = 512

// gemmTNJob is a product of form TN under way. The chunks of K come one after another; in each, the threads share the
// cells of C, so that all of them read the same rows of A and B. No thread waits for the others at the end of a chunk:
// a task waits for what it needs alone, which an earlier task does, so that the first unfinished one never waits.
//
// B is read in place, and A too where a tile is tall: packing A took 11 to 15 % of the time, and copying A or B while the
// first tile reads it, so that the others find it side by side, gained nothing (768x4160x192: 106 -> 107 GFLOP/s) or cost
// 5 % (96x3136x384). With a low tile, cells are several tiles high, so that a panel of B serves all of them, and each cell packs
// its part of A (AVX2 with 32 KiB of first-level cache, 768x3136x192: 88 -> 106 GFLOP/s) unless the cache has room for it in place
// (48 KiB, 288x3136x96: 74 packed, 80 in place; but where rows of B meet in it, 192x3136x768: 76 and 72); packing B for all cells as well costs up to 12 % more than it gains (96x4160x384).
type gemmTNJob struct {
	call    GEMM
	columns cut
	cells   grid
	chunks  int
	threads int
	tall    bool      // cells are several tiles high
	packed  bool      // and pack their part of A
	sums    []float32 // [M,N], of the chunks so far; C itself unless the stored value comes last
	ldSums  int

	done []atomic.Int32 // for each cell, the chunks that are in its sums

	task func(task, worker int)
}

func (j *gemmTNJob) prepare(p *Pool) {
	j.task = func(task, worker int) {
		cells := j.cells.tasks()
		j.part(p.workers[worker], task/cells, task%cells)
	}
}

func (j *gemmTNJob) run(p *Pool, call *GEMM) {
	j.call = *call
	j.columns = cutColumns(call.N)
	j.chunks = max(1, (call.K+chunkRows-1)/chunkRows)
	j.tall = kernels.PackTiles != nil && call.K > 0 && call.LDA > near && max(call.LDA, call.LDB) > farApart
	j.packed = j.tall && (firstLevel <= smallFirstLevel || sameSets(call.LDB))
	j.cells = gridTN(j.tall, call.M, j.columns, min(call.K, chunkRows), j.chunks)
	j.sums, j.ldSums, j.threads = call.C, call.LDC, p.threads
	if call.Accumulate && j.chunks > 1 {
		j.sums, j.ldSums = p.shared.take(call.M*call.N), call.N
	}
	if len(j.done) < j.cells.tasks() {
		j.done = make([]atomic.Int32, j.cells.tasks())
	}
	for i := range j.cells.tasks() {
		j.done[i].Store(0)
	}
	p.inOrder(j.chunks*j.cells.tasks(), j.task)
	j.call, j.sums = GEMM{}, nil
}

// wait returns when count is at least n.
func wait(count *atomic.Int32, n int) {
	for spins := 1; int(count.Load()) < n; spins++ {
		if spins%yields == 0 {
			runtime.Gosched()
		}
	}
}

// For kernels with a low tile, tall cells pay from rows of A or B farApart elements apart on, unless A is narrow.
const (
	farApart = 150
	near     = 64
)

// leastCells is the number of cells of form TN below which cells get narrower.
const leastCells = 20

// groupColumns is the width of the part of B that cells share one after another: 512 rows of it are a fifth of the
// second-level cache, and stay there while A and C pass by. From twice as many, products whose rows are 768 elements
// apart lost 3 % with 1 MiB; with 2 MiB, 192 columns gain 2 % over 96.
func groupColumns(cache int) int {
	return cache / 5 / (chunkRows * elementBytes) / kernels.NR * kernels.NR
}

// gridTN cuts C into cells. Tall ones are several tiles high and take the whole width if there are enough;
// else a cell is a tile high and at most groupColumns wide.
func gridTN(tall bool, m int, columns cut, k, chunks int) grid {
	g := grid{m: m, rowStrips: tilesOf(m), count: columns.count, colParts: 1, downward: true}
	want := leastCells
	if tall {
		g.rowStrips = (g.rowStrips + kernel.PackedTiles - 1) / kernel.PackedTiles
		want = (wantTasks + chunks - 1) / chunks
	} else {
		wide := groupColumns(secondLevel)
		g.colParts = min(g.count, (columns.n+wide-1)/wide)
	}
	g.cutColumns(want, columns.n, k)
	return g
}

// chunk returns the first row of a chunk and the number of its rows.
func (j *gemmTNJob) chunk(chunk int) (k0, k int) {
	k0 = chunk * chunkRows
	return k0, min(chunkRows, j.call.K-k0)
}

// part computes one cell of C for one chunk.
func (j *gemmTNJob) part(w *worker, chunk, cell int) {
	i0, i1, q0, q1 := j.cells.part(cell)
	j0, j1 := j.columns.span(q0, q1)
	g := &j.call
	k0, k := j.chunk(chunk)
	p := product{
		columns: j.columns, k: k, kBlock: max(1, k), panelFirst: j.tall,
		aRow: 1, aStep: g.LDA, c: j.sums[i0*j.ldSums:], ldc: j.ldSums,
	}
	if k > 0 {
		p.a = g.A[k0*g.LDA+i0:]
	}
	last := chunk == j.chunks-1
	if chunk > 0 || g.Accumulate && last {
		p.add, p.addStride = p.c, p.ldc
	}
	p.next, p.nextStep = j.after(chunk, cell), g.LDA*elementBytes
	if !j.tall {
		if p.later, p.laterBytes = j.nextChunk(chunk, cell, q1-q0); p.later == 0 {
			p.nextB, p.nextLines = j.afterB(chunk, cell)
		}
	}
	left := 0
	if j.packed {
		left = k * kernel.PackedTiles * padded(kernels.MR)
	}
	memory := w.scratch.take(left + k*kernels.Wide)
	if j.packed {
		p.packLeft(memory[:left], i1-i0, g.M-i0)
	}
	p.readInPlace(from(g.B, k0*g.LDB), g.LDB, memory[left:])
	wait(&j.done[cell], chunk)
	for i := i0; i < i1; i++ {
		raceWrite(j.sums, i*j.ldSums+j0, j1-j0)
	}
	p.multiply(&w.tile, 0, i1-i0, q0, q1)
	if last && &j.sums[0] != &g.C[0] {
		raceProduct(g, i0, i1, j0, j1)
		g.addSums(j.sums, i0, i1, j0, j1)
	}
	j.done[cell].Store(int32(chunk + 1))
}

// after is where in A the cell begins that this worker is likely to get next. Fetching it early brings some 4 % where A
// is packed, and 3 to 5 % where it is read from a slow third-level cache.
func (j *gemmTNJob) after(chunk, cell int) uintptr {
	cells := j.cells.tasks()
	next := chunk*cells + cell + j.threads
	if next >= j.chunks*cells {
		return 0
	}
	i0, _, _, _ := j.cells.part(next % cells)
	return address(j.call.A, next/cells*chunkRows*j.call.LDA+i0)
}

// nextChunk is where the part of the next chunk begins that a panel of the cell fetches, and how many bytes the parts of its panels
// have: the rows of A, then those of B, in the order of memory, where the processor fetches ahead of the first line it is asked for. It
// is 0 where a chunk is more than half the second-level cache, or there are so many threads that each, which needs all of it, would
// have to fetch more than a line a step. On a Xeon, 96x3136x384: one thread 162 -> 166 GFLOP/s over after and afterB, two
// 306 -> 314; 192x3136x192: 165 -> 169, 320 -> 330.
func (j *gemmTNJob) nextChunk(chunk, cell, panels int) (first uintptr, bytes int) {
	g := &j.call
	if chunk+1 >= j.chunks || elementBytes*chunkRows*(g.LDA+g.LDB) > secondLevel/2 {
		return 0, 0
	}
	k0, k := j.chunk(chunk + 1)
	a, b := k*g.LDA*elementBytes, k*g.LDB*elementBytes
	parts := (j.cells.tasks() + j.threads - 1) / j.threads * panels
	bytes = (a + b + parts - 1) / parts
	if bytes > chunkRows*cacheLine {
		return 0, 0
	}
	before := cell / j.threads * panels * bytes
	if before < a {
		return address(g.A, k0*g.LDA) + uintptr(before), bytes
	}
	return address(g.B, k0*g.LDB) + uintptr(before-a), bytes
}

// afterB is where the part of B begins that a cell fetches for the cells of the columns, or the chunk, that come next, and
// how many cache lines of each row. The last cells of a part of columns that a thread is likely to get share them out. The
// first cell of a part would wait for it otherwise: 4 to 8 % of products whose B is 384 or 768 wide. Where B isn't cut, its
// rows follow each other and the processor itself fetches ahead.
func (j *gemmTNJob) afterB(chunk, cell int) (first uintptr, lines int) {
	strips := j.cells.rowStrips
	next, of := (cell/strips+1)*strips, chunk
	if next >= j.cells.tasks() {
		next, of = 0, chunk+1
	}
	if j.cells.colParts == 1 || of >= j.chunks {
		return 0, 0
	}
	_, _, q0, q1 := j.cells.part(next)
	j0, j1 := j.columns.span(q0, q1)
	all := ((j1-j0)*elementBytes + cacheLine - 1) / cacheLine
	lines = (all*j.threads + strips - 1) / strips
	line := (strips - 1 - cell%strips) / j.threads * lines
	if line >= all {
		return 0, 0
	}
	return address(j.call.B, of*chunkRows*j.call.LDB+j0) + uintptr(line*cacheLine), lines
}

// packLeft packs the tiles of m rows of A, which lies transposed, into memory. There are all rows from the first on.
func (p *product) packLeft(memory []float32, m, all int) {
	width, tiles := padded(kernels.MR), tilesOf(m)
	if m == kernel.PackedTiles*kernels.MR && all >= m+width-kernels.MR {
		kernels.PackTiles(memory, p.a, p.aStep, p.k)
	} else {
		for s := range tiles {
			lo, hi := m*s/tiles, m*(s+1)/tiles
			kernels.PackRows(memory[s*p.k*width:][:p.k*width], p.a[lo:], p.aStep, p.k, hi-lo, width)
		}
	}
	p.a, p.aStep, p.aTile = memory, width, p.k*width
}

// addSums adds sums [M,N], the sums of all chunks, to rows i0 <= i < i1, columns j0 <= j < j1 of C.
func (g *GEMM) addSums(sums []float32, i0, i1, j0, j1 int) {
	for i := i0; i < i1; i++ {
		c := g.C[i*g.LDC+j0 : i*g.LDC+j1]
		kernels.Add(c, c, sums[i*g.N+j0:i*g.N+j1])
	}
}
