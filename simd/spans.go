package simd

import (
	"fmt"
	"sync/atomic"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// operands are what a row or vector operation works on. Each operation says which it uses; dst is always written.
type operands struct {
	dst, x, y, z, w []float32
	again           []float32
	mean, rstd      []float32
	gamma, beta     []float32
	cols            int
	scale           float32
	add             bool
	form            GELUForm
	adam            kernel.AdamW
	found           *atomic.Bool
}

// spans is a row or vector operation under way: its units (elements, rows, or blocks of either) in spans of grain.
type spans struct {
	operands
	units, grain int
	// unit computes the units lo <= i < hi. It is a function without captured variables, so that it needs no memory.
	unit func(o *operands, lo, hi int)

	task     func(task, worker int)
	partials scratch // results of blocks
	constant scratch // ones and zeros
	found    atomic.Bool
}

func (s *spans) prepare() {
	s.task = func(task, _ int) {
		lo := task * s.grain
		s.unit(&s.operands, lo, min(lo+s.grain, s.units))
	}
}

// spanElements is the size of a span: small enough to stay in the second-level cache with its sources, large enough
// that handing it out, about 50 ns, doesn't count. The bits of a result don't depend on it.
const spanElements = 8192

// elements runs unit on n elements.
func (p *Pool) elements(n int, o operands, unit func(o *operands, lo, hi int)) {
	p.inSpans(n, spanElements, o, unit)
}

// rows runs unit on n rows of o.cols elements.
func (p *Pool) rows(n int, o operands, unit func(o *operands, lo, hi int)) {
	p.inSpans(n, max(1, spanElements/o.cols), o, unit)
}

func (p *Pool) inSpans(units, grain int, o operands, unit func(o *operands, lo, hi int)) {
	s := &p.spans
	s.operands, s.units, s.grain, s.unit = o, units, grain, unit
	p.For((units+grain-1)/grain, s.task)
	s.operands, s.unit = operands{}, nil // keep no slices of the caller alive
}

// equal panics unless the slice called name has n elements.
func equal(op, name string, s []float32, n int) {
	if len(s) != n {
		panic(fmt.Sprintf("%s: %s has %d elements, need %d; pass slices of equal length", op, name, len(s), n))
	}
}

// rowsOf returns the number of rows of cols elements that n elements make, and panics if they make none exactly.
func rowsOf(op string, n, cols int) int {
	if cols < 1 || n%cols != 0 {
		panic(fmt.Sprintf("%s: %d elements in rows of %d: need a multiple; pass whole rows", op, n, cols))
	}
	return n / cols
}

// perRow panics unless the slice called name has an element for each of n rows.
func perRow(op, name string, s []float32, n int) {
	if len(s) != n {
		panic(fmt.Sprintf("%s: %s has %d elements, need one for each of %d rows", op, name, len(s), n))
	}
}
