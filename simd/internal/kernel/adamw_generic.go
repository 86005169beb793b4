package kernel

import "github.com/mtobench/mtobench/internal/detmath"

// AdamW are the numbers of one step, each rounded once from those of the configuration by package simd. The fields
// lie in the order in which assembly finds them.
type AdamW struct {
	GradScale float32
	Beta1     float32
	OneMinus1 float32 // 1 - beta1
	Beta2     float32
	OneMinus2 float32 // 1 - beta2
	Decay     float32 // 1 - lr·decay
	Root      float32 // 1/sqrt(1 - beta2^t)
	Eps       float32
	Step      float32 // -lr/(1 - beta1^t)
}

// adamW is numerics rule 7:
//
//	g = g·gradScale
//	m = fma(beta1, m, (1-beta1)·g)
//	v = fma(beta2, v, ((1-beta2)·g)·g)
//	p = fma(step, m/fma(sqrt v, root, eps), p·decay)
func adamW(p, m, v, g []float32, c *AdamW) {
	for i := range p {
		gi := g[i] * c.GradScale
		mi := detmath.FMA32(c.Beta1, m[i], float32(c.OneMinus1*gi))
		vi := detmath.FMA32(c.Beta2, v[i], float32(float32(c.OneMinus2*gi)*gi))
		m[i], v[i] = mi, vi
		u := mi / detmath.FMA32(sqrt(vi), c.Root, c.Eps)
		p[i] = detmath.FMA32(c.Step, u, float32(p[i]*c.Decay))
	}
}
