//go:build race

package simd

import (
	"runtime"
	"unsafe"
)

const raceEnabled = true

// The race detector sees no assembly. These functions tell it what a kernel is about to touch, so that a wrong split
// of the work is found in tests.

// raceProduct reports what computing rows i0 <= i < i1 and columns j0 <= j < j1 writes, and what it reads of A.
func raceProduct(g *GEMM, i0, i1, j0, j1 int) {
	c := g.C
	if g.Pre != nil {
		c = g.Pre
	}
	for i := i0; i < i1; i++ {
		raceWrite(c, i*g.LDC+j0, j1-j0)
		if g.Form != TN {
			raceRead(g.A, i*g.LDA, g.K)
		}
	}
}

func raceRead(s []float32, from, n int) {
	if n > 0 {
		runtime.RaceReadRange(unsafe.Pointer(&s[from]), n*elementBytes)
	}
}

func raceWrite(s []float32, from, n int) {
	if n > 0 {
		runtime.RaceWriteRange(unsafe.Pointer(&s[from]), n*elementBytes)
	}
}
