package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// guardLen is the number of NaN elements on each side of a guarded slice.
const guardLen = 70

// guarded is a slice in the middle of NaNs, at an address that is shift elements off a whole vector.
type guarded struct{ all, s []float32 }

func newGuarded(n, shift int) *guarded {
	var m scratch
	g := &guarded{all: m.take(n + shift + 2*guardLen)}
	for i := range g.all {
		g.all[i] = float32(math.NaN())
	}
	g.s = g.all[guardLen+shift:][:n:n]
	clear(g.s)
	return g
}

// intact reports whether all guards are still NaNs.
func (g *guarded) intact() bool {
	n, start := len(g.s), len(g.all)-guardLen-len(g.s)
	for i, v := range g.all {
		if (i < start || i >= start+n) && v == v {
			return false
		}
	}
	return true
}

// sameBits fails unless got and want have equal bits, NaNs being equal as NaNs (numerics rule 14).
func sameBits(t *testing.T, want, got []float32, what string, args ...any) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if w, g := want[i], got[i]; math.Float32bits(w) != math.Float32bits(g) && (w == w || g == g) {
			require.Failf(t, "bits differ", "%s: element %d: want %v (%#x), got %v (%#x)",
				fmt.Sprintf(what, args...), i, w, math.Float32bits(w), g, math.Float32bits(g))
		}
	}
}

// fillRandom fills s with numbers whose products need rounding.
func fillRandom(r *rand.Rand, s []float32) {
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
}

// fillSpecial fills s with random numbers, many of them subnormal, huge, infinite, zero of either sign or NaN.
func fillSpecial(r *rand.Rand, s []float32) {
	special := []float32{0, float32(math.Copysign(0, -1)), 0x1p-149, -0x1p-130, 0x1p-126, 0x1.8p-75, -0x1p-75, 1, -1,
		math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	fillRandom(r, s)
	for i := range s {
		// The last three spoil a whole chain: keep them rare.
		if k := r.IntN(40); k < len(special)-3 || k < len(special) && r.IntN(20) == 0 {
			s[i] = special[k]
		}
	}
}
