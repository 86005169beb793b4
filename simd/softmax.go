package simd

// SoftmaxRows computes the softmax of x·scale over each row of cols elements (numerics rule 5). A row that is all -Inf
// gives zeros.
func (p *Pool) SoftmaxRows(dst, x []float32, cols int, scale float32) {
	equal("softmax", "x", x, len(dst))
	n := rowsOf("softmax", len(dst), cols)
	p.rows(n, operands{dst: dst, x: x, cols: cols, scale: scale}, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, i, j-i)
		kernels.SoftmaxRows(o.dst[i:j], o.x[i:j], o.cols, o.scale)
	})
}

// SoftmaxRowsGrad computes dx = scale·y∘(dy - rowsum(y∘dy)), the gradient of SoftmaxRows, from its result y. dx may
// be dy.
func (p *Pool) SoftmaxRowsGrad(dx, dy, y []float32, cols int, scale float32) {
	equal("softmax gradient", "dy", dy, len(dx))
	equal("softmax gradient", "y", y, len(dx))
	n := rowsOf("softmax gradient", len(dx), cols)
	p.rows(n, operands{dst: dx, x: dy, y: y, cols: cols, scale: scale}, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, i, j-i)
		kernels.SoftmaxRowsGrad(o.dst[i:j], o.x[i:j], o.y[i:j], o.cols, o.scale)
	})
}

// LogSoftmaxRows computes the logarithm of the softmax of each row of cols elements, as (x - max) - ln(sum). A row
// that is all -Inf stays so.
func (p *Pool) LogSoftmaxRows(dst, x []float32, cols int) {
	equal("log-softmax", "x", x, len(dst))
	n := rowsOf("log-softmax", len(dst), cols)
	p.rows(n, operands{dst: dst, x: x, cols: cols}, func(o *operands, lo, hi int) {
		i, j := lo*o.cols, hi*o.cols
		raceWrite(o.dst, i, j-i)
		kernels.LogSoftmaxRows(o.dst[i:j], o.x[i:j], o.cols)
	})
}
