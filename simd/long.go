package simd

import "math"

// A long vector is summed in blocks of longBlock elements by the 16 lanes of numerics rule 4; the blocks' results are
// added in ascending order in float64.
const longBlock = 4096

// Sum returns the sum of x (numerics rule 4, long vectors).
func (p *Pool) Sum(x []float32) float64 {
	return p.long(operands{x: x, cols: longBlock}, func(o *operands, lo, hi int) {
		for b := lo; b < hi; b++ {
			raceWrite(o.dst, b, 1)
			x := block(o.x, b)
			kernels.RowSum(o.dst[b:b+1], x, len(x))
		}
	})
}

// SumSquares returns the sum of squares of x, each with a fused multiply-add (numerics rule 4, long vectors).
func (p *Pool) SumSquares(x []float32) float64 { return p.Dot(x, x) }

// Dot returns the dot product of x and y, with fused multiply-adds (numerics rule 4, long vectors).
func (p *Pool) Dot(x, y []float32) float64 {
	equal("dot", "y", y, len(x))
	return p.long(operands{x: x, y: y, cols: longBlock}, func(o *operands, lo, hi int) {
		for b := lo; b < hi; b++ {
			raceWrite(o.dst, b, 1)
			x := block(o.x, b)
			kernels.RowDot(o.dst[b:b+1], x, block(o.y, b), len(x))
		}
	})
}

// Max returns the largest element of x, -Inf for none. NaNs count for nothing.
func (p *Pool) Max(x []float32) float32 {
	partials := p.blocks(operands{x: x, cols: longBlock}, func(o *operands, lo, hi int) {
		for b := lo; b < hi; b++ {
			raceWrite(o.dst, b, 1)
			x := block(o.x, b)
			kernels.RowMax(o.dst[b:b+1], x, len(x))
		}
	})
	m := negativeInfinity
	for _, v := range partials {
		if v > m {
			m = v
		}
	}
	return m
}

// long runs unit on the blocks of o.x and adds up what it gives.
func (p *Pool) long(o operands, unit func(o *operands, lo, hi int)) float64 {
	sum := 0.0
	for _, v := range p.blocks(o, unit) {
		sum += float64(v)
	}
	return sum
}

// blocks runs unit on the blocks of o.x. unit writes one element of o.dst for each; they are returned.
func (p *Pool) blocks(o operands, unit func(o *operands, lo, hi int)) []float32 {
	n := (len(o.x) + longBlock - 1) / longBlock
	o.dst = p.spans.partials.take(n)
	partials := o.dst
	p.rows(n, o, unit)
	return partials
}

// block returns block b of x.
func block(x []float32, b int) []float32 {
	return x[b*longBlock : min((b+1)*longBlock, len(x))]
}

var negativeInfinity = float32(math.Inf(-1))
