package nn

// B images, N tokens, D width, k rows picked of each image.
const (
	KindSelect       Kind = "select"         // y [B,N,D] <- z [B,N,D], token [D], mask [B,N]
	KindSelectGrad   Kind = "select-grad"    // dz [B,N,D], masked [B,N,D] <- dy [B,N,D], mask [B,N]; dy's rows in one, zeros in the other
	KindBroadcast    Kind = "broadcast"      // y [B,k,D] <- token [D]
	KindMeanTokens   Kind = "mean-tokens"    // y [B,D] <- x [B,N,D]
	KindMeanTokensDX Kind = "mean-tokens-dx" // dx [B,N,D] <- dy [B,D]
)

// SelectTokens returns z [B,N,D] with the rows whose mask [B,N] isn't 0 replaced
// by token, which has D elements.
func (p *Program) SelectTokens(z, token, mask Tensor) Tensor {
	check(z.Rank() == 3 && token.Len() == z.Dim(2) && mask.Len() == z.Dim(0)*z.Dim(1), KindSelect,
		"z %v, token %v, mask %v: need [B,N,D], D elements, [B,N]", z, token, mask)
	batch, d := z.Dim(0), z.Dim(2)
	y := p.value("select", z.Shape()...)
	p.record(Op{
		Kind: KindSelect, Reads: []Tensor{z, token, mask}, Writes: []Tensor{y},
		CPU: func(m *Memory) func() {
			dst, src, tok, msk := m.F32(y), m.F32(z), m.F32(token), m.F32(mask)
			n := len(msk) / batch
			one := func(b, _ int) {
				for r := b * n; r < (b+1)*n; r++ {
					if msk[r] != 0 {
						copy(dst[r*d:][:d], tok)
					} else {
						copy(dst[r*d:][:d], src[r*d:][:d])
					}
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
		Grad: func(g *Gradients) {
			write := func(dz Tensor) {
				masked := p.value("masked", z.Shape()...)
				p.selectGrad(dz, masked, g.Of(y), mask, batch, d)
				if g.Needed(token) {
					p.columnSumAdd(g.adding(token), masked, d)
				}
			}
			if g.Needed(z) {
				g.Add(z, write)
			} else {
				write(p.value("scratch", z.Shape()...))
			}
		},
	})
	return y
}

func (p *Program) selectGrad(dz, masked, dy, mask Tensor, batch, d int) {
	p.record(Op{
		Kind: KindSelectGrad, Reads: []Tensor{dy, mask}, Writes: []Tensor{dz, masked},
		CPU: func(m *Memory) func() {
			seen, hidden, src, msk := m.F32(dz), m.F32(masked), m.F32(dy), m.F32(mask)
			n := len(msk) / batch
			one := func(b, _ int) {
				for r := b * n; r < (b+1)*n; r++ {
					take, clearRow := seen[r*d:][:d], hidden[r*d:][:d]
					if msk[r] != 0 {
						take, clearRow = clearRow, take
					}
					copy(take, src[r*d:][:d])
					clear(clearRow)
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
	})
}

// Broadcast returns [B,k,D] with every row equal to token, which has D elements.
func (p *Program) Broadcast(token Tensor, batch, k int) Tensor {
	d := token.Len()
	y := p.value("broadcast", batch, k, d)
	p.record(Op{
		Kind: KindBroadcast, Reads: []Tensor{token}, Writes: []Tensor{y},
		CPU: func(m *Memory) func() {
			dst, tok := m.F32(y), m.F32(token)
			one := func(b, _ int) {
				for r := b * k; r < (b+1)*k; r++ {
					copy(dst[r*d:][:d], tok)
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
		Grad: func(g *Gradients) { p.columnSumAdd(g.adding(token), g.Of(y), d) },
	})
	return y
}

// MeanTokens returns the mean over the tokens of x [B,N,D]: [B,D]. Tokens are
// added in ascending order, then multiplied by 1/N.
func (p *Program) MeanTokens(x Tensor) Tensor {
	check(x.Rank() == 3, KindMeanTokens, "x %v: need [B,N,D]", x)
	batch, n, d := x.Dim(0), x.Dim(1), x.Dim(2)
	inv := float32(1 / float64(n))
	y := p.value("mean-tokens", batch, d)
	p.record(Op{
		Kind: KindMeanTokens, Reads: []Tensor{x}, Writes: []Tensor{y},
		CPU: func(m *Memory) func() {
			dst, src := m.F32(y), m.F32(x)
			one := func(b, _ int) {
				sum := dst[b*d:][:d]
				clear(sum)
				for i := range n {
					row := src[(b*n+i)*d:][:d]
					for j, v := range row {
						sum[j] += v
					}
				}
				for j := range sum {
					sum[j] *= inv
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
		Grad: func(g *Gradients) {
			g.Add(x, func(dx Tensor) { p.meanTokensDX(dx, g.Of(y), batch, n, d, inv) })
		},
	})
	return y
}

func (p *Program) meanTokensDX(dx, dy Tensor, batch, n, d int, inv float32) {
	p.record(Op{
		Kind: KindMeanTokensDX, Reads: []Tensor{dy}, Writes: []Tensor{dx},
		CPU: func(m *Memory) func() {
			dst, src := m.F32(dx), m.F32(dy)
			one := func(b, _ int) {
				first := dst[b*n*d:][:d]
				for j, v := range src[b*d:][:d] {
					first[j] = v * inv
				}
				for i := 1; i < n; i++ {
					copy(dst[(b*n+i)*d:][:d], first)
				}
			}
			return func() { m.Pool.For(batch, one) }
		},
	})
}
