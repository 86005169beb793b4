package kernel

import "math"

// A pair is two numbers in bfloat16, those of k and k+1, in the bits of one float32: the first below, the second above.

// RoundBF16 rounds to the nearest bfloat16, ties to even: dst[i] has 8 bits of precision. Numbers below 2^-126 become
// zero with their sign, as in the instructions for bfloat16.
func RoundBF16(dst, src []float32) {
	for i, x := range src {
		dst[i] = math.Float32frombits(roundBF16(x))
	}
}

// roundBF16 returns the bits of x rounded; the lower 16 are zero.
func roundBF16(x float32) uint32 {
	b := math.Float32bits(x)
	switch {
	case x != x:
		return (b | 1<<22) &^ 0xffff
	case b&0x7f800000 == 0:
		return b & 0x80000000
	}
	return (b + 0x7fff + b>>16&1) &^ 0xffff
}

func pair(x, y float32) float32 { return math.Float32frombits(roundBF16(x)>>16 | roundBF16(y)) }

// pairRow is the meaning of GEMMKernels.PairRow.
func pairRow(dst, src []float32) {
	for p := range len(src) / 2 {
		dst[p] = pair(src[2*p], src[2*p+1])
	}
	if last := len(src) - 1; last%2 == 0 {
		dst[last/2] = pair(src[last], 0)
	}
}

// pairRows is the meaning of GEMMKernels.PairRows.
func pairRows(dst, src []float32, ld, k, cols, width int) {
	for p := range (k + 1) / 2 {
		d := dst[p*width:][:width]
		for j := range cols {
			var second float32
			if 2*p+1 < k {
				second = src[(2*p+1)*ld+j]
			}
			d[j] = pair(src[2*p*ld+j], second)
		}
		clear(d[cols:])
	}
}
