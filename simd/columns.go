package simd

// blockRows is the number of rows in one chain of a column sum (numerics rule 3).
const blockRows = 64

func blocksOf(rows int) int { return (rows + blockRows - 1) / blockRows }

// ColumnSumAdd adds the sum over the rows of x to dst, which has cols elements: blocks of 64 rows, each a chain from
// +0; the blocks' results are added in ascending order, and their sum to dst (numerics rule 3).
func (p *Pool) ColumnSumAdd(dst, x []float32, cols int) {
	equal("column sum", "dst", dst, cols)
	n := rowsOf("column sum", len(x), cols)
	partials := p.spans.partials.take(blocksOf(n) * cols)
	clear(partials)
	o := operands{dst: partials, x: x, cols: cols}
	p.inSpans(n, blockRows, o, func(o *operands, lo, hi int) {
		b := lo / blockRows * o.cols
		raceWrite(o.dst, b, o.cols)
		kernels.ColumnAdd(o.dst[b:][:o.cols], o.x[lo*o.cols:hi*o.cols], o.cols)
	})
	addBlocks(dst, partials)
}

// addBlocks adds the rows of partials to the first in ascending order, and that to dst. It overwrites partials.
func addBlocks(dst, partials []float32) {
	cols := len(dst)
	if len(partials) == 0 {
		return
	}
	first := partials[:cols]
	kernels.ColumnAdd(first, partials[cols:], cols)
	kernels.Add(dst, dst, first)
}
