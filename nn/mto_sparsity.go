package nn

import "github.com/mtobench/mtobench/internal/detmath"

const (
	KindSparsityLoss     Kind = "sparsity-loss"      // loss [1], mass, entropy, cost [B,h,n+c] <- probs, logprobs [B,h,N,N], visible [B,n], masked [B,m]
	KindSparsityLossGrad Kind = "sparsity-loss-grad" // dlogits [B,h,N,N] <- dloss, probs, logprobs, mass, entropy, visible, masked
)

// SparsityAttr holds the numbers of L_spa (methods.md 11.3) for one block.
type SparsityAttr struct {
	Mass, Entropy float32 // w_m and w_E; a part with weight 0 isn't computed
	Floor         float32 // E_min: row entropy below it costs nothing
	Eps           float32 // least visible mass in the value of U
	Centred       bool    // the gradient of U also raises the visible logits of a row, all by the same
	ClassTokens   int     // class tokens, which are visible, come first in a sequence
}

// Sparsity is what [Program.SparsityLoss] returns. B images, h heads, n visible
// patches, c class tokens.
type Sparsity struct {
	Loss Tensor // [1]
	Mass Tensor // [B,h,c+n], attention of each visible row on masked keys
}

// SparsityLoss records one block's share of L_spa (methods.md 11.3): how much
// the visible queries attend to masked keys, and how widely they attend at all.
// For the attention a_ij of a visible row i (class tokens are visible) over its
// N keys:
//
//	m_i = sum of a_ij over masked j
//	U_i = -ln max(1-m_i, eps) / ln(N/(n+c))       1 for uniform attention
//	E_i = -sum_j a_ij ln a_ij / ln N
//	loss = mean over images, heads and rows of Mass U_i + Entropy max(0, E_i - Floor)
//
// The gradient goes to tap.Logits. That of U leaves out the logits s_v of visible
// keys, as if they were stopped: U can only push masked keys down, and doesn't
// sharpen the attention between visible tokens. With Centred they enter as
// mean(s) + sg(s_v - mean(s)) over the row's visible keys: U still leaves their
// differences alone, but its gradient sums to 0 over the row, so that it can't be
// spent on lowering all logits at once, which changes no attention. eps acts on
// the value alone.
// Indices count patches. A row's sums follow numerics rule 4; logarithms and the
// mean are float64.
func (p *Program) SparsityLoss(tap AttentionTap, visible, masked Tensor, a SparsityAttr) Sparsity {
	check(tap.LogProbs.Valid(), KindSparsityLoss, "attention isn't tapped; record it with AttentionOptions.Tap")
	b, heads, keys := tap.Probs.Dim(0), tap.Probs.Dim(1), tap.Probs.Dim(3)
	checkSplit(KindSparsityLoss, visible, masked, b, keys-a.ClassTokens)
	rows := a.ClassTokens + visible.Dim(1)
	op := &sparsityOp{
		SparsityAttr: a, tap: tap, visible: visible, masked: masked,
		images: b, heads: heads, keys: keys, rows: rows,
		lnMass: detmath.Log(float64(keys) / float64(rows)), lnKeys: detmath.Log(float64(keys)),
		loss:    p.value("sparsity", 1),
		mass:    p.value("masked-mass", b, heads, rows),
		entropy: p.value("row-entropy", b, heads, rows),
		cost:    p.value("row-cost", b, heads, rows),
	}
	p.record(Op{
		Kind: KindSparsityLoss, Attr: a,
		Reads:  []Tensor{tap.Probs, tap.LogProbs, visible, masked},
		Writes: []Tensor{op.loss, op.mass, op.entropy, op.cost},
		CPU:    op.forward,
		Grad:   op.grad,
	})
	return Sparsity{op.loss, op.mass}
}

// checkSplit panics unless visible [B,n] and masked [B,m] can split n+m patches.
func checkSplit(kind Kind, visible, masked Tensor, b, patches int) {
	check(visible.Rank() == 2 && visible.Index() && visible.Dim(0) == b && masked.Rank() == 2 && masked.Index() && masked.Dim(0) == b &&
		visible.Dim(1)+masked.Dim(1) == patches, kind, "visible %v, masked %v: need int32 [%d,n] and [%d,m] with n+m = %d", visible, masked, b, b, patches)
}

type sparsityOp struct {
	SparsityAttr
	tap                       AttentionTap
	visible, masked           Tensor
	images, heads, keys, rows int
	lnMass, lnKeys            float64

	loss          Tensor // [1]
	mass, entropy Tensor // [B,h,c+n]; entropy = E ln N, or 0 where it costs nothing
	cost          Tensor // [B,h,c+n]
}

// visibleRow returns the position in the sequence of an image's i-th visible
// token, given its visible patches: class tokens come first.
func visibleRow(visible []int32, classTokens, i int) int {
	if i < classTokens {
		return i
	}
	return classTokens + int(visible[i-classTokens])
}

func (op *sparsityOp) forward(m *Memory) func() {
	probs, logs := m.F32(op.tap.Probs), m.F32(op.tap.LogProbs)
	visible, masked := m.I32(op.visible), m.I32(op.masked)
	loss, mass, entropy, cost := m.F32(op.loss), m.F32(op.mass), m.F32(op.entropy), m.F32(op.cost)
	n, k := op.visible.Dim(1), op.masked.Dim(1)
	heads := func(task, _ int) {
		b := task / op.heads
		vis, hidden := visible[b*n:][:n], masked[b*k:][:k]
		for i := range op.rows {
			at := (task*op.keys + visibleRow(vis, op.ClassTokens, i)) * op.keys
			r := task*op.rows + i
			mass[r], entropy[r], cost[r] = op.row(probs[at:][:op.keys], logs[at:][:op.keys], hidden)
		}
	}
	return func() {
		m.Pool.For(op.images*op.heads, heads)
		loss[0] = float32(m.Pool.Sum(cost) / float64(len(cost)))
	}
}

// row returns the masked mass of one row, its entropy, or 0 where that costs
// nothing, and its cost.
func (op *sparsityOp) row(a, lna []float32, masked []int32) (mass, entropy, cost float32) {
	mass = sumAt(a[op.ClassTokens:], masked)
	var c float64
	if op.Mass != 0 {
		left := max(1-float64(mass), float64(op.Eps))
		c -= float64(float64(op.Mass) * detmath.Log(left) / op.lnMass)
	}
	if op.Entropy != 0 {
		h := -sumPLogP(a, lna)
		if over := float64(h)/op.lnKeys - float64(op.Floor); over > 0 {
			entropy = h
			c += float64(float64(op.Entropy) * over)
		}
	}
	return mass, entropy, float32(c)
}

// grad records, for a visible row, with r the number of rows of the batch,
//
//	ds_j = dL/r a_j ( Mass [j masked] / ln(N/(n+c)) - Entropy [E > Floor] (ln a_j + h)/ln N )
//
// h being the raw row entropy, and 0 for masked rows. If Centred, each visible
// key also gets -dL/r Mass m/(n+c) / ln(N/(n+c)).
func (op *sparsityOp) grad(g *Gradients) {
	dloss := g.Of(op.loss)
	dlogits, add := g.Into(op.tap.Logits)
	g.p.record(Op{
		Kind: KindSparsityLossGrad, Attr: SparsityGradAttr{op.SparsityAttr, add},
		Reads:  []Tensor{dloss, op.tap.Probs, op.tap.LogProbs, op.mass, op.entropy, op.visible, op.masked},
		Writes: []Tensor{dlogits},
		CPU:    func(m *Memory) func() { return op.backward(m, dloss, dlogits, add) },
	})
}

// SparsityGradAttr says whether the gradient adds to dlogits or overwrites it.
type SparsityGradAttr struct {
	SparsityAttr
	Add bool
}

func (op *sparsityOp) backward(m *Memory, dlossT, dlogitsT Tensor, add bool) func() {
	dloss, dlogits := m.F32(dlossT), m.F32(dlogitsT)
	probs, logs, entropy, mass := m.F32(op.tap.Probs), m.F32(op.tap.LogProbs), m.F32(op.entropy), m.F32(op.mass)
	visible, masked := m.I32(op.visible), m.I32(op.masked)
	n, k := op.visible.Dim(1), op.masked.Dim(1)
	head := op.keys * op.keys
	heads := func(task, _ int) {
		b := task / op.heads
		vis, hidden := visible[b*n:][:n], masked[b*k:][:k]
		if !add {
			clear(dlogits[task*head:][:head])
		}
		up := dloss[0] / float32(op.images*op.heads*op.rows)
		for i := range op.rows {
			at := (task*op.keys + visibleRow(vis, op.ClassTokens, i)) * op.keys
			r := task*op.rows + i
			op.rowGrad(dlogits[at:][:op.keys], probs[at:][:op.keys], logs[at:][:op.keys], vis, hidden, entropy[r], mass[r], up)
		}
	}
	return func() { m.Pool.For(op.images*op.heads, heads) }
}

// rowGrad adds the gradient of up times the cost of one row to ds.
func (op *sparsityOp) rowGrad(ds, a, lna []float32, visible, masked []int32, entropy, mass, up float32) {
	if entropy != 0 {
		f := -up * op.Entropy / float32(op.lnKeys)
		lna, ds := lna[:len(a)], ds[:len(a)]
		for j, x := range a {
			if x != 0 { // 0 ln 0 = 0
				ds[j] += float32(float32(f*x) * (lna[j] + entropy))
			}
		}
	}
	if op.Mass != 0 {
		f := up * op.Mass / float32(op.lnMass)
		for _, j := range masked {
			ds[op.ClassTokens+int(j)] += float32(f * a[op.ClassTokens+int(j)])
		}
		if op.Centred {
			f = f * mass / float32(op.rows)
			for i := range op.rows {
				ds[visibleRow(visible, op.ClassTokens, i)] -= f
			}
		}
	}
}

// sumAt returns the sum of x[i] over the indices, in the 16 lanes of numerics
// rule 4.
func sumAt(x []float32, indices []int32) float32 {
	var lane [16]float32
	for k, i := range indices {
		lane[k&15] += x[i]
	}
	return laneSum(&lane)
}

// sumPLogP returns the sum of a ln a, products rounded, in the 16 lanes of
// numerics rule 4; 0 ln 0 = 0.
func sumPLogP(a, lna []float32) float32 {
	var lane [16]float32
	lna = lna[:len(a)]
	for j, x := range a {
		if x != 0 {
			lane[j&15] += float32(x * lna[j])
		}
	}
	return laneSum(&lane)
}

// laneSum adds the lanes up as a tree: i+8, i+4, i+2, i+1.
func laneSum(lane *[16]float32) float32 {
	for step := 8; step > 0; step /= 2 {
		for i := range step {
			lane[i] += lane[i+step]
		}
	}
	return lane[0]
}
