package simd

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

func TestPeaksAreThoseOfTheCPU(t *testing.T) {
	peaks := Peaks()
	for _, k := range peaks {
		require.InEpsilon(t, runFLOPs, k.FLOPs, 0.01, "%s %s", k.Op, k.ISA)
		k.Run()
	}
	require.Equal(t, kernel.Supported()[0].Name, peaks[0].ISA)
	require.Equal(t, kernel.Generic.Name, peaks[len(peaks)-1].ISA)
	for _, threads := range []int{1, 2} {
		p := NewPool(threads)
		require.Positive(t, p.PeakFLOPS(time.Microsecond))
		p.Close()
	}
}

func TestStreamsTakeAnyLength(t *testing.T) {
	for _, s := range Streams() {
		for _, n := range []int{0, 1, 63, 64, 200} {
			dst, x, y := make([]float32, n), make([]float32, n), make([]float32, n)
			for i := range x {
				x[i], y[i] = float32(i), 2
			}
			s.Run(dst, x, y)
			for i := range dst {
				want := float32(0)
				if i < n/64*64 {
					want = []float32{0, 0, float32(i), float32(i) + 4}[s.Arrays]
				}
				require.Equal(t, want, dst[i], "%s, element %d of %d", s.Op, i, n)
			}
		}
	}
}
