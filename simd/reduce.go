package simd

// RowSum computes the sum of each row of cols elements (numerics rule 4). dst has an element a row.
func (p *Pool) RowSum(dst, x []float32, cols int) {
	perRow("row sum", "dst", dst, rowsOf("row sum", len(x), cols))
	p.rows(len(dst), operands{dst: dst, x: x, cols: cols}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.RowSum(o.dst[lo:hi], o.x[lo*o.cols:hi*o.cols], o.cols)
	})
}

// RowMax computes the maximum of each row of cols elements. NaNs count for nothing: a row of them has maximum -Inf.
// Where +0 and -0 are the largest, it is either of them, the same everywhere.
func (p *Pool) RowMax(dst, x []float32, cols int) {
	perRow("row max", "dst", dst, rowsOf("row max", len(x), cols))
	p.rows(len(dst), operands{dst: dst, x: x, cols: cols}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.RowMax(o.dst[lo:hi], o.x[lo*o.cols:hi*o.cols], o.cols)
	})
}

// RowDot computes the dot product of each row of x with that of y, with fused multiply-adds (numerics rule 4). dst has
// an element a row.
func (p *Pool) RowDot(dst, x, y []float32, cols int) {
	p.rowPairs("row dot", dst, x, y, cols, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, lo, hi-lo)
		kernels.RowDot(o.dst[lo:hi], o.x[i:j], o.y[i:j], o.cols)
	})
}

// L1Rows computes the sum of |pred - target| over each row (numerics rule 4). dst has an element a row.
func (p *Pool) L1Rows(dst, pred, target []float32, cols int) {
	p.rowPairs("l1 rows", dst, pred, target, cols, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, lo, hi-lo)
		kernels.RowL1(o.dst[lo:hi], o.x[i:j], o.y[i:j], o.cols)
	})
}

// L2Rows computes the sum of (pred - target)² over each row (numerics rule 4). dst has an element a row.
func (p *Pool) L2Rows(dst, pred, target []float32, cols int) {
	p.rowPairs("l2 rows", dst, pred, target, cols, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, lo, hi-lo)
		kernels.RowL2(o.dst[lo:hi], o.x[i:j], o.y[i:j], o.cols)
	})
}

// rowPairs runs unit on the rows of x and y.
func (p *Pool) rowPairs(op string, dst, x, y []float32, cols int, unit func(o *operands, lo, hi int)) {
	equal(op, "the second matrix", y, len(x))
	perRow(op, "dst", dst, rowsOf(op, len(x), cols))
	p.rows(len(dst), operands{dst: dst, x: x, y: y, cols: cols}, unit)
}
