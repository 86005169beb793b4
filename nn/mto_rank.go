package nn

const (
	KindRankLoss     Kind = "rank-loss"      // see Program.RankLoss
	KindRankLossGrad Kind = "rank-loss-grad" // writes[0] = or += reads[0] * reads[1][Layer] / its length
)

// RankLoss records L_r of methods.md 11.3, [1]: heterogeneity should fall from
// layer to layer, by margin over all. hs holds the heterogeneity at layers
// l_0 < ... < l_K, each [B,m] or [B,1]; H^l is the mean of one.
//
//	L_r = (1/K) sum_k max(0, H^{l_k} - H^{l_{k-1}} + margin/K)
//
// Means and hinges are float64.
func (p *Program) RankLoss(hs []Tensor, margin float32) Tensor {
	check(len(hs) >= 2, KindRankLoss, "%d layers: need at least 2", len(hs))
	k := len(hs) - 1
	loss, slope := p.value("rank-loss", 1), p.value("slope", k+1)
	p.record(Op{
		Kind:   KindRankLoss,
		Reads:  hs,
		Writes: []Tensor{loss, slope}, // slope: derivative of the loss by each H^l
		Attr:   RankLossAttr{Margin: margin},
		CPU: func(m *Memory) func() {
			l, s := m.F32(loss), m.F32(slope)
			h := make([][]float32, k+1)
			for i, t := range hs {
				h[i] = m.F32(t)
			}
			step := float64(margin) / float64(k)
			share := float32(1 / float64(k))
			return func() {
				clear(s)
				var sum float64
				before := m.Pool.Sum(h[0]) / float64(len(h[0]))
				for i := 1; i <= k; i++ {
					mean := m.Pool.Sum(h[i]) / float64(len(h[i]))
					if rise := mean - before + step; rise > 0 {
						sum += rise
						s[i] += share
						s[i-1] -= share
					}
					before = mean
				}
				l[0] = float32(sum / float64(k))
			}
		},
		Grad: func(g *Gradients) {
			dloss := g.Of(loss)
			for i, t := range hs {
				if !g.Needed(t) {
					continue
				}
				dh, add := g.Into(t)
				p.record(Op{
					Kind: KindRankLossGrad, Reads: []Tensor{dloss, slope}, Writes: []Tensor{dh}, Attr: RankLossGradAttr{Layer: i, Add: add},
					CPU: func(m *Memory) func() {
						dst, up, s := m.F32(dh), m.F32(dloss), m.F32(slope)
						return func() { addUniform(dst, up[0]*s[i]/float32(len(dst)), add) }
					},
				})
			}
		},
	})
	return loss
}

// RankLossAttr holds the number of a rank-loss operation.
type RankLossAttr struct{ Margin float32 }

// RankLossGradAttr says which layer's gradient is written, and whether it is
// added to.
type RankLossGradAttr struct {
	Layer int
	Add   bool
}
