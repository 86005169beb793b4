package simd

// GEMM computes the product g describes, on all threads.
func (p *Pool) GEMM(g *GEMM) {
	call := *g
	call.check(1, 0, 0, 0)
	if call.M == 0 || call.N == 0 {
		return
	}
	switch {
	case call.Precision == BF16:
		p.bf16.run(p, &call)
	case call.Form == TN:
		p.gemmTN.run(p, &call)
	default:
		p.gemm.run(p, &call)
	}
}

// gemmJob is a product of form NN or NT under way: B is packed by all threads, then strips of C are computed.
type gemmJob struct {
	call    GEMM
	product product
	panels  []float32 // B, packed

	strips grid

	packTask, stripTask func(task, worker int)
}

func (j *gemmJob) prepare(p *Pool) {
	j.packTask = func(task, _ int) { packPanel(j.panels, &j.call, j.product.columns, task) }
	j.stripTask = func(task, worker int) { j.strip(p.workers[worker], task) }
}

// packAbove is the number of rows of C above which copying B into panels costs less than it gains.
const packAbove = 48

func (j *gemmJob) run(p *Pool, call *GEMM) {
	j.call = *call
	j.product = productOf(&j.call)
	if call.Form == NT || call.M > packAbove {
		j.panels = p.shared.take(packedLen(call.K, call.N))
		p.For(j.product.columns.count, j.packTask)
		j.product.readPacked(j.panels)
	} else {
		j.product.readInPlace(call.B, call.LDB, p.shared.take(call.K*kernels.Wide))
	}
	j.strips = gridOf(call.M, j.product.columns, call.K)
	p.For(j.strips.tasks(), j.stripTask)
	j.call, j.product = GEMM{}, product{}
}

// packPanel packs panel q of B.
func packPanel(dst []float32, g *GEMM, columns cut, q int) {
	if g.K == 0 {
		return
	}
	first, n := columns.at(q)
	width := padded(n)
	d := dst[first*g.K:][:width*g.K]
	raceWrite(d, 0, len(d))
	if g.Form == NT {
		kernels.PackColumns(d, g.B[first*g.LDB:], g.LDB, g.K, n, width)
	} else {
		kernels.PackRows(d, g.B[first:], g.LDB, g.K, n, width)
	}
}

// mostK is the longest chain walked at once: beyond it, a tile's part of A and B overflow the caches.
const mostK = 1024

// productOf translates the operands of g but for B.
func productOf(g *GEMM) product {
	p := product{k: g.K, columns: cutColumns(g.N), a: g.A, aRow: g.LDA, aStep: 1, c: g.C, ldc: g.LDC, kBlock: max(1, g.K)}
	if g.Form == TN {
		p.aRow, p.aStep = 1, g.LDA
	}
	if g.Pre != nil {
		p.c = g.Pre
	}
	switch {
	case g.Accumulate:
		p.start, p.startStride = g.C, g.LDC
	case g.Bias != nil:
		p.start = g.Bias
	}
	if g.Residual != nil {
		p.add, p.addStride = g.Residual, g.LDC
	}
	// Partial chains are stored in C: a residual that lies there must be used up in one block.
	if g.K > mostK && (g.Residual == nil || &g.Residual[0] != &g.C[0]) {
		p.kBlock = mostK
	}
	p.panelFirst = manyBytes(g.N, g.K)
	return p
}

// manyBytes says whether B doesn't stay in the second-level cache while strips pass by.
func manyBytes(n, k int) bool { return elementBytes*min(k, mostK)*n > secondLevel/4*3 }

// strip computes a part of C and what follows the chains.
func (j *gemmJob) strip(w *worker, task int) {
	i0, i1, q0, q1 := j.strips.part(task)
	j0, j1 := j.product.columns.span(q0, q1)
	t, product := &w.tile, j.product
	if j.call.K > 0 && crowded(j.call.LDA) {
		product.left, product.panelFirst = w.scratch.take(kernels.MR*(product.kBlock+cacheLine/elementBytes)), false
	}
	raceProduct(&j.call, i0, i1, j0, j1)
	if product.packed {
		raceRead(j.panels, j0*j.call.K, (j1-j0)*j.call.K)
	}
	if !j.call.GELU {
		product.multiply(t, i0, i1, q0, q1)
		return
	}
	// Row tile by row tile, so that GELU finds its input in the first-level cache.
	if product.panelFirst || product.kBlock < product.k {
		product.multiply(t, i0, i1, q0, q1)
		j.call.activate(i0, i1, j0, j1)
		return
	}
	tiles := tilesOf(i1 - i0)
	for s := range tiles {
		lo, hi := i0+(i1-i0)*s/tiles, i0+(i1-i0)*(s+1)/tiles
		product.multiply(t, lo, hi, q0, q1)
		j.call.activate(lo, hi, j0, j1)
	}
}

// activate applies GELU to rows i0 <= i < i1, columns j0 <= j < j1.
func (g *GEMM) activate(i0, i1, j0, j1 int) {
	x := g.Pre
	if x == nil {
		x = g.C
	}
	if j1-j0 == g.LDC {
		gelu(g.C[i0*g.LDC:i1*g.LDC], x[i0*g.LDC:i1*g.LDC], g.GELUForm)
		return
	}
	for i := i0; i < i1; i++ {
		gelu(g.C[i*g.LDC+j0:i*g.LDC+j1], x[i*g.LDC+j0:i*g.LDC+j1], g.GELUForm)
	}
}
