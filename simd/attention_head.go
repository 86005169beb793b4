package simd

import (
	"unsafe"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// mostTokens is the number of tokens up to which a head is computed with all its matrices in scratch memory, by the
// kernels made for that. It is chunkRows: up to there, the chains of the gradients are one chunk (numerics rule 2).
const mostTokens = chunkRows

// headKernels reports whether the kernels for whole heads serve tokens rows of dim elements.
func headKernels(tokens, dim int) bool {
	return kernels.Strip != nil && tokens <= mostTokens && dim%8 == 0
}

// headWork is what one thread computes heads in.
type headWork struct {
	strip      kernel.Strip
	rows       kernel.AttentionRows
	transposed scratch // k or v, [hd,N] in rows of ldx
	square     scratch // logits or their gradient, [N,N] in rows of ldx
	lanes      scratch
	ahead      [64]kernel.Ahead
	aheads     int
	_          [64]byte // the next one belongs to another thread
}

// ldx is the distance of rows in scratch memory: N, rounded up to whole vectors.
func ldx(tokens int) int { return (tokens + 15) / 16 * 16 }

// operand is a matrix by the address of its first element and the distances, in elements, of rows and columns.
type operand struct {
	first     *float32
	row, step int
}

// multiply computes c = a·b for a [N,k] and b [k,n], where n is a multiple of 8, times scale unless that is 0. The
// elements of a row of b and c touch.
func (w *headWork) multiply(c, a, b operand, m, n, k int, scale float32) {
	s := &w.strip
	s.K, s.A, s.ARow, s.AStep = k, a.first, a.row*elementBytes, a.step*elementBytes
	s.BStep, s.CRow = b.row*elementBytes, c.row*elementBytes
	s.Scale, s.Scaled = scale, 0
	if scale != 0 {
		s.Scaled = 1
	}
	for j := 0; j < n; {
		columns, most := kernels.CutStrip(n - j)
		s.Tiles = (m + most - 1) / most
		s.Rows, s.Higher = m/s.Tiles, m%s.Tiles
		s.B, s.C = elementAt(b.first, j), elementAt(c.first, j)
		kernels.Strip(s, columns)
		j += columns
	}
}

// elementAt returns the address of the element i places after p.
func elementAt(p *float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), i*elementBytes))
}

// transpose writes the transpose of x, [N,hd] with rows ld apart, to scratch memory.
func (w *headWork) transpose(x []float32, ld, tokens, dim int) operand {
	width := ldx(tokens)
	t := w.transposed.take(dim * width)
	kernels.PackColumns(t, x, ld, dim, tokens, width)
	return operand{&t[0], width, 1}
}

// start returns a square matrix in scratch memory and prepares the row kernels to work on it.
func (w *headWork) start(tokens int, probs []float32) operand {
	width := ldx(tokens)
	x := w.square.take(tokens * width)
	w.rows = kernel.AttentionRows{Tokens: tokens, X: &x[0], XRow: width * elementBytes, Probs: &probs[0], Work: &w.lanes.take(kernel.AttentionWork)[0]}
	return operand{&x[0], width, 1}
}

// end forgets all addresses, so that memory of the last call isn't kept.
func (w *headWork) end() { w.strip, w.rows = kernel.Strip{}, kernel.AttentionRows{} }

// A head's rows lie far apart, where the processor doesn't expect them. While one head is computed, the products
// prefetch the next one: for each step of k of a tile two cache lines.

// expectNothing begins a plan.
func (w *headWork) expectNothing() { w.aheads = 0 }

// expect plans to prefetch a cache line at an address and so many bytes on, again and again.
func (w *headWork) expect(address uintptr, step int) {
	if w.aheads < len(w.ahead) {
		w.ahead[w.aheads] = kernel.Ahead{Address: address, Step: step}
		w.aheads++
	}
}

// expectRows plans to prefetch dim elements of each row, rows ld apart, from the element i of x on.
func (w *headWork) expectRows(x []float32, i, dim, ld int) {
	first := uintptr(unsafe.Pointer(unsafe.SliceData(x))) + uintptr(i*elementBytes)
	for line := first &^ (cacheLine - 1); line < first+uintptr(dim*elementBytes); line += cacheLine {
		w.expect(line, ld*elementBytes)
	}
}

// expectSquare plans to prefetch n·n elements that touch, k lines a tile.
func (w *headWork) expectSquare(x []float32, i, n, k int) {
	first := uintptr(unsafe.Pointer(unsafe.SliceData(x))) + uintptr(i*elementBytes)
	for line := first &^ (cacheLine - 1); line < first+uintptr(n*n*elementBytes); line += uintptr(k * cacheLine) {
		w.expect(line, cacheLine)
	}
}

// expectHead plans to prefetch q, k and v, or their gradients, in x.
func (w *headWork) expectHead(a *Attention, x []float32, task int) {
	width := a.Heads * a.HeadDim
	i := task/a.Heads*a.Tokens*3*width + task%a.Heads*a.HeadDim
	for part := range 3 {
		w.expectRows(x, i+part*width, a.HeadDim, 3*width)
	}
}

// plan hands what is expected to the next products.
func (w *headWork) plan() { w.strip.Ahead, w.strip.AheadLeft = &w.ahead[0], w.aheads }

// forward computes a head.
func (w *headWork) forward(a *Attention, task, next int) {
	n, d, h := a.Tokens, a.HeadDim, a.headOf(task)
	probs := a.Probs[h.square:][:n*n]
	padded := (n + 7) / 8 * 8
	x := w.start(n, probs)
	kt := w.transpose(h.k, h.ld, n, d)
	w.expectNothing()
	w.expectSquare(a.Probs, next*n*n, n, d)
	w.plan()
	w.multiply(x, operand{&h.q[0], h.ld, 1}, kt, n, padded, d, a.Scale)
	if h.bias != nil {
		w.rows.Bias = &h.bias[0]
	}
	if a.LogProbs != nil {
		w.rows.LogProbs = &a.LogProbs[h.square]
	}
	kernels.Softmax(&w.rows)
	w.expectNothing()
	w.expectHead(a, a.QKV, next)
	w.expectRows(a.Out, next/a.Heads*n*h.outLD+next%a.Heads*d, d, h.outLD)
	w.plan()
	w.multiply(operand{&a.Out[h.out], h.outLD, 1}, operand{&probs[0], n, 1}, operand{&h.v[0], h.ld, 1}, n, d, n, 0)
}

// backward computes the gradient of a head.
func (w *headWork) backward(a *AttentionGrad, task, next int) {
	n, d, h := a.Tokens, a.HeadDim, a.headOf(task)
	width := h.outLD
	probs := a.Probs[h.square:][:n*n]
	dout := &a.DOut[h.out]
	dq := &a.DQKV[task/a.Heads*n*h.ld+task%a.Heads*d]
	padded := (n + 7) / 8 * 8
	x := w.start(n, probs)
	vt := w.transpose(h.v, h.ld, n, d)
	w.multiply(x, operand{dout, width, 1}, vt, n, padded, d, 0)
	w.rows.Scale = a.Scale
	if a.DProbs != nil {
		w.rows.DProbs = &a.DProbs[h.square]
	}
	if a.DLogits != nil {
		w.rows.DLogits = &a.DLogits[h.square]
	}
	kernels.SoftmaxGrad(&w.rows)
	w.expectNothing()
	w.expectHead(&a.Attention, a.QKV, next)
	w.expectRows(a.DOut, next/a.Heads*n*width+next%a.Heads*d, d, width)
	w.expectSquare(a.Probs, next*n*n, n, n)
	w.expectHead(&a.Attention, a.DQKV, next)
	w.plan()
	q, k := operand{&h.q[0], h.ld, 1}, operand{&h.k[0], h.ld, 1}
	w.multiply(operand{dq, h.ld, 1}, x, k, n, d, n, 0)
	w.multiply(operand{elementAt(dq, width), h.ld, 1}, operand{x.first, 1, x.row}, q, n, d, n, 0)
	w.multiply(operand{elementAt(dq, 2*width), h.ld, 1}, operand{&probs[0], 1, n}, operand{dout, width, 1}, n, d, n, 0)
}
