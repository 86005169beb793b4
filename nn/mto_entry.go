package nn

import (
	"math"
)

const (
	KindEntryLoss     Kind = "entry-loss"      // see Program.EntryLoss
	KindEntryLossGrad Kind = "entry-loss-grad" // see entryLossOp.grad
)

// EntryLoss records L_e of methods.md 11.3 for one network, [1]: the mask token
// should resemble no visible embedding, and lie at least as far from their mean
// as they do.
//
//	L_e = mean(1 - H) + distance * mean(max(0, 1 - d_e/(kappa d_v))^2)
//
// h is what [Program.Heterogeneity] returned for the token [1,1,D] and the
// visible embeddings; d_e is the token's distance from their mean, d_v the root
// mean square of their own, both means are over images, and the visible side is
// stopped. An image whose visible embeddings are all equal (d_v = 0) has no
// distance term. direction [D], a unit vector, takes the place of the gradient's
// direction where d_e = 0. With distance 0 the second term isn't computed.
func (p *Program) EntryLoss(h Heterogeneity, token, direction Tensor, distance, kappa float32) Tensor {
	images, d := h.H.Dim(0), token.Dim(-1)
	check(token.Len() == d && h.offset.Dim(1) == 1 && h.offset.Dim(2) == d, KindEntryLoss, "token %v, heterogeneity %v: need those of one token", token, h.offset)
	check(direction.Len() == d, KindEntryLoss, "direction %v: need [%d]", direction, d)
	check(kappa > 0, KindEntryLoss, "kappa %v: need a number above 0", kappa)
	op := &entryLossOp{
		h: h, token: token, direction: direction,
		attr:  EntryLossAttr{Images: images, Width: d, Distance: distance, Kappa: kappa},
		loss:  p.value("entry-loss", 1),
		slope: p.value("slope", images),
	}
	p.record(Op{
		Kind:   KindEntryLoss,
		Reads:  []Tensor{h.H, h.distance, h.spread, token},
		Writes: []Tensor{op.loss, op.slope},
		Attr:   op.attr,
		CPU:    op.forward,
		Grad:   op.grad,
	})
	return op.loss
}

// EntryLossAttr holds the numbers of an entry-loss operation.
type EntryLossAttr struct {
	Images, Width   int
	Distance, Kappa float32
}

type entryLossOp struct {
	h                Heterogeneity
	token, direction Tensor
	attr             EntryLossAttr

	loss  Tensor // [1]
	slope Tensor // [B]: -2 (1-rho) / (kappa d_v), or 0; the hinge's derivative by d_e
}

// forward works in float64, images ascending.
func (op *entryLossOp) forward(m *Memory) func() {
	a := op.attr
	h, distance, spread := m.F32(op.h.H), m.F32(op.h.distance), m.F32(op.h.spread)
	loss, slope := m.F32(op.loss), m.F32(op.slope)
	n := len(spread) / a.Images
	return func() {
		var sum, hinges float64
		for b := range a.Images {
			sum += 1 - float64(h[b])
			slope[b] = 0
			if a.Distance == 0 {
				continue
			}
			var square float64
			for _, x := range spread[b*n:][:n] {
				square += float64(float64(x) * float64(x))
			}
			reach := float64(float64(a.Kappa) * math.Sqrt(square/float64(n)))
			if short := reach - float64(distance[b]); short > 0 {
				hinge := short / reach
				hinges += float64(hinge * hinge)
				slope[b] = float32(-2 * hinge / reach)
			}
		}
		loss[0] = float32((sum + float64(float64(a.Distance)*hinges)) / float64(a.Images))
	}
}

// grad records dH = -dL/B and adds to the token's gradient, for each image,
// dL/B * distance * slope * (e - mean)/d_e.
func (op *entryLossOp) grad(g *Gradients) {
	a, p := op.attr, g.p
	dloss := g.Of(op.loss)
	if g.Needed(op.h.H) {
		dh, add := g.Into(op.h.H)
		p.record(Op{Kind: KindEntryLossGrad, Reads: []Tensor{dloss}, Writes: []Tensor{dh}, CPU: func(m *Memory) func() {
			dst, up := m.F32(dh), m.F32(dloss)
			return func() { addUniform(dst, -up[0]/float32(a.Images), add) }
		}})
	}
	if a.Distance == 0 || !g.Needed(op.token) {
		return
	}
	rows := p.value("scratch", a.Images, a.Width)
	dtoken, add := g.Into(op.token)
	p.record(Op{
		Kind:   KindEntryLossGrad,
		Reads:  []Tensor{dloss, op.slope, op.h.offset, op.h.distance, op.direction},
		Writes: []Tensor{dtoken, rows},
		Attr:   a,
		CPU: func(m *Memory) func() {
			dst, out, up := m.F32(dtoken), m.F32(rows), m.F32(dloss)
			slope, offset, distance, direction := m.F32(op.slope), m.F32(op.h.offset), m.F32(op.h.distance), m.F32(op.direction)
			return func() {
				scale := up[0] * a.Distance / float32(a.Images)
				for b, s := range slope {
					away, row := offset[b*a.Width:][:a.Width], out[b*a.Width:][:a.Width]
					f := scale * s
					if distance[b] == 0 {
						away = direction
					} else {
						f /= distance[b]
					}
					for k := range row {
						row[k] = f * away[k]
					}
				}
				if !add {
					clear(dst)
				}
				m.Pool.ColumnSumAdd(dst, out, a.Width)
			}
		},
	})
}

// addUniform adds v to all of dst, or sets them to v.
func addUniform(dst []float32, v float32, add bool) {
	for i := range dst {
		if add {
			dst[i] += v
		} else {
			dst[i] = v
		}
	}
}
