package simd

// L1RowsGrad computes dx = s·w[row]·sign(pred - target), sign(0) = +0: the gradient of s times the weighted sum of
// L1Rows. w has an element a row. dx may be pred or target.
func (p *Pool) L1RowsGrad(dx, pred, target, w []float32, cols int, s float32) {
	p.lossGrad("l1 rows gradient", dx, pred, target, w, cols, s, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, i, j-i)
		kernels.RowL1Grad(o.dst[i:j], o.x[i:j], o.y[i:j], o.w[lo:hi], o.cols, o.scale)
	})
}

// L2RowsGrad computes dx = ((s·w[row])·2)·(pred - target): the gradient of s times the weighted sum of L2Rows. w has
// an element a row. dx may be pred or target.
func (p *Pool) L2RowsGrad(dx, pred, target, w []float32, cols int, s float32) {
	p.lossGrad("l2 rows gradient", dx, pred, target, w, cols, s, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, i, j-i)
		kernels.RowL2Grad(o.dst[i:j], o.x[i:j], o.y[i:j], o.w[lo:hi], o.cols, o.scale)
	})
}

func (p *Pool) lossGrad(op string, dx, pred, target, w []float32, cols int, s float32, unit func(o *operands, lo, hi int)) {
	equal(op, "pred", pred, len(dx))
	equal(op, "target", target, len(dx))
	n := rowsOf(op, len(dx), cols)
	perRow(op, "w", w, n)
	p.rows(n, operands{dst: dx, x: pred, y: target, w: w, cols: cols, scale: s}, unit)
}
