package nn

import (
	"math"

	"github.com/mtobench/mtobench/simd"
)

const (
	KindClipNorm Kind = "clip-norm" // stats [4] <- grads, loss [1], stats
	KindAdamW    Kind = "adamw"     // weights, moment1, moment2 <- grads, stats [4], hyper [4]
	KindAverage  Kind = "average"   // averaged <- weights, stats [4], hyper [4]
)

// Elements of the tensor that [Program.Stats] returns.
const (
	StatLoss    = iota // the loss given to Backward
	StatNorm           // the L2 norm of the gradient before clipping
	StatScale          // the factor that clips it; 0 if loss or norm isn't finite
	StatSkipped        // steps since loading that changed no weight because loss or norm weren't finite
	NumStats
)

// Elements of the tensor that [Program.Hyper] returns.
const (
	HyperLR       = iota // learning rate
	HyperCorrect1        // 1 - beta1^t
	HyperCorrect2        // 1 - beta2^t
	HyperAverage         // decay of the average of the weights
	NumHyper
)

// ClipNormAttr are the numbers of a [KindClipNorm].
type ClipNormAttr struct{ Max float64 }

// AdamWConfig are the fixed numbers of AdamW: Loshchilov and Hutter, ICLR 2019.
type AdamWConfig struct {
	Beta1, Beta2 float64
	Eps          float64 // outside the root
	Decay        float64 // for the parameters whose specification asks for it
}

// Hyper returns the input [NumHyper] with the numbers that change from step to
// step.
func (p *Program) Hyper() Tensor {
	if t, ok := p.named["hyper"]; ok {
		return t
	}
	return p.Input("hyper", NumHyper)
}

// Stats returns the tensor [NumStats] that [Program.ClipNorm] writes.
func (p *Program) Stats() Tensor {
	check(p.stats.Valid(), KindClipNorm, "the program has no ClipNorm")
	return p.stats
}

// ClipNorm appends the check of the step: the L2 norm of the whole gradient, and
// the factor max/norm if norm > max, else 1 (max 0 = never clip). Both, and the
// loss, go to [Program.Stats]. The gradient buffer keeps the unclipped gradient;
// the update multiplies by the factor. If loss or norm isn't finite the factor
// is 0, and the operations of the update that follow do nothing: the host finds
// the weights of the step before.
func (p *Program) ClipNorm(max float64) {
	check(p.loss.Valid(), KindClipNorm, "comes before Backward")
	check(!p.stats.Valid(), KindClipNorm, "called twice")
	check(max >= 0, KindClipNorm, "max is %v, need 0 or more", max)
	grads, loss := p.state(Grads), p.loss
	p.stats = p.value("stats", NumStats)
	p.record(Op{
		Kind: KindClipNorm, Reads: []Tensor{grads, loss, p.stats}, Writes: []Tensor{p.stats}, Attr: ClipNormAttr{max},
		CPU: func(m *Memory) func() {
			stats, g, l := m.F32(p.stats), m.F32(grads), m.F32(loss)
			return func() {
				norm := math.Sqrt(m.Pool.SumSquares(g))
				stats[StatLoss], stats[StatNorm] = l[0], float32(norm)
				switch {
				case !finite(float64(l[0])) || !finite(float64(stats[StatNorm])): // as the host reads it: a norm beyond float32 is one too
					stats[StatScale] = 0
					stats[StatSkipped]++
				case max > 0 && norm > max:
					stats[StatScale] = float32(max / norm)
				default:
					stats[StatScale] = 1
				}
			}
		},
	})
}

func finite(x float64) bool { return x-x == 0 }

// AdamW appends the update of the weights, with the factors of their
// specifications on learning rate and decay. hyper is [Program.Hyper].
func (p *Program) AdamW(c AdamWConfig, hyper Tensor) {
	p.startUpdate(KindAdamW, hyper)
	w, m1, m2, grads := p.state(Weights), p.state(Moment1), p.state(Moment2), p.state(Grads)
	p.record(Op{
		Kind: KindAdamW, Reads: []Tensor{grads, p.stats, hyper}, Writes: []Tensor{w, m1, m2}, Attr: c,
		CPU: func(m *Memory) func() {
			var parts []*simd.AdamW
			var scales []float32
			for _, r := range p.params.updateRuns() {
				parts = append(parts, &simd.AdamW{
					P: m.F32(w)[r.from:r.to], M: m.F32(m1)[r.from:r.to], V: m.F32(m2)[r.from:r.to], G: m.F32(grads)[r.from:r.to],
					Beta1: float32(c.Beta1), Beta2: float32(c.Beta2), Eps: float32(c.Eps), Decay: float32(c.Decay * r.decay),
				})
				scales = append(scales, float32(r.lr))
			}
			stats, h := m.F32(p.stats), m.F32(hyper)
			return func() {
				if stats[StatScale] == 0 {
					return
				}
				for i, a := range parts {
					a.LR, a.Correct1, a.Correct2, a.GradScale = scales[i]*h[HyperLR], h[HyperCorrect1], h[HyperCorrect2], stats[StatScale]
					m.Pool.AdamW(a)
				}
			}
		},
	})
}

// Average appends averaged = d·averaged + (1-d)·weights with d from hyper, which
// is [Program.Hyper].
func (p *Program) Average(hyper Tensor) {
	p.startUpdate(KindAverage, hyper)
	avg, w := p.state(Averaged), p.state(Weights)
	p.record(Op{
		Kind: KindAverage, Reads: []Tensor{avg, w, p.stats, hyper}, Writes: []Tensor{avg},
		CPU: func(m *Memory) func() {
			dst, src, stats, h := m.F32(avg), m.F32(w), m.F32(p.stats), m.F32(hyper)
			return func() {
				if stats[StatScale] != 0 {
					m.Pool.EMA(dst, src, h[HyperAverage])
				}
			}
		},
	})
}

func (p *Program) startUpdate(kind Kind, hyper Tensor) {
	check(p.stats.Valid(), kind, "comes before ClipNorm; call it first, with 0 for no clipping")
	check(hyper.Valid() && hyper.Len() == NumHyper, kind, "hyper is %v; use Program.Hyper", hyper)
	p.phase = Update
}

// AdamWClock counts the steps of AdamW and gives its bias corrections. Powers of
// the betas are repeated float64 products (numerics rule 7).
type AdamWClock struct {
	beta1, beta2 float64
	pow1, pow2   float64
	step         int
}

// NewAdamWClock returns a clock after the given number of steps: 0 for a fresh
// run.
func NewAdamWClock(c AdamWConfig, steps int) *AdamWClock {
	k := &AdamWClock{beta1: c.Beta1, beta2: c.Beta2, pow1: 1, pow2: 1}
	for range steps {
		k.Next()
	}
	return k
}

// Next counts one step and returns 1-beta1^t and 1-beta2^t for it.
func (k *AdamWClock) Next() (correct1, correct2 float32) {
	k.step++
	k.pow1 = float64(k.pow1 * k.beta1)
	k.pow2 = float64(k.pow2 * k.beta2)
	return float32(1 - k.pow1), float32(1 - k.pow2)
}

// Step returns how many steps have been counted.
func (k *AdamWClock) Step() int { return k.step }

// AverageDecay returns the decay d = 1 - 1/horizon of an average of the weights
// over horizon steps (methods.md 1.6), or 0 if the horizon is below one step.
func AverageDecay(horizon float64) float32 {
	if !(horizon > 1) {
		return 0
	}
	return float32(1 - 1/horizon)
}
