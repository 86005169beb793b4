package kernel

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// softmaxSum returns the maximum m of the scaled row x·scale, and the sum of e^(x·scale - m) (numerics rules 4, 5). A
// maximum of -Inf counts as 0, so that a row of -Inf has sum 0 and one with a NaN has sum NaN.
func softmaxSum(x []float32, scale float32) (m, sum float32) {
	l := maxLanes()
	for i, v := range x {
		l[i%16] = greater(v*scale, l[i%16])
	}
	m = l.max()
	if m < -math.MaxFloat32 {
		m = 0
	}
	l = lanes{}
	for i, v := range x {
		l[i%16] += detmath.Exp32(float32(v*scale) - m)
	}
	return m, l.sum()
}

// softmaxRows: e^(x·scale - m)·(1/sum), and zeros for a row that is all -Inf.
func softmaxRows(dst, x []float32, cols int, scale float32) {
	for ; len(x) > 0; dst, x = dst[cols:], x[cols:] {
		m, sum := softmaxSum(x[:cols], scale)
		inverse := float32(0)
		if sum != 0 {
			inverse = 1 / sum
		}
		for i, v := range x[:cols] {
			dst[i] = detmath.Exp32(float32(v*scale)-m) * inverse
		}
	}
}

// softmaxRowsGrad: (y·(dy - D))·scale, D = sum of fma(y, dy, ·) by rule 4.
func softmaxRowsGrad(dx, dy, y []float32, cols int, scale float32) {
	for ; len(y) > 0; dx, dy, y = dx[cols:], dy[cols:], y[cols:] {
		var l lanes
		for i, v := range y[:cols] {
			l[i%16] = detmath.FMA32(v, dy[i], l[i%16])
		}
		d := l.sum()
		for i, v := range y[:cols] {
			dx[i] = float32(v*(dy[i]-d)) * scale
		}
	}
}

// logSoftmaxRows: (x - m) - ln sum; -Inf for a row that is all -Inf.
func logSoftmaxRows(dst, x []float32, cols int) {
	for ; len(x) > 0; dst, x = dst[cols:], x[cols:] {
		m, sum := softmaxSum(x[:cols], 1)
		ln := float32(0)
		if sum != 0 {
			ln = detmath.Log32(sum)
		}
		for i, v := range x[:cols] {
			dst[i] = (v - m) - ln
		}
	}
}
