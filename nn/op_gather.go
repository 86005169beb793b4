package nn

// B images, N tokens, n visible ones, D width, k rows picked of each image.
const (
	KindGather      Kind = "gather"       // y [B,k,D] <- x [B,N,D], idx [B,k]
	KindGatherGrad  Kind = "gather-grad"  // dx [B,N,D] <- dy [B,k,D], idx [B,k]
	KindRestore     Kind = "restore"      // y [B,N,D] <- x [B,n,D], token [D], idx [B,N]
	KindRestoreGrad Kind = "restore-grad" // dx [B,n,D], filled [B,N,D] <- dy [B,N,D], idx [B,N]
)

// Gather picks rows of each image: y[b,i] = x[b,idx[b,i]] with x [B,N,D], idx
// [B,k] of indices below N. An index may come up several times; the gradient
// then adds in ascending i.
func (p *Program) Gather(x, idx Tensor) Tensor {
	check(x.Rank() == 3 && idx.Rank() == 2 && idx.Index() && idx.Dim(0) == x.Dim(0), KindGather,
		"x %v, idx %v: need [B,N,D] and an index tensor [B,k]", x, idx)
	batch, n, d, k := x.Dim(0), x.Dim(1), x.Dim(2), idx.Dim(1)
	idx.limit(n)
	y := p.value("gather", batch, k, d)
	p.record(Op{
		Kind: KindGather, Reads: []Tensor{x, idx}, Writes: []Tensor{y},
		CPU: func(m *Memory) func() {
			dst, src, id := m.F32(y), m.F32(x), m.I32(idx)
			one := func(b, _ int) {
				for i := b * k; i < (b+1)*k; i++ {
					copy(dst[i*d:][:d], src[(b*n+int(id[i]))*d:][:d])
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
		Grad: func(g *Gradients) {
			g.Add(x, func(dx Tensor) { p.gatherGrad(dx, g.Of(y), idx, batch, n, k, d) })
		},
	})
	return y
}

func (p *Program) gatherGrad(dx, dy, idx Tensor, batch, n, k, d int) {
	p.record(Op{
		Kind: KindGatherGrad, Reads: []Tensor{dy, idx}, Writes: []Tensor{dx},
		CPU: func(m *Memory) func() {
			dst, src, id := m.F32(dx), m.F32(dy), m.I32(idx)
			one := func(b, _ int) {
				clear(dst[b*n*d:][:n*d])
				for i := b * k; i < (b+1)*k; i++ {
					addRow(dst[(b*n+int(id[i]))*d:][:d], src[i*d:][:d])
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
	})
}

// Restore puts visible rows back in image order: y[b,i] = x[b,idx[b,i]] where
// idx[b,i] < n, else token; x is [B,n,D], token has D elements, idx is [B,N] of
// indices below n+N. With idx [N,0,1,...,N-1] it also puts a class token in
// front of N rows.
func (p *Program) Restore(x, token, idx Tensor) Tensor {
	check(x.Rank() == 3 && idx.Rank() == 2 && idx.Index() && idx.Dim(0) == x.Dim(0) && token.Len() == x.Dim(2), KindRestore,
		"x %v, token %v, idx %v: need [B,n,D], D elements, an index tensor [B,N]", x, token, idx)
	batch, n, d, total := x.Dim(0), x.Dim(1), x.Dim(2), idx.Dim(1)
	idx.limit(n + total)
	y := p.value("restore", batch, total, d)
	p.record(Op{
		Kind: KindRestore, Reads: []Tensor{x, token, idx}, Writes: []Tensor{y},
		CPU: func(m *Memory) func() {
			dst, src, tok, id := m.F32(y), m.F32(x), m.F32(token), m.I32(idx)
			one := func(b, _ int) {
				for i := b * total; i < (b+1)*total; i++ {
					row := tok
					if j := int(id[i]); j < n {
						row = src[(b*n+j)*d:][:d]
					}
					copy(dst[i*d:][:d], row)
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
		Grad: func(g *Gradients) {
			write := func(dx Tensor) {
				filled := p.value("filled", y.Shape()...)
				p.restoreGrad(dx, filled, g.Of(y), idx, batch, n, total, d)
				if g.Needed(token) {
					p.columnSumAdd(g.adding(token), filled, d)
				}
			}
			if g.Needed(x) {
				g.Add(x, write)
			} else {
				write(p.value("scratch", x.Shape()...))
			}
		},
	})
	return y
}

func (p *Program) restoreGrad(dx, filled, dy, idx Tensor, batch, n, total, d int) {
	p.record(Op{
		Kind: KindRestoreGrad, Reads: []Tensor{dy, idx}, Writes: []Tensor{dx, filled},
		CPU: func(m *Memory) func() {
			rows, rest, src, id := m.F32(dx), m.F32(filled), m.F32(dy), m.I32(idx)
			one := func(b, _ int) {
				clear(rows[b*n*d:][:n*d])
				for i := b * total; i < (b+1)*total; i++ {
					row := src[i*d:][:d]
					if j := int(id[i]); j < n {
						clear(rest[i*d:][:d])
						addRow(rows[(b*n+j)*d:][:d], row)
					} else {
						copy(rest[i*d:][:d], row)
					}
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
	})
}

// addRow adds src to dst.
func addRow(dst, src []float32) {
	for i, v := range src {
		dst[i] += v
	}
}
