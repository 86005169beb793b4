package kernel

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
)

// The sums of this file are those of numerics rule 4.

func rowSum(dst, x []float32, cols int) {
	for r := range dst {
		var l lanes
		for i, v := range x[r*cols:][:cols] {
			l[i%16] += v
		}
		dst[r] = l.sum()
	}
}

func rowMax(dst, x []float32, cols int) {
	for r := range dst {
		l := maxLanes()
		for i, v := range x[r*cols:][:cols] {
			l[i%16] = greater(v, l[i%16])
		}
		dst[r] = l.max()
	}
}

func rowDot(dst, x, y []float32, cols int) {
	for r := range dst {
		var l lanes
		b := y[r*cols:][:cols]
		for i, v := range x[r*cols:][:cols] {
			l[i%16] = detmath.FMA32(v, b[i], l[i%16])
		}
		dst[r] = l.sum()
	}
}

func rowL1(dst, x, y []float32, cols int) {
	for r := range dst {
		var l lanes
		b := y[r*cols:][:cols]
		for i, v := range x[r*cols:][:cols] {
			l[i%16] += magnitude(v - b[i])
		}
		dst[r] = l.sum()
	}
}

func rowL2(dst, x, y []float32, cols int) {
	for r := range dst {
		var l lanes
		b := y[r*cols:][:cols]
		for i, v := range x[r*cols:][:cols] {
			d := v - b[i]
			l[i%16] = detmath.FMA32(d, d, l[i%16])
		}
		dst[r] = l.sum()
	}
}

// columnAdd is one block of numerics rule 3.
func columnAdd(dst, x []float32, cols int) {
	for ; len(x) > 0; x = x[cols:] {
		for i, v := range x[:cols] {
			dst[i] += v
		}
	}
}

func magnitude(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
}
