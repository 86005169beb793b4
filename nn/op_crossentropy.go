package nn

// B rows, K classes.
const (
	KindCrossEntropy     Kind = "cross-entropy"      // loss [1], rows [B], logprobs [B,K], sums [B] <- logits [B,K], labels [B]
	KindCrossEntropyGrad Kind = "cross-entropy-grad" // dlogits [B,K] <- dloss [1], logits [B,K], labels [B]
)

// CrossEntropyAttr are the numbers of a [KindCrossEntropy] and its gradient.
type CrossEntropyAttr struct {
	Classes   int
	Smoothing float64 // s: the target is (1-s)·onehot + s/K
}

// CrossEntropy is the mean over rows of the cross-entropy between the softmax of
// the logits [B,K] and the label's one-hot vector, smoothed: the target is
// (1-s)·onehot + s/K (Szegedy et al., CVPR 2016). labels is an index tensor [B]
// of classes below K; smoothing s is in [0, 1).
//
// A row's loss is formed in float64 from its log-probabilities (numerics rules 4
// and 5) and rounded; the rows are added by the rule for long vectors.
func (p *Program) CrossEntropy(logits, labels Tensor, smoothing float64) Tensor {
	check(logits.Rank() == 2 && labels.Index() && labels.Len() == logits.Dim(0), KindCrossEntropy,
		"logits %v, labels %v: need [B,K] and an index tensor [B]", logits, labels)
	check(smoothing >= 0 && smoothing < 1, KindCrossEntropy, "smoothing is %v, need 0 to less than 1", smoothing)
	batch, k := logits.Dim(0), logits.Dim(1)
	labels.limit(k)
	a := CrossEntropyAttr{Classes: k, Smoothing: smoothing}
	own, each := a.targets()
	loss, rows := p.value(string(KindCrossEntropy), 1), p.value("rows", batch)
	logprobs, sums := p.value("logprobs", batch, k), p.value("sums", batch)
	p.record(Op{
		Kind: KindCrossEntropy, Reads: []Tensor{logits, labels}, Writes: []Tensor{loss, rows, logprobs, sums}, Attr: a,
		CPU: func(m *Memory) func() {
			dst, row, lp, sum, x, id := m.F32(loss), m.F32(rows), m.F32(logprobs), m.F32(sums), m.F32(logits), m.I32(labels)
			return func() {
				m.Pool.LogSoftmaxRows(lp, x, k)
				m.Pool.RowSum(sum, lp, k)
				for b := range row {
					row[b] = float32(-float64(own*float64(lp[b*k+int(id[b])])) - float64(each*float64(sum[b])))
				}
				dst[0] = float32(m.Pool.Sum(row) / float64(batch))
			}
		},
		Grad: func(g *Gradients) {
			g.Add(logits, func(dlogits Tensor) { p.crossEntropyGrad(dlogits, g.Of(loss), logits, labels, a) })
		},
	})
	return loss
}

// targets returns what the smoothed target gives the label on top of what it
// gives each class.
func (a CrossEntropyAttr) targets() (own, each float64) {
	return 1 - a.Smoothing, a.Smoothing / float64(a.Classes)
}

func (p *Program) crossEntropyGrad(dlogits, dloss, logits, labels Tensor, a CrossEntropyAttr) {
	batch, k := logits.Dim(0), a.Classes
	own, each := a.targets()
	p.record(Op{
		Kind: KindCrossEntropyGrad, Reads: []Tensor{dloss, logits, labels}, Writes: []Tensor{dlogits}, Attr: a,
		CPU: func(m *Memory) func() {
			dst, dl, x, id := m.F32(dlogits), m.F32(dloss), m.F32(logits), m.I32(labels)
			all, label := float32(each), float32(own+each)
			return func() {
				m.Pool.SoftmaxRows(dst, x, k, 1)
				s := dl[0] / float32(batch)
				for b := range batch {
					row := dst[b*k:][:k]
					for c := range row {
						target := all
						if c == int(id[b]) {
							target = label
						}
						row[c] = (row[c] - target) * s
					}
				}
			}
		},
	})
}
