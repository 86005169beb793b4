package harness

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/simd"
)

// n samples, d feature dimensions, k classes.

// A logistic is a multinomial logistic regression on standardised features.
type logistic struct {
	d, k    int
	weights []float64 // [k][d], then the intercepts [k]
}

const (
	logisticBlock     = 512  // samples whose partial sums are added up first
	logisticMemory    = 10   // pairs that L-BFGS keeps
	logisticTolerance = 1e-5 // of the largest element of the gradient
	logisticSteps     = 1000 // at most
)

// fitLogistic minimises, over weights W and intercepts b,
//
//	mean over samples of -ln softmax(Wx+b)[label]  +  lambda/2 · |W|²
//
// by L-BFGS from zeros (Liu and Nocedal, 1989), full batch, until the largest element of the gradient is at most
// tolerance. All in float64 in a fixed order: sums over samples in blocks of 512 whose results are added in ascending
// order, so the bits are the same on every machine and for any number of threads.
func fitLogistic(p *simd.Pool, bank features, classes int, lambda, tolerance float64) (*logistic, error) {
	j := newLogisticJob(p, bank, classes, lambda)
	x := make([]float64, classes*(bank.d+1))
	gradient, value := make([]float64, len(x)), 0.0
	value = j.evaluate(x, gradient)
	var memory lbfgs
	next, nextGradient := make([]float64, len(x)), make([]float64, len(x))
	for range logisticSteps {
		if !finite(value) {
			return nil, fmt.Errorf("logistic probe: the objective is %v: features hold non-finite values", value)
		}
		if largest(gradient) <= tolerance {
			break
		}
		direction := memory.direction(gradient)
		slope := dot64(direction, gradient)
		if !(slope < 0) { // rounding has the last word: start again downhill
			memory = lbfgs{}
			direction = memory.direction(gradient)
			slope = dot64(direction, gradient)
		}
		step, nextValue := 1.0, 0.0
		for {
			for i := range x {
				next[i] = x[i] + float64(step*direction[i])
			}
			nextValue = j.evaluate(next, nextGradient)
			if nextValue <= value+float64(1e-4*float64(step*slope)) || step < 1e-10 {
				break
			}
			step /= 2
		}
		if !(nextValue < value) { // as low as float64 goes
			break
		}
		memory.add(next, x, nextGradient, gradient)
		x, next, gradient, nextGradient, value = next, x, nextGradient, gradient, nextValue
	}
	return &logistic{d: bank.d, k: classes, weights: x}, nil
}

// top1 is the accuracy on f in percent; ties go to the lower class.
func (l *logistic) top1(p *simd.Pool, f features) float64 {
	blocks := (f.n + logisticBlock - 1) / logisticBlock
	hits := make([]int, blocks)
	logits := make([]float64, blocks*logisticBlock*l.k)
	p.For(blocks, func(block, _ int) {
		from, to := block*logisticBlock, min((block+1)*logisticBlock, f.n)
		z := logits[block*logisticBlock*l.k:][:(to-from)*l.k]
		logitsOf(z, l.weights, f, from, to, l.k)
		for i := range to - from {
			best := 0
			for c := 1; c < l.k; c++ {
				if z[c*(to-from)+i] > z[best*(to-from)+i] {
					best = c
				}
			}
			if best == int(f.labels[from+i]) {
				hits[block]++
			}
		}
	})
	return percent(hits, f.n)
}

// logitsOf writes Wx+b of samples from..to as z [k][to-from]: the intercept first, then dimensions ascending.
func logitsOf(z, weights []float64, f features, from, to, k int) {
	n := to - from
	for c := range k {
		row := z[c*n : (c+1)*n]
		for i := range row {
			row[i] = weights[k*f.d+c]
		}
		for j := range f.d {
			w, x := weights[c*f.d+j], f.columns[j*f.n+from:][:n]
			for i, v := range x {
				row[i] += float64(w * v)
			}
		}
	}
}

// A logisticJob evaluates the objective and its gradient.
type logisticJob struct {
	pool     *simd.Pool
	bank     features
	k        int
	lambda   float64
	logits   [][]float64 // of each block, [k][n of the block]; then what the gradient multiplies
	partials [][]float64 // of each block: the gradient's sums
	losses   []float64   // of each block
}

func newLogisticJob(p *simd.Pool, bank features, k int, lambda float64) *logisticJob {
	j := &logisticJob{pool: p, bank: bank, k: k, lambda: lambda}
	for from := 0; from < bank.n; from += logisticBlock {
		n := min(logisticBlock, bank.n-from)
		j.logits = append(j.logits, make([]float64, k*n))
		j.partials = append(j.partials, make([]float64, k*(bank.d+1)))
	}
	j.losses = make([]float64, len(j.logits))
	return j
}

// evaluate returns the objective at x and writes its gradient.
func (j *logisticJob) evaluate(x, gradient []float64) float64 {
	j.pool.For(len(j.logits), func(block, _ int) { j.block(block, x) })
	clear(gradient)
	loss, samples := 0.0, float64(j.bank.n)
	for b, partial := range j.partials {
		loss += j.losses[b]
		for i, v := range partial {
			gradient[i] += v
		}
	}
	penalty := 0.0
	for i := range gradient {
		gradient[i] /= samples
		if i < j.k*j.bank.d {
			gradient[i] += float64(j.lambda * x[i])
			penalty += float64(x[i] * x[i])
		}
	}
	return loss/samples + float64(float64(j.lambda*penalty)/2)
}

// block computes one block's loss and gradient sums.
func (j *logisticJob) block(block int, x []float64) {
	f, from := j.bank, block*logisticBlock
	z := j.logits[block]
	n := len(z) / j.k
	logitsOf(z, x, f, from, from+n, j.k)
	loss := 0.0
	for i := range n {
		largest := math.Inf(-1)
		for c := range j.k {
			largest = max(largest, z[c*n+i])
		}
		label := int(f.labels[from+i])
		own, sum := z[label*n+i]-largest, 0.0
		for c := range j.k {
			e := detmath.Exp(z[c*n+i] - largest)
			z[c*n+i] = e
			sum += e
		}
		loss += detmath.Log(sum) - own
		for c := range j.k {
			z[c*n+i] /= sum
		}
		z[label*n+i]--
	}
	j.losses[block] = loss
	partial := j.partials[block]
	for c := range j.k {
		row := z[c*n : (c+1)*n]
		for d := range f.d {
			partial[c*f.d+d] = dot64(row, f.columns[d*f.n+from:][:n])
		}
		sum := 0.0
		for _, v := range row {
			sum += v
		}
		partial[j.k*f.d+c] = sum
	}
}

// lbfgs holds the last steps and changes of the gradient, oldest first.
type lbfgs struct{ steps, changes [][]float64 }

// add remembers a step, unless the function's curvature along it is lost in rounding.
func (m *lbfgs) add(x, before, gradient, gradientBefore []float64) {
	s, y := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		s[i], y[i] = x[i]-before[i], gradient[i]-gradientBefore[i]
	}
	if !(dot64(s, y) > float64(1e-14*dot64(y, y))) {
		return
	}
	m.steps, m.changes = append(m.steps, s), append(m.changes, y)
	if len(m.steps) > logisticMemory {
		m.steps, m.changes = m.steps[1:], m.changes[1:]
	}
}

// direction is minus the approximate inverse Hessian times the gradient (two-loop recursion). Without memory it is
// minus the gradient, shortened to length 1.
func (m *lbfgs) direction(gradient []float64) []float64 {
	q := append([]float64(nil), gradient...)
	alpha := make([]float64, len(m.steps))
	for i := len(m.steps) - 1; i >= 0; i-- {
		alpha[i] = dot64(m.steps[i], q) / dot64(m.steps[i], m.changes[i])
		axpy(q, -alpha[i], m.changes[i])
	}
	scale := 1 / max(1, math.Sqrt(dot64(gradient, gradient)))
	if last := len(m.steps) - 1; last >= 0 {
		scale = dot64(m.steps[last], m.changes[last]) / dot64(m.changes[last], m.changes[last])
	}
	for i := range q {
		q[i] *= scale
	}
	for i := range m.steps {
		beta := dot64(m.changes[i], q) / dot64(m.steps[i], m.changes[i])
		axpy(q, alpha[i]-beta, m.steps[i])
	}
	for i := range q {
		q[i] = -q[i]
	}
	return q
}

// axpy adds a·x to y.
func axpy(y []float64, a float64, x []float64) {
	for i, v := range x {
		y[i] += float64(a * v)
	}
}

// largest is the largest absolute value.
func largest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}
