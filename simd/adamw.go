package simd

import (
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// AdamW is one step of Adam with decoupled weight decay (Loshchilov and Hutter 2019), numerics rule 7:
//
//	g = G·GradScale
//	M = Beta1·M + (1-Beta1)·g
//	V = Beta2·V + (1-Beta2)·g²
//	P = P·(1 - LR·Decay) - LR/Correct1 · M/(sqrt(V)/sqrt(Correct2) + Eps)
//
// The order of operations is in kernel.AdamW and in the method AdamW.
type AdamW struct {
	P, M, V []float32 // weights, first and second moment: updated
	G       []float32 // gradients: read only

	LR, Beta1, Beta2, Eps float32
	Decay                 float32
	Correct1, Correct2    float32 // 1 - Beta1^t and 1 - Beta2^t
	GradScale             float32 // of clipping; 1 for none
}

// AdamW takes the step a describes.
func (p *Pool) AdamW(a *AdamW) {
	equal("adamw", "m", a.M, len(a.P))
	equal("adamw", "v", a.V, len(a.P))
	equal("adamw", "g", a.G, len(a.P))
	o := operands{dst: a.P, x: a.M, y: a.V, z: a.G, adam: kernel.AdamW{
		GradScale: a.GradScale,
		Beta1:     a.Beta1, OneMinus1: 1 - a.Beta1,
		Beta2: a.Beta2, OneMinus2: 1 - a.Beta2,
		Decay: detmath.FMA32(-a.LR, a.Decay, 1),
		Root:  1 / float32(math.Sqrt(float64(a.Correct2))),
		Eps:   a.Eps,
		Step:  -a.LR / a.Correct1,
	}}
	p.elements(len(a.P), o, func(o *operands, lo, hi int) {
		raceWrite(o.dst, lo, hi-lo)
		kernels.AdamW(o.dst[lo:hi], o.x[lo:hi], o.y[lo:hi], o.z[lo:hi], &o.adam)
	})
}
