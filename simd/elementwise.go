package simd

// Add computes dst = a + b.
func (p *Pool) Add(dst, a, b []float32) {
	equal("add", "a", a, len(dst))
	equal("add", "b", b, len(dst))
	p.elements(len(dst), operands{dst: dst, x: a, y: b}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.Add(o.dst[lo:hi], o.x[lo:hi], o.y[lo:hi])
	})
}

// Sub computes dst = a - b.
func (p *Pool) Sub(dst, a, b []float32) {
	equal("sub", "a", a, len(dst))
	equal("sub", "b", b, len(dst))
	p.elements(len(dst), operands{dst: dst, x: a, y: b}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.Sub(o.dst[lo:hi], o.x[lo:hi], o.y[lo:hi])
	})
}

// Mul computes dst = a·b, element by element.
func (p *Pool) Mul(dst, a, b []float32) {
	equal("mul", "a", a, len(dst))
	equal("mul", "b", b, len(dst))
	p.elements(len(dst), operands{dst: dst, x: a, y: b}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.Mul(o.dst[lo:hi], o.x[lo:hi], o.y[lo:hi])
	})
}

// Scale computes dst = a·s.
func (p *Pool) Scale(dst, a []float32, s float32) {
	equal("scale", "a", a, len(dst))
	p.elements(len(dst), operands{dst: dst, x: a, scale: s}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.Scale(o.dst[lo:hi], o.x[lo:hi], o.scale)
	})
}

// AddScaled computes dst = s·a + dst, with one rounding.
func (p *Pool) AddScaled(dst, a []float32, s float32) {
	equal("add scaled", "a", a, len(dst))
	p.elements(len(dst), operands{dst: dst, x: a, scale: s}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.AddScaled(o.dst[lo:hi], o.x[lo:hi], o.scale)
	})
}

// EMA computes dst = d·dst + (1-d)·src: 1-d and its product with src are rounded, then the whole once.
func (p *Pool) EMA(dst, src []float32, d float32) {
	equal("ema", "src", src, len(dst))
	p.elements(len(dst), operands{dst: dst, x: src, scale: d}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.EMA(o.dst[lo:hi], o.x[lo:hi], o.scale)
	})
}

// Fill sets each element of dst to v.
func (p *Pool) Fill(dst []float32, v float32) {
	p.elements(len(dst), operands{dst: dst, scale: v}, func(o *operands, lo, hi int) {
		if d := o.dst[lo:hi]; o.scale == 0 && 1/o.scale > 0 {
			clear(d)
		} else {
			for i := range d {
				d[i] = o.scale
			}
		}
	})
}

// AddTable computes dst = x + table, the table repeated: dst[i] = x[i] + table[i mod len(table)]. The length of dst
// is a multiple of the table's.
func (p *Pool) AddTable(dst, x, table []float32) {
	equal("add table", "x", x, len(dst))
	if len(dst) == 0 {
		return
	}
	n := rowsOf("add table", len(dst), len(table))
	p.rows(n, operands{dst: dst, x: x, y: table, cols: len(table)}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo*o.cols, (hi-lo)*o.cols)
		for r := lo; r < hi; r++ {
			i, j := r*o.cols, (r+1)*o.cols
			kernels.Add(o.dst[i:j], o.x[i:j], o.y)
		}
	})
}

// ScaleRows computes dst = x·s, s having an element for each row of cols elements.
func (p *Pool) ScaleRows(dst, x, s []float32, cols int) {
	equal("scale rows", "x", x, len(dst))
	n := rowsOf("scale rows", len(dst), cols)
	perRow("scale rows", "s", s, n)
	p.rows(n, operands{dst: dst, x: x, y: s, cols: cols}, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo*o.cols, (hi-lo)*o.cols)
		for r := lo; r < hi; r++ {
			i, j := r*o.cols, (r+1)*o.cols
			kernels.Scale(o.dst[i:j], o.x[i:j], o.y[r])
		}
	})
}

// AllFinite reports whether x holds neither infinities nor NaNs.
func (p *Pool) AllFinite(x []float32) bool {
	p.spans.found.Store(false)
	p.elements(len(x), operands{x: x, found: &p.spans.found}, func(o *operands, lo, hi int) {
		if !o.found.Load() && !kernels.AllFinite(o.x[lo:hi]) {
			o.found.Store(true)
		}
	})
	return !p.spans.found.Load()
}
