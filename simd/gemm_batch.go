package simd

// batchJob is a batch of products under way, each of which is a task.
type batchJob struct {
	call                      GEMM
	strideA, strideB, strideC int

	task func(task, worker int)
}

func (j *batchJob) prepare(p *Pool) {
	j.task = func(task, worker int) { j.one(p.workers[worker], task) }
}

// BatchGEMM computes batch products of one shape: number i reads A from element i*strideA and B from i*strideB on, and
// writes C (and Pre, and reads Residual) from i*strideC on. Bias is shared. Products of a batch must not overlap in C.
// One thread computes a whole product: it is meant for many small ones, as in attention. Precision is F32.
func (p *Pool) BatchGEMM(g *GEMM, batch, strideA, strideB, strideC int) {
	j := &p.batch
	j.call = *g
	j.call.check(batch, strideA, strideB, strideC)
	if g.Precision != F32 {
		panic("gemm: batch: found precision " + g.Precision.String() + "; products of a batch are f32, use GEMM for others")
	}
	if batch == 0 || g.M == 0 || g.N == 0 {
		return
	}
	j.strideA, j.strideB, j.strideC = strideA, strideB, strideC
	p.For(batch, j.task)
	j.call = GEMM{}
}

func (j *batchJob) one(w *worker, i int) {
	g := j.call
	g.A, g.B, g.C = from(g.A, i*j.strideA), from(g.B, i*j.strideB), from(g.C, i*j.strideC)
	g.Pre, g.Residual = from(g.Pre, i*j.strideC), from(g.Residual, i*j.strideC)
	raceProduct(&g, 0, g.M, 0, g.N)
	w.product(&g)
	if g.GELU {
		g.activate(0, g.M, 0, g.N)
	}
}

// from returns s[i:], and nil for nil.
func from(s []float32, i int) []float32 {
	if s == nil {
		return nil
	}
	return s[i:]
}

// product computes a whole product on one thread, with leading dimensions given, without what follows GELU. It uses
// the worker's scratch memory.
func (w *worker) product(g *GEMM) {
	if g.Form == TN && g.K > chunkRows {
		w.chunks(g)
		return
	}
	p := productOf(g)
	if g.Form == TN && g.Accumulate {
		p.start, p.add, p.addStride = nil, g.C, g.LDC
	}
	w.multiply(&p, g)
}

// multiply lays out B and computes all of C.
func (w *worker) multiply(p *product, g *GEMM) {
	if g.Form == NT {
		memory := w.scratch.take(packedLen(g.K, g.N))
		for q := range p.columns.count {
			packPanel(memory, g, p.columns, q)
		}
		p.readPacked(memory)
	} else {
		p.readInPlace(g.B, g.LDB, w.scratch.take(g.K*kernels.Wide))
	}
	p.multiply(&w.tile, 0, g.M, 0, p.columns.count)
}

// chunks computes form TN with more than one chunk.
func (w *worker) chunks(g *GEMM) {
	sums, ld := g.C, g.LDC
	if g.Accumulate {
		sums, ld = w.sums.take(g.M*g.N), g.N
	}
	for k0 := 0; k0 < g.K; k0 += chunkRows {
		chunk := GEMM{Form: TN, M: g.M, N: g.N, K: min(chunkRows, g.K-k0), A: g.A[k0*g.LDA:], LDA: g.LDA,
			B: g.B[k0*g.LDB:], LDB: g.LDB, C: sums, LDC: ld}
		p := productOf(&chunk)
		if k0 > 0 {
			p.add, p.addStride = sums, ld
		}
		w.multiply(&p, &chunk)
	}
	if g.Accumulate {
		g.addSums(sums, 0, g.M, 0, g.N)
	}
}
