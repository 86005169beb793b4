package simd

// AttentionGrad is the backward of Attention: from the gradient of its output to that of q, k and v. It reads QKV,
// Probs and the sizes of the embedded Attention; Out, LogProbs and Bias aren't needed.
//
// With dP = dOut·vᵀ (form NT), plus DProbs, the gradient of the logits is Probs∘(dP - rowsum(Probs∘dP)), plus DLogits;
// times Scale it is dS. Then dq = dS·k (form NN), dk = dSᵀ·q and dv = Probsᵀ·dOut (form TN). Numerics rule 5.
type AttentionGrad struct {
	Attention

	DOut []float32 // [B,N,h*hd], read only
	DQKV []float32 // [B,N,3,h,hd], overwritten

	DProbs  []float32 // [B,h,N,N], gradient of a loss on Probs, added before the softmax's backward; nil for none
	DLogits []float32 // [B,h,N,N], gradient of a loss on the biased logits, added after it, before scaling; nil for none
}

// attentionGradJob is the backward of an attention under way; a task is some heads, of one image or more.
type attentionGradJob struct {
	call  AttentionGrad
	whole bool // heads are computed by the kernels for whole heads
	work  []headWork

	task func(task, worker int)
}

func (j *attentionGradJob) prepare(p *Pool) {
	j.work = p.forward.work
	j.task = func(task, worker int) {
		heads := j.call.Batch * j.call.Heads
		lo, hi := headsOf(heads, task)
		for i := lo; i < hi; i++ {
			raceHeadGrad(&j.call, i)
		}
		if j.whole {
			j.work[worker].backward(&j.call, lo, hi)
			return
		}
		for i := lo; i < hi; i++ {
			j.head(p.workers[worker], i)
		}
	}
}

// raceHeadGrad tells the race detector what the gradient of a head writes.
func raceHeadGrad(a *AttentionGrad, task int) {
	h := a.headOf(task)
	dq := task/a.Heads*a.Tokens*h.ld + task%a.Heads*a.HeadDim
	for i := range a.Tokens {
		for part := range 3 {
			raceWrite(a.DQKV, dq+i*h.ld+part*h.outLD, a.HeadDim)
		}
	}
}

// AttentionGrad computes what a describes, on all threads.
func (p *Pool) AttentionGrad(a *AttentionGrad) {
	forward := a.Attention
	forward.LogProbs, forward.Bias = nil, nil
	forward.check()
	b, n, h, d := a.Batch, a.Tokens, a.Heads, a.HeadDim
	need(a.DOut, "dout", "batch*tokens*heads*headdim", b*n*h*d)
	need(a.DQKV, "dqkv", "batch*tokens*3*heads*headdim", b*n*3*h*d)
	if a.DProbs != nil {
		need(a.DProbs, "dprobs", "batch*heads*tokens*tokens", b*h*n*n)
	}
	if a.DLogits != nil {
		need(a.DLogits, "dlogits", "batch*heads*tokens*tokens", b*h*n*n)
	}
	if n == 0 || d == 0 {
		return
	}
	j := &p.backward
	j.call, j.whole = *a, headKernels(n, d)
	j.call.Attention = forward
	p.For(headTasks(b*h), j.task)
	j.call = AttentionGrad{}
}

func (j *attentionGradJob) head(w *worker, task int) {
	a := &j.call
	n, d, h := a.Tokens, a.HeadDim, a.headOf(task)
	width := h.outLD
	probs := a.Probs[h.square:][:n*n]
	dout := a.DOut[h.out:]
	dx := a.DQKV[task/a.Heads*n*3*width+task%a.Heads*d:]
	dq, dk, dv := dx, dx[width:], dx[2*width:]
	ds := w.square.take(n * n)

	w.product(&GEMM{Form: NT, M: n, N: n, K: d, A: dout, LDA: width, B: h.v, LDB: h.ld, C: ds, LDC: n})
	if a.DProbs != nil {
		kernels.Add(ds, ds, a.DProbs[h.square:][:n*n])
	}
	if a.DLogits == nil {
		kernels.SoftmaxRowsGrad(ds, ds, probs, n, a.Scale)
	} else {
		kernels.SoftmaxRowsGrad(ds, ds, probs, n, 1)
		kernels.Add(ds, ds, a.DLogits[h.square:][:n*n])
		kernels.Scale(ds, ds, a.Scale)
	}
	w.product(&GEMM{Form: NN, M: n, N: d, K: n, A: ds, LDA: n, B: h.k, LDB: h.ld, C: dq, LDC: h.ld})
	w.product(&GEMM{Form: TN, M: n, N: d, K: n, A: ds, LDA: n, B: h.q, LDB: h.ld, C: dk, LDC: h.ld})
	w.product(&GEMM{Form: TN, M: n, N: d, K: n, A: probs, LDA: n, B: dout, LDB: width, C: dv, LDC: h.ld})
}
