package nn

import "github.com/mtobench/mtobench/simd"

const (
	KindGELU     Kind = "gelu"      // y <- x
	KindGELUGrad Kind = "gelu-grad" // dx <- dy, x
)

// GELUAttr are the numbers of a [KindGELU], [KindGELUGrad],
// [KindGELUInPlace] or [KindGELUAgain].
type GELUAttr struct{ Form simd.GELUForm }

// GELU returns gelu(x), element by element (methods.md 1.1).
func (p *Program) GELU(x Tensor, form simd.GELUForm) Tensor {
	y := p.value("gelu", x.Shape()...)
	p.gelu(y, x, form, func(g *Gradients) {
		g.Add(x, func(dx Tensor) { p.geluGrad(dx, g.Of(y), x, form) })
	})
	return y
}

func (p *Program) gelu(y, x Tensor, form simd.GELUForm, grad func(g *Gradients)) {
	p.record(Op{
		Kind: KindGELU, Reads: []Tensor{x}, Writes: []Tensor{y}, Attr: GELUAttr{form}, Grad: grad,
		CPU: func(m *Memory) func() {
			dst, src := m.F32(y), m.F32(x)
			return func() { m.Pool.GELU(dst, src, form) }
		},
	})
}

func (p *Program) geluGrad(dx, dy, x Tensor, form simd.GELUForm) {
	p.record(Op{
		Kind: KindGELUGrad, Reads: []Tensor{dy, x}, Writes: []Tensor{dx}, Attr: GELUAttr{form},
		CPU: func(m *Memory) func() {
			d, u, v := m.F32(dx), m.F32(dy), m.F32(x)
			return func() { m.Pool.GELUGrad(d, u, v, form) }
		},
	})
}
