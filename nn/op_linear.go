package nn

import "github.com/mtobench/mtobench/simd"

// R rows, K inputs, F outputs of a linear layer; w is [F,K] as in timm.
const (
	KindLinear       Kind = "linear"        // y [R,F], pre or absent <- x [R,K], w [F,K], b [F] or absent, residual [R,F] or absent
	KindLinearDX     Kind = "linear-dx"     // dx [R,K] <- dy [R,F], w [F,K]: dy·w
	KindLinearDW     Kind = "linear-dw"     // dw [F,K] += dy [R,F], x [R,K]: dyᵀ·x
	KindColumnSumAdd Kind = "column-sum"    // dst [F] += src [R,F]: the sum of its rows
	KindGELUInPlace  Kind = "gelu-in-place" // dy = dy·gelu'(pre) <- dy, pre
	KindGELUAgain    Kind = "gelu-again"    // y = gelu(pre), dy = dy·gelu'(pre) <- dy, pre
)

// LinearAttr are the numbers of a [KindLinear], [KindLinearDX] or [KindLinearDW].
type LinearAttr struct {
	Rows, In, Out int
	GELU          bool          // KindLinear: y = gelu(pre)
	Form          simd.GELUForm // of the GELU
	Add           bool          // KindLinearDX: add to dx

	Precision simd.Precision // of the operands
}

// Linear returns x·wᵀ + b. x is [...,K]; w is [F,K], or any shape whose first
// side is F and whose others multiply to K; b is [F] or absent. The result is
// [...,F].
func (p *Program) Linear(x, w, b Tensor) Tensor {
	return p.linear(x, w, b, Tensor{}, false, 0)
}

// LinearGELU returns gelu(x·wᵀ + b), shapes as in [Program.Linear].
func (p *Program) LinearGELU(x, w, b Tensor, form simd.GELUForm) Tensor {
	return p.linear(x, w, b, Tensor{}, true, form)
}

// LinearAdd returns residual + (x·wᵀ + b); residual is [...,F], shapes otherwise
// as in [Program.Linear].
func (p *Program) LinearAdd(x, w, b, residual Tensor) Tensor {
	check(residual.Valid(), KindLinear, "residual is absent; use Linear")
	return p.linear(x, w, b, residual, false, 0)
}

func (p *Program) linear(x, w, b, residual Tensor, gelu bool, form simd.GELUForm) Tensor {
	out := w.Dim(0)
	in := w.Len() / out
	check(x.Dim(-1) == in, KindLinear, "x %v and w %v: x's last side must be %d", x, w, in)
	check(!b.Valid() || b.Len() == out, KindLinear, "b %v: need %d elements", b, out)
	a := LinearAttr{Rows: x.Len() / in, In: in, Out: out, GELU: gelu, Form: form, Precision: p.precision}
	shape := x.Shape()
	shape[len(shape)-1] = out
	check(!residual.Valid() || residual.Len() == a.Rows*out, KindLinear, "residual %v: need %v", residual, shape)

	y := p.value("linear", shape...)
	var pre Tensor
	if gelu {
		pre = p.value("pre", shape...)
	}
	slope := false // whether dy has been multiplied by gelu'(pre)
	o := Op{
		Kind: KindLinear, Reads: []Tensor{x, w, b, residual}, Writes: []Tensor{y, pre}, Attr: a, FLOPs: a.flops(),
		CPU: func(m *Memory) func() {
			g := &simd.GEMM{
				Form: simd.NT, Precision: a.Precision, M: a.Rows, N: out, K: in,
				A: m.F32(x), LDA: in, B: m.F32(w), LDB: in, C: m.F32(y), LDC: out,
				Bias: m.F32(b), Pre: m.F32(pre), GELU: gelu, GELUForm: form, Residual: m.F32(residual),
			}
			return func() { m.Pool.GEMM(g) }
		},
		Grad: func(g *Gradients) {
			dy := g.Of(y)
			if gelu && !slope {
				p.geluInPlace(dy, pre, form)
			}
			if g.Needed(x) {
				dx, add := g.Into(x)
				p.linearDX(dx, dy, w, a, add)
			}
			if g.Needed(w) {
				value := g.Value(x)
				p.linearDW(g.adding(w), dy, value, a)
			}
			if g.Needed(b) {
				p.columnSumAdd(g.adding(b), dy, out)
			}
			if g.Needed(residual) {
				g.Pass(residual, y)
			}
		},
	}
	if gelu {
		o.Again = func(g *Gradients, again Tensor) {
			if slope = g.complete(y); slope {
				p.geluAgain(again, g.Of(y), pre, form)
			} else {
				p.gelu(again, pre, form, nil)
			}
		}
	}
	p.record(o)
	return y
}

func (a LinearAttr) flops() int64 { return 2 * int64(a.Rows) * int64(a.In) * int64(a.Out) }

func (p *Program) linearDX(dx, dy, w Tensor, a LinearAttr, add bool) {
	a.GELU, a.Form, a.Add = false, 0, add
	p.record(Op{
		Kind: KindLinearDX, Reads: []Tensor{dy, w}, Writes: []Tensor{dx}, Attr: a, FLOPs: a.flops(),
		CPU: func(m *Memory) func() {
			g := &simd.GEMM{
				Form: simd.NN, Precision: a.Precision, M: a.Rows, N: a.In, K: a.Out, Accumulate: add,
				A: m.F32(dy), LDA: a.Out, B: m.F32(w), LDB: a.In, C: m.F32(dx), LDC: a.In,
			}
			return func() { m.Pool.GEMM(g) }
		},
	})
}

func (p *Program) linearDW(dw, dy, x Tensor, a LinearAttr) {
	a.GELU, a.Form, a.Add = false, 0, true
	p.record(Op{
		Kind: KindLinearDW, Reads: []Tensor{dy, x}, Writes: []Tensor{dw}, Attr: a, FLOPs: a.flops(),
		CPU: func(m *Memory) func() {
			g := &simd.GEMM{
				Form: simd.TN, Precision: a.Precision, M: a.Out, N: a.In, K: a.Rows, Accumulate: true,
				A: m.F32(dy), LDA: a.Out, B: m.F32(x), LDB: a.In, C: m.F32(dw), LDC: a.In,
			}
			return func() { m.Pool.GEMM(g) }
		},
	})
}

// columnSumAdd records dst [cols] += the sum of src's rows (numerics rule 3).
func (p *Program) columnSumAdd(dst, src Tensor, cols int) {
	p.record(Op{
		Kind: KindColumnSumAdd, Reads: []Tensor{src}, Writes: []Tensor{dst},
		CPU: func(m *Memory) func() {
			d, s := m.F32(dst), m.F32(src)
			return func() { m.Pool.ColumnSumAdd(d, s, cols) }
		},
	})
}

// geluInPlace records dy = dy·gelu'(pre).
func (p *Program) geluInPlace(dy, pre Tensor, form simd.GELUForm) {
	p.record(Op{
		Kind: KindGELUInPlace, Reads: []Tensor{dy, pre}, Writes: []Tensor{dy}, Attr: GELUAttr{form},
		CPU: func(m *Memory) func() {
			d, x := m.F32(dy), m.F32(pre)
			return func() { m.Pool.GELUGrad(d, d, x, form) }
		},
	})
}

// geluAgain records y = gelu(pre) and dy = dy·gelu'(pre). In the pass of the linear-dx before it, which finds dy in the cache, it
// took as long (Xeon, vit_mini: 114.1 and 114.7 ms of 388): what it writes is what costs.
func (p *Program) geluAgain(y, dy, pre Tensor, form simd.GELUForm) {
	p.record(Op{
		Kind: KindGELUAgain, Reads: []Tensor{dy, pre}, Writes: []Tensor{y, dy}, Attr: GELUAttr{form},
		CPU: func(m *Memory) func() {
			v, d, x := m.F32(y), m.F32(dy), m.F32(pre)
			return func() { m.Pool.GELUAndGrad(v, d, d, x, form) }
		},
	})
}
