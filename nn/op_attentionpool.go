package nn

import "math"

// B images, N tokens, D width, h heads.
const (
	KindAttentionPool     Kind = "attention-pool"      // out [B,D], probs [B,h,N], logits [B,h,N] <- query [D], kv [B,N,2D]
	KindAttentionPoolGrad Kind = "attention-pool-grad" // dkv [B,N,2D], dquery [B,D] by image, dlogits [B,h,N] <- dout [B,D], query, kv, probs
)

// AttentionPoolAttr are the numbers of a [KindAttentionPool] and its gradient.
type AttentionPoolAttr struct {
	Batch, Tokens, Heads, HeadDim int
	Scale                         float32 // 1/sqrt(HeadDim), on the products of query and key
}

// AttentionPool is cross-attention of one learned query to the tokens of each
// image: kv [B,N,2D] holds keys and then values, query has D elements, each split
// in heads of D/heads. The result is [B,D]. Each product of query and key is one
// chain over the head's dimensions, each element of the result one over the
// tokens, both ascending and rounded at every step; softmax by numerics rule 5.
func (p *Program) AttentionPool(query, kv Tensor, heads int) Tensor {
	d := query.Len()
	check(kv.Rank() == 3 && kv.Dim(2) == 2*d && heads > 0 && d%heads == 0, KindAttentionPool,
		"query %v, kv %v, %d heads: need D elements, [B,N,2D], a divisor of D", query, kv, heads)
	a := AttentionPoolAttr{Batch: kv.Dim(0), Tokens: kv.Dim(1), Heads: heads, HeadDim: d / heads}
	a.Scale = float32(1 / math.Sqrt(float64(a.HeadDim)))
	out := p.value(string(KindAttentionPool), a.Batch, d)
	probs, logits := p.value("probs", a.Batch, heads, a.Tokens), p.value("logits", a.Batch, heads, a.Tokens)
	p.record(Op{
		Kind: KindAttentionPool, Reads: []Tensor{query, kv}, Writes: []Tensor{out, probs, logits}, Attr: a, FLOPs: 2 * a.product(),
		CPU: func(m *Memory) func() {
			dst, pr, lg, q, x := m.F32(out), m.F32(probs), m.F32(logits), m.F32(query), m.F32(kv)
			product := func(b, _ int) { a.logits(lg, q, x, b) }
			sum := func(b, _ int) { a.mix(dst, pr, x, b) }
			return func() {
				m.Pool.For(a.Batch, product)
				m.Pool.SoftmaxRows(pr, lg, a.Tokens, a.Scale)
				m.Pool.For(a.Batch, sum)
			}
		},
		Grad: func(g *Gradients) {
			write := func(dkv Tensor) {
				dquery := p.value("dquery", a.Batch, d)
				p.attentionPoolGrad(dkv, dquery, g.Of(out), query, kv, probs, a)
				if g.Needed(query) {
					p.columnSumAdd(g.adding(query), dquery, d)
				}
			}
			if g.Needed(kv) {
				g.Add(kv, write)
			} else {
				write(p.value("scratch", kv.Shape()...))
			}
		},
	})
	return out
}

// product is the FLOP of one of the pool's matrix products.
func (a AttentionPoolAttr) product() int64 {
	return 2 * int64(a.Batch) * int64(a.Heads) * int64(a.Tokens) * int64(a.HeadDim)
}

// row is where the tokens of one head of image b begin in [B,h,N].
func (a AttentionPoolAttr) row(b, head int) int { return (b*a.Heads + head) * a.Tokens }

func (a AttentionPoolAttr) logits(dst, q, kv []float32, b int) {
	d := a.Heads * a.HeadDim
	for h := range a.Heads {
		to, query := dst[a.row(b, h):][:a.Tokens], q[h*a.HeadDim:][:a.HeadDim]
		for n := range to {
			key := kv[(b*a.Tokens+n)*2*d+h*a.HeadDim:][:a.HeadDim]
			sum := float32(0)
			for j, v := range query {
				sum += float32(v * key[j])
			}
			to[n] = sum
		}
	}
}

func (a AttentionPoolAttr) mix(dst, probs, kv []float32, b int) {
	d := a.Heads * a.HeadDim
	clear(dst[b*d:][:d])
	for h := range a.Heads {
		to := dst[b*d+h*a.HeadDim:][:a.HeadDim]
		for n, w := range probs[a.row(b, h):][:a.Tokens] {
			for j, v := range kv[(b*a.Tokens+n)*2*d+d+h*a.HeadDim:][:a.HeadDim] {
				to[j] += float32(w * v)
			}
		}
	}
}

func (p *Program) attentionPoolGrad(dkv, dquery, dout, query, kv, probs Tensor, a AttentionPoolAttr) {
	dlogits := p.value("dlogits", probs.Shape()...)
	p.record(Op{
		Kind: KindAttentionPoolGrad, Reads: []Tensor{dout, query, kv, probs}, Writes: []Tensor{dkv, dquery, dlogits}, Attr: a, FLOPs: 4 * a.product(),
		CPU: func(m *Memory) func() {
			dx, dq, ds := m.F32(dkv), m.F32(dquery), m.F32(dlogits)
			dy, q, x, pr := m.F32(dout), m.F32(query), m.F32(kv), m.F32(probs)
			values := func(b, _ int) { a.valuesGrad(dx, ds, dy, x, pr, b) }
			keys := func(b, _ int) { a.keysGrad(dx, dq, ds, q, x, b) }
			return func() {
				m.Pool.For(a.Batch, values)
				m.Pool.SoftmaxRowsGrad(ds, ds, pr, a.Tokens, a.Scale)
				m.Pool.For(a.Batch, keys)
			}
		},
	})
}

// valuesGrad writes the values' gradient of image b, and that of the probabilities.
func (a AttentionPoolAttr) valuesGrad(dkv, dprobs, dout, kv, probs []float32, b int) {
	d := a.Heads * a.HeadDim
	for h := range a.Heads {
		dy := dout[b*d+h*a.HeadDim:][:a.HeadDim]
		for n, w := range probs[a.row(b, h):][:a.Tokens] {
			at := (b*a.Tokens+n)*2*d + d + h*a.HeadDim
			value, dvalue := kv[at:][:a.HeadDim], dkv[at:][:a.HeadDim]
			sum := float32(0)
			for j, v := range dy {
				sum += float32(v * value[j])
				dvalue[j] = w * v
			}
			dprobs[a.row(b, h)+n] = sum
		}
	}
}

// keysGrad writes the keys' gradient of image b, and its part of the query's.
func (a AttentionPoolAttr) keysGrad(dkv, dquery, dlogits, q, kv []float32, b int) {
	d := a.Heads * a.HeadDim
	clear(dquery[b*d:][:d])
	for h := range a.Heads {
		query, dq := q[h*a.HeadDim:][:a.HeadDim], dquery[b*d+h*a.HeadDim:][:a.HeadDim]
		for n, s := range dlogits[a.row(b, h):][:a.Tokens] {
			at := (b*a.Tokens+n)*2*d + h*a.HeadDim
			key, dkey := kv[at:][:a.HeadDim], dkv[at:][:a.HeadDim]
			for j, v := range query {
				dkey[j] = s * v
				dq[j] += float32(s * key[j])
			}
		}
	}
}
