package nn

const (
	KindAdd      Kind = "add"       // y <- a, b
	KindScale    Kind = "scale"     // y = Factor·x <- x
	KindAddTable Kind = "add-table" // y [B,N,D] <- x [B,N,D], table [N,D]
)

// ScaleAttr are the numbers of a [KindScale].
type ScaleAttr struct{ Factor float32 }

// Add returns a + b, of equal shape.
func (p *Program) Add(a, b Tensor) Tensor {
	check(a.Len() == b.Len() && a.Rank() == b.Rank(), KindAdd, "%v and %v: shapes differ", a, b)
	y := p.value("add", a.Shape()...)
	p.record(Op{
		Kind: KindAdd, Reads: []Tensor{a, b}, Writes: []Tensor{y},
		CPU: func(m *Memory) func() {
			dst, u, v := m.F32(y), m.F32(a), m.F32(b)
			return func() { m.Pool.Add(dst, u, v) }
		},
		Grad: func(g *Gradients) {
			// The copy to the second must be taken before the buffer that the
			// first inherits changes: Pass records it at once.
			for _, t := range []Tensor{a, b} {
				if g.Needed(t) {
					g.Pass(t, y)
				}
			}
		},
	})
	return y
}

// Scale returns c·x.
func (p *Program) Scale(x Tensor, c float32) Tensor {
	y := p.value("scale", x.Shape()...)
	p.scale(y, x, c, func(g *Gradients) {
		g.Add(x, func(dx Tensor) { p.scale(dx, g.Of(y), c, nil) })
	})
	return y
}

func (p *Program) scale(y, x Tensor, c float32, grad func(g *Gradients)) {
	p.record(Op{
		Kind: KindScale, Reads: []Tensor{x}, Writes: []Tensor{y}, Attr: ScaleAttr{c}, Grad: grad,
		CPU: func(m *Memory) func() {
			dst, src := m.F32(y), m.F32(x)
			return func() { m.Pool.Scale(dst, src, c) }
		},
	})
}

// AddTable returns x [B,...] plus table, which has the elements of one x[b]: a
// position table, fixed or trained.
func (p *Program) AddTable(x, table Tensor) Tensor {
	n := table.Len()
	check(x.Len() == x.Dim(0)*n, KindAddTable, "x %v and table %v: the table must have the %d elements of one image", x, table, x.Len()/x.Dim(0))
	y := p.value("add-table", x.Shape()...)
	p.record(Op{
		Kind: KindAddTable, Reads: []Tensor{x, table}, Writes: []Tensor{y},
		CPU: func(m *Memory) func() {
			dst, src, tab := m.F32(y), m.F32(x), m.F32(table)
			return func() { m.Pool.AddTable(dst, src, tab) }
		},
		Grad: func(g *Gradients) {
			if g.Needed(table) {
				p.columnSumAdd(g.adding(table), g.Of(y), n)
			}
			if g.Needed(x) {
				g.Pass(x, y)
			}
		},
	})
	return y
}
