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
// A and B are read in place: packing A took 11 to 15 % of the time. Only a small tile with rows far apart is faster with
// both packed (AVX2, 768x3136x192: 88 -> 104 GFLOP/s, 192x4160x192: 82 -> 96): B by a task for each panel, before the
// chunk's cells, A by each cell.
type gemmTNJob struct {
	call    GEMM
	columns cut
	cells   grid
	chunks  int
	threads int
	packs   int       // tasks that pack B, of each chunk
	panels  []float32 // B of two chunks in turn, packed
	sums    []float32 // [M,N], of the chunks so far; C itself unless the stored value comes last
	ldSums  int

	done  []atomic.Int32 // for each cell, the chunks that are in its sums
	stage []stage        // for each chunk

	task func(task, worker int)
}

// stage counts what is done of a chunk.
type stage struct{ packed, cells atomic.Int32 }

func (j *gemmTNJob) prepare(p *Pool) {
	j.task = func(task, worker int) {
		perChunk := j.packs + j.cells.tasks()
		chunk, i := task/perChunk, task%perChunk
		if i < j.packs {
			j.pack(chunk, i)
		} else {
			j.part(p.workers[worker], chunk, i-j.packs)
		}
	}
}

func (j *gemmTNJob) run(p *Pool, call *GEMM) {
	j.call = *call
	j.columns = cutColumns(call.N)
	j.chunks = max(1, (call.K+chunkRows-1)/chunkRows)
	packed := kernels.PackTiles != nil && call.K > 0 && max(call.LDA, call.LDB) > farApart
	j.cells = gridTN(packed, call.M, j.columns, min(call.K, chunkRows), j.chunks)
	j.sums, j.ldSums = call.C, call.LDC
	j.packs, j.threads = 0, p.threads
	inPanels, inSums := 0, 0
	if packed {
		j.packs, inPanels = j.columns.count, 2*packedLen(chunkRows, call.N)
	}
	if call.Accumulate && j.chunks > 1 {
		inSums = call.M * call.N
	}
	memory := p.shared.take(inPanels + inSums)
	j.panels = memory[:inPanels]
	if inSums > 0 {
		j.sums, j.ldSums = memory[inPanels:], call.N
	}
	j.reset()
	p.inOrder(j.chunks*(j.packs+j.cells.tasks()), j.task)
	j.call, j.sums, j.panels = GEMM{}, nil, nil
}

// reset sets all counts to 0.
func (j *gemmTNJob) reset() {
	if len(j.done) < j.cells.tasks() {
		j.done = make([]atomic.Int32, j.cells.tasks())
	}
	if len(j.stage) < j.chunks {
		j.stage = make([]stage, j.chunks)
	}
	for i := range j.cells.tasks() {
		j.done[i].Store(0)
	}
	for i := range j.chunks {
		j.stage[i].packed.Store(0)
		j.stage[i].cells.Store(0)
	}
}

// wait returns when count is at least n.
func wait(count *atomic.Int32, n int) {
	for spins := 1; int(count.Load()) < n; spins++ {
		if spins%yields == 0 {
			runtime.Gosched()
		}
	}
}

// farApart is the distance of rows from which on packing pays for kernels with a small tile.
const farApart = 150

// gridTN cuts C. Where A is packed, a cell takes the whole width if there are enough; else a cell is one tile or panel
// of the longer side.
func gridTN(packed bool, m int, columns cut, k, chunks int) grid {
	g := grid{m: m, rowStrips: tilesOf(m), count: columns.count, colParts: 1}
	want := wantTasks
	switch {
	case packed:
		g.rowStrips = (g.rowStrips + kernel.PackedTiles - 1) / kernel.PackedTiles
		want = (want + chunks - 1) / chunks
	case columns.n > m:
		g.rowStrips, g.colParts = 1, columns.count
		for g.tasks() < want && 2*g.rowStrips <= tilesOf(m) && m/(2*g.rowStrips)*(columns.n/g.colParts)*max(k, 1) >= leastWork {
			g.rowStrips *= 2
		}
	}
	g.cutColumns(want, columns.n, k)
	return g
}

// chunk returns the first row of a chunk and the number of its rows.
func (j *gemmTNJob) chunk(chunk int) (k0, k int) {
	k0 = chunk * chunkRows
	return k0, min(chunkRows, j.call.K-k0)
}

// panelsOf is where the packed B of a chunk lies.
func (j *gemmTNJob) panelsOf(chunk int) []float32 {
	n := packedLen(chunkRows, j.call.N)
	return j.panels[chunk%2*n:][:n]
}

// pack packs panel q of a chunk of B.
func (j *gemmTNJob) pack(chunk, q int) {
	if chunk > 1 {
		wait(&j.stage[chunk-2].cells, j.cells.tasks())
	}
	k0, k := j.chunk(chunk)
	b := GEMM{Form: TN, B: j.call.B[k0*j.call.LDB:], LDB: j.call.LDB, K: k}
	packPanel(j.panelsOf(chunk), &b, j.columns, q)
	j.stage[chunk].packed.Add(1)
}

// part computes one cell of C for one chunk.
func (j *gemmTNJob) part(w *worker, chunk, cell int) {
	i0, i1, q0, q1 := j.cells.part(cell)
	j0, j1 := j.columns.span(q0, q1)
	g := &j.call
	k0, k := j.chunk(chunk)
	p := product{
		columns: j.columns, k: k, kBlock: max(1, k), panelFirst: j.packs > 0 || g.N > g.M,
		aRow: 1, aStep: g.LDA, c: j.sums[i0*j.ldSums:], ldc: j.ldSums,
	}
	if k > 0 {
		p.a = g.A[k0*g.LDA+i0:]
	}
	last := chunk == j.chunks-1
	if chunk > 0 || g.Accumulate && last {
		p.add, p.addStride = p.c, p.ldc
	}
	if j.packs > 0 {
		p.next, p.nextStep = j.after(chunk, cell), g.LDA*elementBytes
		p.packLeft(w.scratch.take(k*kernel.PackedTiles*padded(kernels.MR)), i1-i0, g.M-i0)
		wait(&j.stage[chunk].packed, j.packs)
		p.readPacked(j.panelsOf(chunk))
		raceRead(p.b, j0*k, (j1-j0)*k)
	} else {
		p.readInPlace(from(g.B, k0*g.LDB), g.LDB, w.scratch.take(k*kernels.Wide))
	}
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
	j.stage[chunk].cells.Add(1)
}

// after is where in A the cell begins that this worker is likely to get next. Fetching it early brings some 4 %.
func (j *gemmTNJob) after(chunk, cell int) uintptr {
	cells := j.cells.tasks()
	next := chunk*cells + cell + j.threads
	if next >= j.chunks*cells {
		return 0
	}
	i0, _, _, _ := j.cells.part(next % cells)
	return address(j.call.A, next/cells*chunkRows*j.call.LDA+i0)
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
