package simd

import "github.com/mtobench/mtobench/simd/internal/kernel"

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

// multiply computes c = a·b for a [N,k] and b [k,n], where n is a multiple of 8. The elements of a row of b and c touch.
func (w *headWork) multiply(c, a, b operand, m, n, k int) { w.product(c, a, b, m, n, k, 1, 0) }

// multiplyScaled is multiply, each element times scale.
func (w *headWork) multiplyScaled(c, a, b operand, m, n, k int, scale float32) {
	w.product(c, a, b, m, n, k, scale, 1)
}

func (w *headWork) product(c, a, b operand, m, n, k int, scale float32, scaled int) {
	s := &w.strip
	s.K, s.A, s.ARow, s.AStep = k, a.first, a.row*elementBytes, a.step*elementBytes
	s.BStep, s.CRow = b.row*elementBytes, c.row*elementBytes
	s.Scale, s.Scaled = scale, scaled
	for j := 0; j < n; {
		columns, most := kernels.CutStrip(n - j)
		s.Tiles = (m + most - 1) / most
		s.Rows, s.Higher = m/s.Tiles, m%s.Tiles
		s.B, s.C = elementAt(b.first, j), elementAt(c.first, j)
		kernels.Strip(s, columns)
		j += columns
	}
}

// transpose writes the transpose of x, [N,hd] with rows ld apart, to scratch memory.
func (w *headWork) transpose(x []float32, ld, tokens, dim int) operand {
	width := ldx(tokens)
	t := w.transposed.take(dim * width)
	kernels.PackColumns(t, x, ld, dim, tokens, width)
	return operand{&t[0], width, 1}
}

// start returns the square matrix, in scratch memory, of head h, and prepares the row kernels to work on it.
func (w *headWork) start(a *Attention, h head) operand {
	n := a.Tokens
	width := ldx(n)
	x := w.square.take(n * width)
	w.rows = kernel.AttentionRows{Tokens: n, X: &x[0], XRow: width * elementBytes,
		Probs: &a.Probs[h.square], Work: &w.lanes.take(kernel.AttentionWork)[0]}
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
	first := address(x, i)
	for line := first &^ (cacheLine - 1); line < first+uintptr(dim*elementBytes); line += cacheLine {
		w.expect(line, ld*elementBytes)
	}
}

// expectSquare plans to prefetch n·n elements that touch, k lines a tile.
func (w *headWork) expectSquare(x []float32, i, n, k int) {
	first := address(x, i)
	for line := first &^ (cacheLine - 1); line < first+uintptr(n*n*elementBytes); line += uintptr(k * cacheLine) {
		w.expect(line, cacheLine)
	}
}

// expectHead plans to prefetch q, k and v, or their gradients, in x.
func (w *headWork) expectHead(a *Attention, x []float32, head int) {
	width := a.Heads * a.HeadDim
	i := head/a.Heads*a.Tokens*3*width + head%a.Heads*a.HeadDim
	for part := range 3 {
		w.expectRows(x, i+part*width, a.HeadDim, 3*width)
	}
}

// fewTokens is the number of tokens below which products are too short to prefetch the rows of a head one by one.
const fewTokens = 24

// expectFirst plans what the first product of a head prefetches, hd lines a tile. With few tokens that is a part of the
// q, k and v of an image to come, which its heads share out.
func (w *headWork) expectFirst(a *Attention, next int) {
	w.expectNothing()
	if a.Tokens < fewTokens {
		first := address(a.QKV, (next+a.Heads-1)*a.Tokens*3*a.HeadDim)
		w.expect(first, cacheLine)
		w.expect(first+uintptr(a.HeadDim*cacheLine), cacheLine)
	} else {
		w.expectSquare(a.Probs, next*a.Tokens*a.Tokens, a.Tokens, a.HeadDim)
	}
	w.plan()
}

// plan hands what is expected to the next products.
func (w *headWork) plan() { w.strip.Ahead, w.strip.AheadLeft = &w.ahead[0], w.aheads }

// forward computes heads lo <= i < hi. Likely those after them come next.
func (w *headWork) forward(a *Attention, lo, hi int) {
	for i := lo; i < hi; i++ {
		w.forwardHead(a, i, min(i+1, a.Batch*a.Heads-1))
	}
	w.end()
}

// forwardHead computes a head, and prefetches the next one.
func (w *headWork) forwardHead(a *Attention, head, next int) {
	n, d, h := a.Tokens, a.HeadDim, a.headOf(head)
	padded := (n + 7) / 8 * 8
	x := w.start(a, h)
	kt := w.transpose(h.k, h.ld, n, d)
	w.expectFirst(a, next)
	w.multiplyScaled(x, operand{&h.q[0], h.ld, 1}, kt, n, padded, d, a.Scale)
	if h.bias != nil {
		w.rows.Bias = &h.bias[0]
	}
	if a.LogProbs != nil {
		w.rows.LogProbs = &a.LogProbs[h.square]
	}
	kernels.Softmax(&w.rows)
	w.expectNothing()
	if n >= fewTokens {
		w.expectHead(a, a.QKV, next)
		w.expectRows(a.Out, next/a.Heads*n*h.outLD+next%a.Heads*d, d, h.outLD)
	}
	w.plan()
	w.multiply(operand{&a.Out[h.out], h.outLD, 1}, operand{&a.Probs[h.square], n, 1}, operand{&h.v[0], h.ld, 1}, n, d, n)
}

// backward computes the gradients of heads lo <= i < hi.
func (w *headWork) backward(a *AttentionGrad, lo, hi int) {
	for i := lo; i < hi; i++ {
		w.backwardHead(a, i, min(i+1, a.Batch*a.Heads-1))
	}
	w.end()
}

// backwardHead computes the gradients of a head, and prefetches the next one.
func (w *headWork) backwardHead(a *AttentionGrad, head, next int) {
	n, d, h := a.Tokens, a.HeadDim, a.headOf(head)
	padded := (n + 7) / 8 * 8
	ds := w.start(&a.Attention, h)
	vt := w.transpose(h.v, h.ld, n, d)
	dout, probs := operand{&a.DOut[h.out], h.outLD, 1}, &a.Probs[h.square]
	w.expectFirst(&a.Attention, next)
	w.multiply(ds, dout, vt, n, padded, d)
	w.rows.Scale = a.Scale
	if a.DProbs != nil {
		w.rows.DProbs = &a.DProbs[h.square]
	}
	if a.DLogits != nil {
		w.rows.DLogits = &a.DLogits[h.square]
	}
	kernels.SoftmaxGrad(&w.rows)
	w.expectNothing()
	if n >= fewTokens {
		w.expectHead(&a.Attention, a.QKV, next)
		w.expectRows(a.DOut, next/a.Heads*n*h.outLD+next%a.Heads*d, d, h.outLD)
		w.expectHead(&a.Attention, a.DQKV, next)
	}
	w.plan()
	dq := &a.DQKV[head/a.Heads*n*h.ld+head%a.Heads*d]
	dk, dv := elementAt(dq, h.outLD), elementAt(dq, 2*h.outLD)
	w.multiply(operand{dq, h.ld, 1}, ds, operand{&h.k[0], h.ld, 1}, n, d, n)
	w.multiply(operand{dk, h.ld, 1}, operand{ds.first, 1, ds.row}, operand{&h.q[0], h.ld, 1}, n, d, n)
	w.multiply(operand{dv, h.ld, 1}, operand{probs, 1, n}, dout, n, d, n)
}
