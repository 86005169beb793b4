package nn

const (
	kindZero Kind = "zero" // writes[0] = 0
	kindOne  Kind = "one"  // writes[0] = 1
	kindCopy Kind = "copy" // writes[0] = reads[0]
)

// Backward appends the operations that compute the gradient of loss, a tensor
// of one element, with respect to every parameter in use. They come in the
// reverse order of recording. It can be called once.
//
// The first of them zeroes the whole flat gradient buffer, so parameters that
// the loss doesn't reach have gradient zero.
func (p *Program) Backward(loss Tensor) {
	p.own("backward", loss)
	check(loss.Len() == 1, "backward", "loss is %v, need one element", loss)
	check(!p.loss.Valid(), "backward", "called twice")
	check(loss.info().needs, "backward", "loss %v depends on no parameter", loss)
	p.loss = loss
	p.phase = Backward
	forward := len(p.ops)

	p.fill(kindZero, p.state(Grads))
	g := &Gradients{p: p, passed: map[Tensor]bool{}, made: map[Tensor]int{}, again: map[Tensor]Tensor{}}
	for i, o := range p.ops[:forward] {
		if o.Again != nil && o.Grad != nil {
			g.made[o.Writes[0]] = i
		}
	}
	dloss, _ := g.Into(loss)
	p.fill(kindOne, dloss)
	for i := forward - 1; i >= 0; i-- {
		g.at = i
		if o := p.ops[i]; o.Grad != nil && g.reached(o) {
			o.Grad(g)
		}
	}
}

// Loss returns the tensor given to [Program.Backward], or the zero Tensor.
func (p *Program) Loss() Tensor { return p.loss }

// Gradient returns the gradient of t, if the program computes one. A
// parameter's holds good after the step. The buffer of an activation's gradient
// may have been handed on to the activation's own inputs by then.
func (p *Program) Gradient(t Tensor) (Tensor, bool) {
	p.own("gradient", t)
	d, ok := p.grads[t.root()]
	return d, ok
}

// root follows t through reshapes to the tensor that carries the gradient.
func (t Tensor) root() Tensor {
	for t.info().linked {
		t = t.info().base
	}
	return t
}

// Gradients is what an operation's Grad function works with. The gradients of
// the operation's outputs are complete when the function is called.
type Gradients struct {
	p      *Program
	passed map[Tensor]bool // outputs whose gradient Pass has handed on

	at    int               // number of the operation whose Grad runs
	made  map[Tensor]int    // the operation that made a tensor and can do so again
	again map[Tensor]Tensor // what it made then
}

// reached reports whether the loss depends on one of o's outputs.
func (g *Gradients) reached(o *Op) bool {
	for _, t := range o.Writes {
		if t.Valid() && g.Has(t) {
			return true
		}
	}
	return false
}

// Has reports whether something has contributed to the gradient of t.
func (g *Gradients) Has(t Tensor) bool {
	_, ok := g.p.grads[t.root()]
	return ok
}

// Of returns the gradient of the output t, or the zero Tensor if the loss
// doesn't depend on t.
func (g *Gradients) Of(t Tensor) Tensor { return g.p.grads[t.root()] }

// OfOrZero returns the gradient of the output t; if the loss doesn't depend on
// t, it is one of zeros.
func (g *Gradients) OfOrZero(t Tensor) Tensor {
	if d := g.Of(t); d.Valid() {
		return d
	}
	d, _ := g.Into(t)
	g.p.fill(kindZero, d)
	return d
}

// Needed reports whether t is present and has a gradient to compute.
func (g *Gradients) Needed(t Tensor) bool { return t.Valid() && t.info().needs }

// Into returns the gradient tensor of t for the caller to write, and whether
// the caller must add to what is there (true) or overwrite it (false). The
// caller must do so at once, with the next operation it records. It panics if t
// needs no gradient.
func (g *Gradients) Into(t Tensor) (dt Tensor, add bool) {
	t = t.root()
	check(t.info().needs, "gradient", "%v needs none", t)
	if d, ok := g.p.grads[t]; ok {
		return d, true
	}
	if t.Role() == RoleState {
		d := g.p.paramGrad(t)
		g.p.grads[t] = d
		return d, true
	}
	d := g.p.value("d"+t.Name(), t.info().shape...)
	g.p.grads[t] = d
	return d, false
}

// Add is [Gradients.Into] for an operation that can only overwrite: write
// records the operation that overwrites the tensor it is given, which is t's
// gradient, or a scratch tensor that is then added to t's gradient.
func (g *Gradients) Add(t Tensor, write func(dt Tensor)) {
	dt, add := g.Into(t)
	if !add {
		write(dt)
		return
	}
	scratch := g.p.value("scratch", t.info().shape...)
	write(scratch)
	g.p.addInto(dt, scratch)
}

// adding returns the gradient of t for an operation that can only add: one that
// nothing has written yet is zeroed first.
func (g *Gradients) adding(t Tensor) Tensor {
	dt, add := g.Into(t)
	if !add {
		g.p.fill(kindZero, dt)
	}
	return dt
}

// Value returns x's value, for an operation of the gradient that the caller
// records next: x itself, or a copy that an operation recorded here computes
// again (see [Op].Again), so that the memory of x is free in between. A detached
// x is never computed again. Call it after contributing to the gradient of x.
func (g *Gradients) Value(x Tensor) Tensor {
	made := x.Storage()
	i, ok := g.made[made]
	if !ok || made.info().kept || x.root() != made {
		return x
	}
	y, ok := g.again[made]
	if !ok {
		y = g.p.value("again", made.info().shape...)
		g.p.ops[i].Again(g, y)
		g.again[made] = y
	}
	if x == made {
		return y
	}
	return g.p.view(y, x.info().shape)
}

// complete reports whether y has a gradient to which nothing will add any more,
// given that the operation whose Grad runs has done so.
func (g *Gradients) complete(y Tensor) bool {
	for i, o := range g.p.ops[:g.at+1] {
		left := 0
		for _, t := range o.Reads {
			if t.Valid() && o.Grad != nil && t.root() == y.root() {
				left++
			}
		}
		if left > 1 || left == 1 && i < g.at {
			return false
		}
	}
	return g.Has(y)
}

// Pass contributes the gradient of the output y, unchanged, to the gradient of
// t. Where it can, it hands the buffer on instead of copying, so the gradient of
// y may change afterwards: call it after recording all that reads it.
func (g *Gradients) Pass(t, y Tensor) {
	check(t.Len() == y.Len(), "gradient", "pass that of %v to %v: lengths differ", y, t)
	root, dy := t.root(), g.Of(y)
	if !g.Has(root) && root.Role() == RoleValue && !g.passed[y.root()] {
		g.passed[y.root()] = true
		g.p.grads[root] = dy
		return
	}
	dt, add := g.Into(t)
	if add {
		g.p.addInto(dt, dy)
		return
	}
	g.p.record(Op{Kind: kindCopy, Reads: []Tensor{dy}, Writes: []Tensor{dt}, CPU: func(m *Memory) func() {
		dst, src := m.F32(dt), m.F32(dy)
		return func() { copy(dst, src) }
	}})
}

// addInto records dst += src.
func (p *Program) addInto(dst, src Tensor) {
	p.record(Op{Kind: KindAdd, Reads: []Tensor{dst, src}, Writes: []Tensor{dst}, CPU: func(m *Memory) func() {
		d, s := m.F32(dst), m.F32(src)
		return func() { m.Pool.Add(d, d, s) }
	}})
}

// fill records dst = 0 or 1.
func (p *Program) fill(kind Kind, dst Tensor) {
	value := map[Kind]float32{kindZero: 0, kindOne: 1}[kind]
	p.record(Op{Kind: kind, Writes: []Tensor{dst}, CPU: func(m *Memory) func() {
		d := m.F32(dst)
		return func() { m.Pool.Fill(d, value) }
	}})
}
