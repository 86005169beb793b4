package nn

import (
	"math"

	"github.com/mtobench/mtobench/simd"
)

// B images, N tokens, D width, h heads.
const (
	KindAttention     Kind = "attention"      // out [B,N,D], probs [B,h,N,N], logprobs like probs or absent, logits (handle) or absent <- qkv [B,N,3D], bias or absent
	KindAttentionGrad Kind = "attention-grad" // dqkv [B,N,3D] <- dout [B,N,D], qkv, probs, dprobs or absent, dlogits or absent
)

// AttentionAttr are the numbers of a [KindAttention] or [KindAttentionGrad].
type AttentionAttr struct {
	Batch, Tokens, Heads, HeadDim int
	Scale                         float32 // 1/sqrt(HeadDim), on the products of query and key
	BiasBatch, BiasHead           int     // element strides of the bias, 0 = shared
}

// AttentionOptions are the optional parts of [Program.Attention].
type AttentionOptions struct {
	// Bias is added to the scaled logits: [B or 1, h or 1, N, N]. It may hold
	// -Inf. No gradient flows to it.
	Bias Tensor
	// Tap asks for the AttentionTap's LogProbs and Logits.
	Tap bool
}

// An AttentionTap shows the inside of an attention. Gradients that operations
// contribute to Probs and Logits join the attention's own: with s the logits
// after scale and bias and a their softmax,
//
//	da = dout·vᵀ + (gradient of Probs)
//	ds = softmax backward of da + (gradient of Logits)
type AttentionTap struct {
	Probs    Tensor // [B,h,N,N], the rows' softmax
	LogProbs Tensor // [B,h,N,N], its logarithm; no gradient of its own: contribute to Logits instead. Absent unless tapped
	Logits   Tensor // [B,h,N,N], a handle without data that collects gradients. Absent unless tapped
}

// Attention is multi-head self-attention. qkv is [B,N,3D]: queries, keys and
// values, each split in heads of D/heads. The result is [B,N,D].
func (p *Program) Attention(qkv Tensor, heads int, o AttentionOptions) (Tensor, AttentionTap) {
	check(qkv.Rank() == 3 && heads > 0 && qkv.Dim(2)%(3*heads) == 0, KindAttention, "qkv %v, %d heads: need [B,N,3·heads·headDim]", qkv, heads)
	b, n, d := qkv.Dim(0), qkv.Dim(1), qkv.Dim(2)/3
	a := AttentionAttr{Batch: b, Tokens: n, Heads: heads, HeadDim: d / heads}
	a.Scale = float32(1 / math.Sqrt(float64(a.HeadDim)))
	if o.Bias.Valid() {
		a.BiasBatch, a.BiasHead = biasStrides(o.Bias, a)
	}

	out := p.value("attention", b, n, d)
	tap := AttentionTap{Probs: p.value("probs", b, heads, n, n)}
	if o.Tap {
		tap.LogProbs = p.value("logprobs", b, heads, n, n)
		tap.Logits = p.tensor(tensorInfo{name: tap.Probs.Name() + ".logits", shape: tap.Probs.Shape(), role: RoleHandle})
	}
	p.record(Op{
		Kind: KindAttention, Attr: a, FLOPs: 2 * a.product(),
		Reads: []Tensor{qkv, o.Bias}, Writes: []Tensor{out, tap.Probs, tap.LogProbs, tap.Logits},
		CPU: func(m *Memory) func() {
			at := &simd.Attention{
				Batch: b, Tokens: n, Heads: heads, HeadDim: a.HeadDim, Scale: a.Scale,
				QKV: m.F32(qkv), Out: m.F32(out), Probs: m.F32(tap.Probs), LogProbs: m.F32(tap.LogProbs),
				Bias: m.F32(o.Bias), BiasBatch: a.BiasBatch, BiasHead: a.BiasHead,
			}
			return func() { m.Pool.Attention(at) }
		},
		Grad: func(g *Gradients) {
			dout := g.OfOrZero(out)
			dprobs := g.Of(tap.Probs)
			var dlogits Tensor
			if o.Tap {
				dlogits = g.Of(tap.Logits)
			}
			g.Add(qkv, func(dqkv Tensor) { p.attentionGrad(dqkv, dout, qkv, tap.Probs, dprobs, dlogits, a) })
		},
	})
	if o.Tap {
		tap.LogProbs.info().needs = false
	}
	return out, tap
}

// product is the FLOP of one of the attention's matrix products.
func (a AttentionAttr) product() int64 {
	return 2 * int64(a.Batch) * int64(a.Heads) * int64(a.Tokens) * int64(a.Tokens) * int64(a.HeadDim)
}

// biasStrides checks the bias's shape and returns its strides over images and
// heads.
func biasStrides(bias Tensor, a AttentionAttr) (batch, head int) {
	n2 := a.Tokens * a.Tokens
	check(bias.Rank() == 4 && bias.Dim(2) == a.Tokens && bias.Dim(3) == a.Tokens &&
		(bias.Dim(0) == 1 || bias.Dim(0) == a.Batch) && (bias.Dim(1) == 1 || bias.Dim(1) == a.Heads),
		KindAttention, "bias %v: need [%d or 1, %d or 1, %d, %d]", bias, a.Batch, a.Heads, a.Tokens, a.Tokens)
	check(!bias.info().needs, KindAttention, "bias %v: a trained bias isn't supported; Detach it", bias)
	if bias.Dim(1) > 1 {
		head = n2
	}
	if bias.Dim(0) > 1 {
		batch = bias.Dim(1) * n2
	}
	return batch, head
}

func (p *Program) attentionGrad(dqkv, dout, qkv, probs, dprobs, dlogits Tensor, a AttentionAttr) {
	p.record(Op{
		Kind: KindAttentionGrad, Attr: a, FLOPs: 4 * a.product(),
		Reads: []Tensor{dout, qkv, probs, dprobs, dlogits}, Writes: []Tensor{dqkv},
		CPU: func(m *Memory) func() {
			at := &simd.AttentionGrad{
				Attention: simd.Attention{
					Batch: a.Batch, Tokens: a.Tokens, Heads: a.Heads, HeadDim: a.HeadDim, Scale: a.Scale,
					QKV: m.F32(qkv), Probs: m.F32(probs),
				},
				DOut: m.F32(dout), DQKV: m.F32(dqkv), DProbs: m.F32(dprobs), DLogits: m.F32(dlogits),
			}
			return func() { m.Pool.AttentionGrad(at) }
		},
	})
}
