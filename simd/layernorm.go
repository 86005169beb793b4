package simd

// LayerNorm normalises each row of cols elements: dst = (x - mean)·rstd·gamma + beta with rstd = 1/sqrt(var + eps), var
// the biased variance (numerics rule 6). It writes mean and rstd, an element a row. gamma and beta have cols elements,
// or are nil for ones and zeros.
func (p *Pool) LayerNorm(dst, mean, rstd, x, gamma, beta []float32, cols int, eps float32) {
	equal("layernorm", "x", x, len(dst))
	n := rowsOf("layernorm", len(dst), cols)
	perRow("layernorm", "mean", mean, n)
	perRow("layernorm", "rstd", rstd, n)
	gamma, beta = p.affine("layernorm", gamma, beta, cols)
	o := operands{dst: dst, x: x, mean: mean, rstd: rstd, gamma: gamma, beta: beta, cols: cols, scale: eps}
	p.rows(n, o, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, i, j-i)
		kernels.LayerNorm(o.dst[i:j], o.mean[lo:hi], o.rstd[lo:hi], o.x[i:j], o.gamma, o.beta, o.cols, o.scale)
	})
}

// affine returns gamma and beta, ones and zeros where they are nil.
func (p *Pool) affine(op string, gamma, beta []float32, cols int) (g, b []float32) {
	if gamma == nil || beta == nil {
		c := p.spans.constant.take(2 * cols)
		ones, zeros := c[:cols], c[cols:]
		for i := range ones {
			ones[i] = 1
		}
		clear(zeros)
		if gamma == nil {
			gamma = ones
		}
		if beta == nil {
			beta = zeros
		}
	}
	equal(op, "gamma", gamma, cols)
	equal(op, "beta", beta, cols)
	return gamma, beta
}

// LayerNormGrad is the gradient of LayerNorm, from its x, mean, rstd and gamma (nil for ones). It overwrites dx, or
// adds to it if addDx; it adds to dgamma and dbeta [cols] (numerics rule 3), each of which may be nil. dx may be dy
// unless addDx.
func (p *Pool) LayerNormGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma []float32, cols int, addDx bool) {
	gamma, _ = p.affine("layernorm gradient", gamma, nil, cols)
	p.layerNormGrad(dgamma, dbeta, operands{dst: dx, x: x, y: dy, mean: mean, rstd: rstd, gamma: gamma, cols: cols, add: addDx})
}

// LayerNormAndGrad is LayerNorm of x to y, mean and rstd and LayerNormGrad with those, in one walk over the memory of
// x. y overlaps nothing.
func (p *Pool) LayerNormAndGrad(y, mean, rstd, dx, dgamma, dbeta, dy, x, gamma, beta []float32, cols int, eps float32, addDx bool) {
	const op = "layernorm gradient"
	equal(op, "y", y, len(dx))
	gamma, beta = p.affine(op, gamma, beta, cols)
	p.layerNormGrad(dgamma, dbeta, operands{again: y, dst: dx, x: x, y: dy, mean: mean, rstd: rstd, gamma: gamma, beta: beta,
		cols: cols, scale: eps, add: addDx})
}

// layerNormGrad is both of them: o.again is y, or nil.
func (p *Pool) layerNormGrad(dgamma, dbeta []float32, o operands) {
	const op = "layernorm gradient"
	cols := o.cols
	equal(op, "dy", o.y, len(o.dst))
	equal(op, "x", o.x, len(o.dst))
	n := rowsOf(op, len(o.dst), cols)
	perRow(op, "mean", o.mean, n)
	perRow(op, "rstd", o.rstd, n)
	if dgamma != nil {
		equal(op, "dgamma", dgamma, cols)
	}
	if dbeta != nil {
		equal(op, "dbeta", dbeta, cols)
	}
	blocks := blocksOf(n)
	partials := p.spans.partials.take(2 * blocks * cols)
	clear(partials)
	o.z, o.w = partials[:blocks*cols], partials[blocks*cols:]
	p.inSpans(n, blockRows, o, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		if o.again != nil {
			raceWrite(o.again, i, j-i)
			kernels.LayerNorm(o.again[i:j], o.mean[lo:hi], o.rstd[lo:hi], o.x[i:j], o.gamma, o.beta, o.cols, o.scale)
		}
		raceWrite(o.dst, i, j-i)
		b := lo / blockRows * o.cols
		dgamma, dbeta := o.z[b:][:o.cols], o.w[b:][:o.cols]
		kernels.LayerNormGrad(o.dst[i:j], dgamma, dbeta, o.y[i:j], o.x[i:j], o.mean[lo:hi], o.rstd[lo:hi], o.gamma, o.cols, o.add)
	})
	if dgamma != nil {
		addBlocks(dgamma, partials[:blocks*cols])
	}
	if dbeta != nil {
		addBlocks(dbeta, partials[blocks*cols:])
	}
}
