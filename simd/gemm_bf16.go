package simd

import "github.com/mtobench/mtobench/simd/internal/kernel"

// bf16Job is a product of precision BF16 under way. Where the kernels have pairs (kernel.Tile), k counts pairs: B is
// packed by all threads, and each task rounds its own part of A. Elsewhere operands are rounded to float32 copies, and
// the rest is a product of precision F32.
type bf16Job struct {
	call    GEMM
	product product   // in pairs; of form TN, one chunk
	panels  []float32 // B, packed
	chunk   int       // form TN: the first k of the chunk
	parts   grid

	packTask, stripTask, cellTask func(task, worker int)

	rounded            [2]scratch // A and B
	dst, src           []float32  // what is being rounded
	rows, cols, stride int        // of src
	roundTask          func(task, worker int)
}

func (j *bf16Job) prepare(p *Pool) {
	j.packTask = func(task, worker int) { j.packPanel(p.workers[worker], task) }
	j.stripTask = func(task, worker int) { j.strip(p.workers[worker], task) }
	j.cellTask = func(task, worker int) { j.cell(p.workers[worker], task) }
	j.roundTask = func(task, _ int) { j.roundRow(task) }
}

// pairs is the number of pairs k elements make.
func pairs(k int) int { return (k + 1) / 2 }

func (j *bf16Job) run(p *Pool, call *GEMM) {
	j.call = *call
	switch {
	case !usesPairs():
		j.runRounded(p)
	case call.Form == TN:
		j.runChunks(p)
	default:
		j.runStrips(p)
	}
	j.call, j.product, j.panels, j.dst, j.src = GEMM{}, product{}, nil, nil, nil
}

// runRounded computes the product of float32 copies.
func (j *bf16Job) runRounded(p *Pool) {
	g := &j.call
	aRows, aCols, bRows, bCols := g.stored()
	g.A, g.LDA = j.round(p, 0, g.A, aRows, aCols, g.LDA), aCols
	g.B, g.LDB = j.round(p, 1, g.B, bRows, bCols, g.LDB), bCols
	g.Precision = F32
	p.GEMM(g)
}

// round returns a rounded copy of a matrix, rows touching.
func (j *bf16Job) round(p *Pool, operand int, src []float32, rows, cols, stride int) []float32 {
	j.dst, j.src = j.rounded[operand].take(rows*cols), src
	j.rows, j.cols, j.stride = rows, cols, stride
	if cols > 0 {
		p.For(rows, j.roundTask)
	}
	return j.dst
}

func (j *bf16Job) roundRow(i int) {
	kernel.RoundBF16(j.dst[i*j.cols:][:j.cols], j.src[i*j.stride:][:j.cols])
}

// runStrips computes form NN or NT.
func (j *bf16Job) runStrips(p *Pool) {
	inPairs := j.call
	inPairs.K = pairs(j.call.K)
	inPairs.LDA = spaced(inPairs.K)
	j.product = productOf(&inPairs)
	j.panels = p.shared.take(packedLen(inPairs.K, inPairs.N))
	p.For(j.product.columns.count, j.packTask)
	j.product.readPacked(j.panels)
	j.parts = gridOf(inPairs.M, j.product.columns, inPairs.K)
	p.For(j.parts.tasks(), j.stripTask)
}

// packPanel packs panel q of B, or of its chunk.
func (j *bf16Job) packPanel(w *worker, q int) {
	g, k := &j.call, j.product.k
	if k == 0 {
		return
	}
	first, n := j.product.columns.at(q)
	width := padded(n)
	d := j.panels[first*k:][:width*k]
	raceWrite(d, 0, len(d))
	if g.Form != NT {
		kernels.PairRows(d, g.B[j.chunk*g.LDB+first:], g.LDB, min(g.K-j.chunk, 2*k), n, width)
		return
	}
	ld := spaced(k)
	rows := w.scratch.take(n * ld)
	roundRows(rows, ld, g.B[first*g.LDB:], g.LDB, n, g.K)
	kernels.PackColumns(d, rows, ld, k, n, width)
}

// spaced is how far apart rows of k pairs are put.
func spaced(k int) int {
	if crowded(k) {
		return k + cacheLine/elementBytes
	}
	return k
}

// roundRows makes pairs of rows of k elements.
func roundRows(dst []float32, ldDst int, src []float32, ldSrc, rows, k int) {
	for i := range rows {
		kernels.PairRow(dst[i*ldDst:][:pairs(k)], src[i*ldSrc:][:k])
	}
}

// strip computes a part of C, tile by tile, and what follows the chains.
func (j *bf16Job) strip(w *worker, task int) {
	i0, i1, q0, q1 := j.parts.part(task)
	j0, j1 := j.product.columns.span(q0, q1)
	g, p := &j.call, j.product
	raceProduct(g, i0, i1, j0, j1)
	raceRead(j.panels, j0*p.k, (j1-j0)*p.k)
	if p.k > 0 {
		p.a = w.scratch.take((i1 - i0) * p.aRow)
		roundRows(p.a, p.aRow, g.A[i0*g.LDA:], g.LDA, i1-i0, g.K)
	}
	p.c = p.c[i0*p.ldc:]
	p.start, p.add = from(p.start, i0*p.startStride), from(p.add, i0*p.addStride)
	if !g.GELU {
		p.multiply(&w.pairs, 0, i1-i0, q0, q1)
		return
	}
	tiles := tilesOf(i1 - i0)
	for s := range tiles {
		lo, hi := (i1-i0)*s/tiles, (i1-i0)*(s+1)/tiles
		p.multiply(&w.pairs, lo, hi, q0, q1)
		g.activate(i0+lo, i0+hi, j0, j1)
	}
}

// runChunks computes form TN. The sums of chunks are added to C one after another, the stored element before them. Each
// cell packs its own part of A: packing A by whole rows before was no faster (768x4160x192: 190 -> 179 GFLOP/s,
// 192x4160x192: 167 -> 182).
func (j *bf16Job) runChunks(p *Pool) {
	g := &j.call
	columns := cutColumns(g.N)
	most := min(g.K, chunkRows)
	j.parts = grid{m: g.M, rowStrips: tilesOf(g.M), count: columns.count, colParts: 1}
	j.parts.cutColumns(wantTasks, columns.n, pairs(most))
	j.panels = p.shared.take(packedLen(pairs(most), g.N))
	for j.chunk = 0; j.chunk == 0 || j.chunk < g.K; j.chunk += chunkRows {
		k := pairs(min(chunkRows, g.K-j.chunk))
		j.product = product{columns: columns, k: k, kBlock: max(1, k), c: g.C, ldc: g.LDC}
		if j.chunk > 0 || g.Accumulate {
			j.product.add, j.product.addStride = g.C, g.LDC
		}
		p.For(columns.count, j.packTask)
		j.product.readPacked(j.panels)
		p.For(j.parts.tasks(), j.cellTask)
	}
	j.chunk = 0
}

// cell computes one part of C for one chunk.
func (j *bf16Job) cell(w *worker, task int) {
	i0, i1, q0, q1 := j.parts.part(task)
	j0, j1 := j.product.columns.span(q0, q1)
	g, p := &j.call, j.product
	raceProduct(g, i0, i1, j0, j1)
	raceRead(j.panels, j0*p.k, (j1-j0)*p.k)
	width := padded(i1 - i0)
	if p.k > 0 {
		p.a, p.aRow, p.aStep = w.scratch.take(p.k*width), 1, width
		kernels.PairRows(p.a, g.A[j.chunk*g.LDA+i0:], g.LDA, min(g.K-j.chunk, chunkRows), i1-i0, width)
	}
	p.c = p.c[i0*p.ldc:]
	if p.add != nil {
		p.add = p.c
	}
	p.multiply(&w.pairs, 0, i1-i0, q0, q1)
}
