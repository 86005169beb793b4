package nn

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/simd"
)

const (
	KindHeterogeneity     Kind = "heterogeneity"      // see heterogeneityOp
	KindHeterogeneityGrad Kind = "heterogeneity-grad" // see heterogeneityOp
)

// TokenRows names k tokens of D numbers in each of B images.
type TokenRows struct {
	X      Tensor // [B,T,D], or [1,1,D]: the same token (k = 1) in every image
	Index  Tensor // [B,k]: the rows Offset + Index of X; absent: all T of them
	Offset int
}

// Heterogeneity is what [Program.Heterogeneity] returns. B images, m masked
// tokens. Only H has a gradient.
type Heterogeneity struct {
	H      Tensor // [B,m], in [0,1]
	Cosine Tensor // [B,m], greatest centred cosine to a visible token

	offset   Tensor // [B,m,D], masked token minus the visible mean
	distance Tensor // [B,m], its norm
	spread   Tensor // [B,n], distance of the visible tokens from their mean
}

// Heterogeneity records how little each masked token resembles any visible token
// in particular (methods.md 11.3). With x~ = x - mean of the image's n visible
// tokens, for a masked token i:
//
//	c_iv = <x~_i, x~_v> / max(|x~_i| |x~_v|, eps)
//	q_iv = softmax over v of c_iv/tau
//	H_i  = -sum_v q_iv ln q_iv / ln n
//
// H is 1 for equal cosines and near 0 for a copy of one visible token; for
// n = 1 it is 1, without gradient. Visible tokens and their mean are stopped:
// the gradient goes to the masked ones alone.
func (p *Program) Heterogeneity(masked, visible TokenRows, tau, eps float32) Heterogeneity {
	op := newHeterogeneityOp(masked, visible, tau, eps)
	a := op.attr
	b, m, n, d := a.Images, a.Masked, a.Visible, a.Width
	op.h = p.value("heterogeneity", b, m)
	op.cosine = p.value("cosine", b, m)
	op.xc = p.value("centred-masked", b, m, d)
	op.xnorm = p.value("norm-masked", b, m)
	op.vc = p.value("centred-visible", b, n, d)
	op.vnorm = p.value("norm-visible", b, n)
	op.c = p.value("cosines", b, m, n)
	op.logq = p.value("log-q", b, m, n)
	op.q = p.value("q", b, m, n)
	op.raw = p.value("entropy", b, m)
	o := Op{
		Kind:   KindHeterogeneity,
		Reads:  []Tensor{masked.X, masked.Index, visible.X, visible.Index},
		Writes: []Tensor{op.h, op.cosine, op.xc, op.xnorm, op.vc, op.vnorm, op.c, op.logq, op.q, op.raw},
		Attr:   a,
		FLOPs:  2 * int64(b) * int64(m) * int64(n) * int64(d),
		CPU:    op.forward,
	}
	if n > 1 && masked.X.info().needs {
		o.Grad = op.grad
	}
	p.record(o)
	return Heterogeneity{H: op.h, Cosine: op.cosine, offset: op.xc, distance: op.xnorm, spread: op.vnorm}
}

// HeterogeneityAttr holds the numbers of a heterogeneity operation.
type HeterogeneityAttr struct {
	Images, Masked, Visible, Width int  // B, m, n, D
	Token                          bool // the masked token is one for all images
	MaskedOffset, VisibleOffset    int
	Tau, Eps                       float32
}

// heterogeneityOp holds the tensors of the forward operation, which the gradient
// reads again. Sums follow numerics rule 4 (norms, entropy) and 1 (products);
// the visible mean is an ascending chain divided by n.
type heterogeneityOp struct {
	masked, visible TokenRows
	attr            HeterogeneityAttr

	h, cosine, raw Tensor // [B,m]; raw = H ln n
	xc, xnorm      Tensor // [B,m,D], [B,m]
	vc, vnorm      Tensor // [B,n,D], [B,n]
	c, logq, q     Tensor // [B,m,n]
}

func newHeterogeneityOp(masked, visible TokenRows, tau, eps float32) *heterogeneityOp {
	const kind = KindHeterogeneity
	check(visible.X.Rank() == 3 && masked.X.Rank() == 3, kind, "masked %v, visible %v: need [B,T,D]", masked.X, visible.X)
	b, n, d := visible.X.Dim(0), visible.X.Dim(1), visible.X.Dim(2)
	if visible.Index.Valid() {
		check(visible.Index.Rank() == 2 && visible.Index.Index() && visible.Index.Dim(0) == b, kind, "visible index %v: need int32 [%d,n]", visible.Index, b)
		n = visible.Index.Dim(1)
	}
	token, m := false, masked.X.Dim(1)
	if masked.Index.Valid() {
		check(masked.Index.Rank() == 2 && masked.Index.Index() && masked.Index.Dim(0) == b, kind, "masked index %v: need int32 [%d,m]", masked.Index, b)
		m = masked.Index.Dim(1)
	} else {
		token = masked.X.Dim(0) == 1 && m == 1
	}
	check(masked.X.Dim(2) == d && (token || masked.X.Dim(0) == b), kind, "masked %v: need [%d,T,%d] or [1,1,%d]", masked.X, b, d, d)
	check(tau > 0 && eps > 0, kind, "tau %v, eps %v: need numbers above 0", tau, eps)
	return &heterogeneityOp{masked: masked, visible: visible, attr: HeterogeneityAttr{
		Images: b, Masked: m, Visible: n, Width: d, Token: token,
		MaskedOffset: masked.Offset, VisibleOffset: visible.Offset, Tau: tau, Eps: eps,
	}}
}

// rows returns a function from (image, i) to the i-th of the named rows.
func (t TokenRows) rows(data []float32, index []int32) func(b, i int) []float32 {
	tokens, d := t.X.Dim(1), t.X.Dim(2)
	if t.X.Dim(0) == 1 && index == nil && tokens == 1 {
		return func(int, int) []float32 { return data[:d] }
	}
	k := tokens
	if index != nil {
		k = t.Index.Dim(1)
	}
	return func(b, i int) []float32 {
		r := i
		if index != nil {
			r = int(index[b*k+i])
		}
		image := data[b*tokens*d:][:tokens*d]
		return image[(t.Offset+r)*d:][:d]
	}
}

func (op *heterogeneityOp) forward(mem *Memory) func() {
	a, pool := op.attr, mem.Pool
	m, n, d := a.Masked, a.Visible, a.Width
	masked := op.masked.rows(mem.F32(op.masked.X), mem.I32(op.masked.Index))
	visible := op.visible.rows(mem.F32(op.visible.X), mem.I32(op.visible.Index))
	h, cosine, raw := mem.F32(op.h), mem.F32(op.cosine), mem.F32(op.raw)
	xc, xnorm, vc, vnorm := mem.F32(op.xc), mem.F32(op.xnorm), mem.F32(op.vc), mem.F32(op.vnorm)
	c, logq, q := mem.F32(op.c), mem.F32(op.logq), mem.F32(op.q)

	means := make([]float32, a.Images*d)
	centre := func(b, _ int) {
		mean := means[b*d:][:d]
		clear(mean)
		for v := range n {
			for k, x := range visible(b, v) {
				mean[k] += x
			}
		}
		for k := range mean {
			mean[k] /= float32(n)
		}
		for v := range n {
			subtract(vc[(b*n+v)*d:][:d], visible(b, v), mean)
		}
		for i := range m {
			subtract(xc[(b*m+i)*d:][:d], masked(b, i), mean)
		}
	}
	products := simd.GEMM{Form: simd.NT, M: m, N: n, K: d, A: xc, B: vc, C: c}
	cosines := func(b, _ int) {
		norms := vnorm[b*n:][:n]
		for i := range m {
			r := b*m + i
			row, s := c[r*n:][:n], q[r*n:][:n]
			greatest := float32(math.Inf(-1))
			for v := range row {
				size, _ := clampedSize(xnorm[r], norms[v], a.Eps)
				x := row[v] / size
				row[v], s[v] = x, x/a.Tau
				if x > greatest {
					greatest = x
				}
			}
			cosine[r] = greatest
		}
	}
	lnN := float32(detmath.Log(float64(n)))
	return func() {
		pool.For(a.Images, centre)
		pool.RowDot(xnorm, xc, xc, d)
		pool.RowDot(vnorm, vc, vc, d)
		sqrtAll(xnorm)
		sqrtAll(vnorm)
		pool.BatchGEMM(&products, a.Images, m*d, n*d, m*n)
		pool.For(a.Images, cosines)
		pool.LogSoftmaxRows(logq, q, n)
		pool.Exp(q, logq)
		pool.RowDot(raw, q, logq, n)
		for i, x := range raw {
			raw[i] = -x
			h[i] = -x / lnN
			if n == 1 {
				h[i] = 1
			}
		}
	}
}

// clampedSize returns max(x*v, eps), and whether it is eps.
func clampedSize(x, v, eps float32) (size float32, clamped bool) {
	if size = x * v; size > eps {
		return size, false
	}
	return eps, true
}

func subtract(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for k := range dst {
		dst[k] = x[k] - y[k]
	}
}

func sqrtAll(x []float32) {
	for i, v := range x {
		x[i] = float32(math.Sqrt(float64(v)))
	}
}

// grad records, for the gradient dH of H,
//
//	w_iv = -dH_i q_iv (ln q_iv + raw_i) / (ln n tau)                gradient of c_iv
//	dx_i = sum_v w_iv/size_iv x~_v - (sum_v w_iv c_iv / |x~_i|^2) x~_i
//
// where size_iv = max(|x~_i| |x~_v|, eps), and pairs at eps are left out of the
// second sum: there the size is a constant.
func (op *heterogeneityOp) grad(g *Gradients) {
	a, p := op.attr, g.p
	dh := g.Of(op.h)
	w := p.value("scratch", a.Images, a.Masked, a.Visible)
	rows := p.value("scratch", a.Images, a.Masked, a.Width)
	dx, add := g.Into(op.masked.X)
	p.record(Op{
		Kind:   KindHeterogeneityGrad,
		Reads:  []Tensor{dh, op.masked.Index, op.xc, op.xnorm, op.vc, op.vnorm, op.c, op.logq, op.q, op.raw},
		Writes: []Tensor{dx, w, rows},
		Attr:   HeterogeneityGradAttr{a, add},
		FLOPs:  2 * int64(a.Images) * int64(a.Masked) * int64(a.Visible) * int64(a.Width),
		CPU:    func(mem *Memory) func() { return op.backward(mem, dh, w, rows, dx, add) },
	})
}

// HeterogeneityGradAttr says whether the gradient adds to dx or overwrites it.
type HeterogeneityGradAttr struct {
	HeterogeneityAttr
	Add bool
}

func (op *heterogeneityOp) backward(mem *Memory, dhT, wT, rowsT, dxT Tensor, add bool) func() {
	a, pool := op.attr, mem.Pool
	m, n, d := a.Masked, a.Visible, a.Width
	dh, w, rows, dx := mem.F32(dhT), mem.F32(wT), mem.F32(rowsT), mem.F32(dxT)
	xc, xnorm, vc, vnorm := mem.F32(op.xc), mem.F32(op.xnorm), mem.F32(op.vc), mem.F32(op.vnorm)
	c, logq, q, raw := mem.F32(op.c), mem.F32(op.logq), mem.F32(op.q), mem.F32(op.raw)

	scale := -1 / float32(detmath.Log(float64(n))*float64(a.Tau))
	weights := func(b, _ int) {
		norms := vnorm[b*n:][:n]
		for i := range m {
			r := b*m + i
			wr, qr, lr, cr := w[r*n:][:n], q[r*n:][:n], logq[r*n:][:n], c[r*n:][:n]
			s := scale * dh[r]
			var along float32 // sum of w c
			for v := range wr {
				size, clamped := clampedSize(xnorm[r], norms[v], a.Eps)
				t := s * qr[v] * (lr[v] + raw[r])
				if !clamped {
					along += float32(t * cr[v])
				}
				wr[v] = t / size
			}
			if along != 0 {
				along /= float32(xnorm[r] * xnorm[r])
			}
			// The chain of the product that follows starts from the second sum.
			x, out := xc[r*d:][:d], rows[r*d:][:d]
			for k := range out {
				out[k] = -float32(along * x[k])
			}
		}
	}
	products := simd.GEMM{Form: simd.NN, M: m, N: d, K: n, A: w, B: vc, C: rows, Accumulate: true}
	run := func() {
		pool.For(a.Images, weights)
		pool.BatchGEMM(&products, a.Images, m*n, n*d, m*d)
	}
	if a.Token {
		return func() {
			run()
			if !add {
				clear(dx)
			}
			pool.ColumnSumAdd(dx, rows, d)
		}
	}
	image := op.masked.X.Dim(1) * d
	to := op.masked.rows(dx, mem.I32(op.masked.Index))
	scatter := func(b, _ int) {
		if !add {
			clear(dx[b*image:][:image])
		}
		for i := range m {
			dst, src := to(b, i), rows[(b*m+i)*d:][:d]
			for k := range dst {
				dst[k] += src[k]
			}
		}
	}
	return func() {
		run()
		pool.For(a.Images, scatter)
	}
}
