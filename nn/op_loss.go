package nn

// B images, N tokens, P values of a patch, C channels.
const (
	KindMaskedL1      Kind = "masked-l1"       // loss [1], rows [B,N] <- pred [B,N,P], target [B,N,P], mask [B,N]
	KindMaskedL1Grad  Kind = "masked-l1-grad"  // dpred [B,N,P] <- dloss [1], pred, target, mask
	KindMaskedMSE     Kind = "masked-mse"      // like KindMaskedL1
	KindMaskedMSEGrad Kind = "masked-mse-grad" // like KindMaskedL1Grad
	KindWeightedSum   Kind = "weighted-sum"    // y [1] <- value [1], scale [1] or absent, of each term
	KindTermGrad      Kind = "term-grad"       // dvalue [1] <- dy [1], scale [1] or absent
)

// MaskedLossAttr are the numbers of a masked loss and its gradient: the loss is
// Σ mask·rows / ((Σ mask)·Count + Guard).
type MaskedLossAttr struct {
	Cols  int     // values a row, P
	Guard float64 // added to the denominator
}

// MaskedL1 is SimMIM's loss (methods.md 2): the sum of |pred - target| over the
// rows with mask 1, divided by (pixels + guard)·channels, where pixels is the
// number of pixels of those rows, P/channels each. pred and target are [B,N,P],
// mask [B,N] of zeros and ones. The target has no gradient.
func (p *Program) MaskedL1(pred, target, mask Tensor, channels int, guard float64) Tensor {
	check(channels > 0 && pred.Dim(-1)%channels == 0, KindMaskedL1, "pred %v: %d channels don't divide the last side", pred, channels)
	return p.maskedLoss(KindMaskedL1, pred, target, mask, guard*float64(channels))
}

// MaskedMSE is MAE's loss (methods.md 3): the mean, over the rows with mask 1 of
// the whole batch, of the mean over P of (pred - target)². Shapes as in
// [Program.MaskedL1]. With no row masked it is 0.
func (p *Program) MaskedMSE(pred, target, mask Tensor) Tensor {
	return p.maskedLoss(KindMaskedMSE, pred, target, mask, 0)
}

func (p *Program) maskedLoss(kind Kind, pred, target, mask Tensor, guard float64) Tensor {
	cols := pred.Dim(-1)
	check(pred.Len() == target.Len() && target.Dim(-1) == cols && mask.Len()*cols == pred.Len(), kind,
		"pred %v, target %v, mask %v: need [B,N,P], the same, [B,N]", pred, target, mask)
	check(!target.info().needs && !mask.info().needs, kind, "target %v or mask %v depends on a parameter; Detach it", target, mask)
	a := MaskedLossAttr{Cols: cols, Guard: guard}
	loss, rows := p.value(string(kind), 1), p.value("rows", mask.Len())
	p.record(Op{
		Kind: kind, Reads: []Tensor{pred, target, mask}, Writes: []Tensor{loss, rows}, Attr: a,
		CPU: func(m *Memory) func() {
			dst, sums, x, t, msk := m.F32(loss), m.F32(rows), m.F32(pred), m.F32(target), m.F32(mask)
			reduce := m.Pool.L1Rows
			if kind == KindMaskedMSE {
				reduce = m.Pool.L2Rows
			}
			return func() {
				reduce(sums, x, t, cols)
				dst[0] = float32(ratio(m.Pool.Dot(sums, msk), a.denominator(m.Pool.Sum(msk))))
			}
		},
		Grad: func(g *Gradients) {
			g.Add(pred, func(dpred Tensor) { p.maskedLossGrad(kind+"-grad", dpred, g.Of(loss), pred, target, mask, a) })
		},
	})
	return loss
}

func (p *Program) maskedLossGrad(kind Kind, dpred, dloss, pred, target, mask Tensor, a MaskedLossAttr) {
	p.record(Op{
		Kind: kind, Reads: []Tensor{dloss, pred, target, mask}, Writes: []Tensor{dpred}, Attr: a,
		CPU: func(m *Memory) func() {
			dst, dl, x, t, msk := m.F32(dpred), m.F32(dloss), m.F32(pred), m.F32(target), m.F32(mask)
			spread := m.Pool.L1RowsGrad
			if kind == KindMaskedMSEGrad {
				spread = m.Pool.L2RowsGrad
			}
			return func() {
				s := float32(ratio(float64(dl[0]), a.denominator(m.Pool.Sum(msk))))
				spread(dst, x, t, msk, a.Cols, s)
			}
		},
	})
}

// denominator is what the masked sum is divided by, given Σ mask.
func (a MaskedLossAttr) denominator(masked float64) float64 {
	return float64(masked*float64(a.Cols)) + a.Guard
}

// ratio is a/b, and 0 where there is nothing to divide by.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// A Term is a part of a loss: Weight·Scale·Value.
type Term struct {
	Value  Tensor  // [1]
	Weight float32 // fixed; a term with weight 0 isn't recorded at all
	Scale  Tensor  // [1], a factor that the host uploads, or absent for 1
}

// WeightedSumAttr are the weights of a [KindWeightedSum] or the one of a
// [KindTermGrad].
type WeightedSumAttr struct{ Weights []float32 }

// WeightedSum returns the sum of the terms, [1]: added in their order in
// float64 and rounded once. At least one weight must not be 0.
func (p *Program) WeightedSum(terms []Term) Tensor {
	var kept []Term
	var reads []Tensor
	var a WeightedSumAttr
	for _, t := range terms {
		if t.Weight == 0 {
			continue // numerics rule 15
		}
		check(t.Value.Len() == 1 && (!t.Scale.Valid() || t.Scale.Len() == 1), KindWeightedSum, "value %v, scale %v: need one element each", t.Value, t.Scale)
		check(!t.Scale.Valid() || !t.Scale.info().needs, KindWeightedSum, "scale %v depends on a parameter; Detach it", t.Scale)
		kept = append(kept, t)
		reads = append(reads, t.Value, t.Scale)
		a.Weights = append(a.Weights, t.Weight)
	}
	check(len(kept) > 0, KindWeightedSum, "no term with a weight other than 0")
	y := p.value("weighted-sum", 1)
	p.record(Op{
		Kind: KindWeightedSum, Reads: reads, Writes: []Tensor{y}, Attr: a,
		CPU: func(m *Memory) func() {
			dst := m.F32(y)
			values, factors := make([][]float32, len(kept)), make([]func() float64, len(kept))
			for i, t := range kept {
				values[i], factors[i] = m.F32(t.Value), m.factor(t)
			}
			return func() {
				sum := 0.0
				for i, v := range values {
					sum += float64(factors[i]() * float64(v[0]))
				}
				dst[0] = float32(sum)
			}
		},
		Grad: func(g *Gradients) {
			for _, t := range kept {
				if g.Needed(t.Value) {
					g.Add(t.Value, func(dv Tensor) { p.termGrad(dv, g.Of(y), t) })
				}
			}
		},
	})
	return y
}

func (p *Program) termGrad(dv, dy Tensor, t Term) {
	p.record(Op{
		Kind: KindTermGrad, Reads: []Tensor{dy, t.Scale}, Writes: []Tensor{dv}, Attr: WeightedSumAttr{[]float32{t.Weight}},
		CPU: func(m *Memory) func() {
			dst, src, factor := m.F32(dv), m.F32(dy), m.factor(t)
			return func() { dst[0] = float32(factor() * float64(src[0])) }
		},
	})
}

// factor returns a function that computes t's weight times its scale.
func (m *Memory) factor(t Term) func() float64 {
	w := float64(t.Weight)
	if !t.Scale.Valid() {
		return func() float64 { return w }
	}
	scale := m.F32(t.Scale)
	return func() float64 { return w * float64(scale[0]) }
}
