package simd

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestFloatsAreZeroAndAligned(t *testing.T) {
	const huge = hugePage / elementBytes
	for _, n := range []int{0, 1, 17, huge - 1, huge, huge + 1, 3*huge - 5} {
		x := Floats(n)
		require.Len(t, x, n)
		require.Equal(t, n, cap(x), "what is appended would lie in memory of another's")
		align := uintptr(64)
		if n >= huge {
			align = hugePage
		}
		require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(x)))%align, "%d elements", n)
		for i := range x {
			if x[i] != 0 {
				t.Fatalf("%d elements: element %d is %g", n, i, x[i])
			}
		}
	}
}
