package simd

// chunkRows is the number of k in one chain of form TN (numerics rule 2).
const chunkRows = 512

// gemmTNJob is a product of form TN under way. The chunks of K come one after another; in each, the threads share the
// tiles of C, so that all of them read the same rows of B.
type gemmTNJob struct {
	call    GEMM
	product product // one chunk
	sums    []float32
	last    bool // the chunk is the last
	cells   grid

	task func(task, worker int)
}

func (j *gemmTNJob) prepare(p *Pool) {
	j.task = func(task, worker int) { j.part(p.workers[worker], task) }
}

func (j *gemmTNJob) run(p *Pool, call *GEMM) {
	j.call = *call
	columns := cutColumns(call.N)
	j.cells = gridTN(call.M, columns, min(call.K, chunkRows))
	for k0 := 0; k0 == 0 || k0 < call.K; k0 += chunkRows {
		kc := min(chunkRows, call.K-k0)
		j.last = k0+kc == call.K
		j.product = product{columns: columns, k: kc, kBlock: max(1, kc), b: call.B[k0*call.LDB:],
			a: call.A[k0*call.LDA:], c: call.C, ldc: call.LDC}
		if call.Accumulate && (k0 > 0 || !j.last) {
			// Sums of chunks gather elsewhere, since the stored value comes last.
			j.sums = p.shared.take(call.M * call.N)
			j.product.c, j.product.ldc = j.sums, call.N
		}
		if k0 > 0 || call.Accumulate && j.last {
			j.product.add, j.product.addStride = j.product.c, j.product.ldc
		}
		p.For(j.cells.tasks(), j.task)
	}
	j.call, j.product, j.sums = GEMM{}, product{}, nil
}

// gridTN cuts C so that a task is a single tile high: the rows of its part of A are packed once, and the load is even.
func gridTN(m int, columns cut, k int) grid {
	g := grid{m: m, rowStrips: tilesOf(m), count: columns.count, colParts: 1}
	g.cutColumns(columns.n, k)
	return g
}

// part computes one cell of C for one chunk: A is packed, B is read in place.
func (j *gemmTNJob) part(w *worker, task int) {
	i0, i1, q0, q1 := j.cells.part(task)
	j0, j1 := j.product.columns.span(q0, q1)
	raceProduct(&j.call, i0, i1, j0, j1)
	g, p := &j.call, j.product
	width := padded(i1 - i0)
	memory := w.scratch.take(p.k * (width + kernels.Wide))
	if p.k > 0 {
		kernels.PackRows(memory[:p.k*width], p.a[i0:], g.LDA, p.k, i1-i0, width)
	}
	p.readInPlace(p.b, g.LDB, memory[p.k*width:])
	p.a, p.aRow, p.aStep = memory, 1, width
	p.c = p.c[i0*p.ldc:]
	if p.add != nil {
		p.add = p.c
	}
	p.multiply(&w.tile, 0, i1-i0, q0, q1)
	if j.sums != nil && j.last {
		j.call.addSums(j.sums, i0, i1, j0, j1)
	}
}

// addSums adds sums [M,N], the sums of all chunks, to rows i0 <= i < i1, columns j0 <= j < j1 of C.
func (g *GEMM) addSums(sums []float32, i0, i1, j0, j1 int) {
	for i := i0; i < i1; i++ {
		c := g.C[i*g.LDC+j0 : i*g.LDC+j1]
		for x, s := range sums[i*g.N+j0 : i*g.N+j1] {
			c[x] += s
		}
	}
}
