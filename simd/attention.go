package simd

import "fmt"

// Attention is softmax(scale·q·kᵀ + bias)·v for each image and head, on short sequences: the matrix of probabilities
// is computed and kept whole. B images, N tokens, h heads, hd elements a head.
//
// The products are form NT and NN of GEMM; logits are scaled (rounded), then the bias is added (rounded), then comes
// the softmax of SoftmaxRows (numerics rule 5). A row of logits that is all -Inf gives probabilities and output zero.
type Attention struct {
	Batch, Tokens, Heads, HeadDim int

	Scale float32

	QKV   []float32 // [B,N,3,h,hd], read only
	Out   []float32 // [B,N,h*hd], overwritten
	Probs []float32 // [B,h,N,N], overwritten

	// LogProbs [B,h,N,N] is overwritten with the log-softmax of the logits; nil if not wanted.
	LogProbs []float32

	// Bias is added to the scaled logits; -Inf is allowed. The block [N,N] of image b and head i begins at element
	// b*BiasBatch + i*BiasHead; a stride of 0 shares it. nil for none.
	Bias                []float32
	BiasBatch, BiasHead int
}

// check panics where a slice is too short.
func (a *Attention) check() {
	b, n, h, d := a.Batch, a.Tokens, a.Heads, a.HeadDim
	if b < 0 || n < 0 || h < 0 || d < 0 || a.BiasBatch < 0 || a.BiasHead < 0 {
		panic(fmt.Sprintf("attention: sizes batch=%d tokens=%d heads=%d headdim=%d bias strides %d, %d: found one below 0; give sizes of 0 or more",
			b, n, h, d, a.BiasBatch, a.BiasHead))
	}
	need(a.QKV, "qkv", "batch*tokens*3*heads*headdim", b*n*3*h*d)
	need(a.Probs, "probs", "batch*heads*tokens*tokens", b*h*n*n)
	if a.LogProbs != nil {
		need(a.LogProbs, "logprobs", "batch*heads*tokens*tokens", b*h*n*n)
	}
	if a.Bias != nil && b*h > 0 {
		need(a.Bias, "bias", "(batch-1)*biasbatch + (heads-1)*biashead + tokens*tokens", (b-1)*a.BiasBatch+(h-1)*a.BiasHead+n*n)
	}
}

// need panics unless s, an argument of attention, has n elements.
func need(s []float32, name, formula string, n int) {
	if len(s) < n {
		panic(fmt.Sprintf("attention: %s has %d elements, need %s = %d", name, len(s), formula, n))
	}
}

// attentionJob is an attention under way; a task is some heads, of one image or more.
type attentionJob struct {
	call  Attention
	whole bool // heads are computed by the kernels for whole heads
	work  []headWork

	task func(task, worker int)
}

func (j *attentionJob) prepare(p *Pool) {
	j.work = make([]headWork, p.threads)
	j.task = func(task, worker int) {
		heads := j.call.Batch * j.call.Heads
		lo, hi := headsOf(heads, task)
		for i := lo; i < hi; i++ {
			raceHead(&j.call, i)
		}
		if j.whole {
			j.work[worker].forward(&j.call, lo, hi)
			return
		}
		for i := lo; i < hi; i++ {
			j.head(p.workers[worker], i)
		}
	}
}

// headTasks is the number of tasks heads are handed out in.
func headTasks(heads int) int { return min(heads, wantTasks) }

// headsOf returns the heads lo <= i < hi of a task.
func headsOf(heads, task int) (lo, hi int) {
	tasks := headTasks(heads)
	return heads * task / tasks, heads * (task + 1) / tasks
}

// raceHead tells the race detector what a head writes.
func raceHead(a *Attention, task int) {
	h := a.headOf(task)
	raceWrite(a.Probs, h.square, a.Tokens*a.Tokens)
	if a.LogProbs != nil {
		raceWrite(a.LogProbs, h.square, a.Tokens*a.Tokens)
	}
	for i := range a.Tokens {
		raceWrite(a.Out, h.out+i*h.outLD, a.HeadDim)
	}
}

// Attention computes what a describes, on all threads.
func (p *Pool) Attention(a *Attention) {
	a.check()
	need(a.Out, "out", "batch*tokens*heads*headdim", a.Batch*a.Tokens*a.Heads*a.HeadDim)
	if a.Tokens == 0 || a.HeadDim == 0 {
		return
	}
	j := &p.forward
	j.call, j.whole = *a, headKernels(a.Tokens, a.HeadDim)
	p.For(headTasks(a.Batch*a.Heads), j.task)
	j.call = Attention{}
}

// head is one head of one image: where its operands lie.
type head struct {
	q, k, v    []float32 // [N,hd], rows 3*h*hd apart
	ld         int       // 3*h*hd
	out, outLD int       // offset of [N,hd] in Out and its like, and the distance of rows there
	square     int       // offset of [N,N] in Probs and its like
	bias       []float32 // [N,N] or nil
}

// headOf finds head task%h of image task/h.
func (a *Attention) headOf(task int) head {
	b, i := task/a.Heads, task%a.Heads
	width := a.Heads * a.HeadDim
	x := a.QKV[b*a.Tokens*3*width+i*a.HeadDim:]
	h := head{
		q: x, k: x[width:], v: x[2*width:], ld: 3 * width,
		out: b*a.Tokens*width + i*a.HeadDim, outLD: width,
		square: task * a.Tokens * a.Tokens,
	}
	if a.Bias != nil {
		h.bias = a.Bias[b*a.BiasBatch+i*a.BiasHead:][:a.Tokens*a.Tokens]
	}
	return h
}

func (j *attentionJob) head(w *worker, task int) {
	a := &j.call
	n, h := a.Tokens, a.headOf(task)
	probs := a.Probs[h.square:][:n*n]
	w.product(&GEMM{Form: NT, M: n, N: n, K: a.HeadDim, A: h.q, LDA: h.ld, B: h.k, LDB: h.ld, C: probs, LDC: n})
	if h.bias == nil && a.LogProbs == nil {
		kernels.SoftmaxRows(probs, probs, n, a.Scale)
	} else {
		kernels.Scale(probs, probs, a.Scale)
		if h.bias != nil {
			kernels.Add(probs, probs, h.bias)
		}
		if a.LogProbs != nil {
			kernels.LogSoftmaxRows(a.LogProbs[h.square:][:n*n], probs, n)
		}
		kernels.SoftmaxRows(probs, probs, n, 1)
	}
	w.product(&GEMM{Form: NN, M: n, N: a.HeadDim, K: n, A: probs, LDA: n, B: h.v, LDB: h.ld, C: a.Out[h.out:], LDC: h.outLD})
}
