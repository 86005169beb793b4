package nn

import "fmt"

// A Kind names what an operation computes. The list is closed: every kind is a
// constant beside the method that records it.
type Kind string

// A Phase is the part of a step to which an operation belongs.
type Phase uint8

const (
	Forward  Phase = iota // values and losses
	Backward              // gradients, and their norm
	Update                // weights, moments, average; skipped when the step isn't finite
)

// String returns the phase's name.
func (p Phase) String() string { return [...]string{"forward", "backward", "update"}[p] }

// An Op is one operation of a recorded program. Kind, tensors and Attr say all
// that a device must know; CPU is the meaning.
//
// A new operation is one file in this package: a Kind constant, a method on
// Program that checks shapes, makes the outputs with [Program.value] and calls
// [Program.record], and a Grad function that records the gradient's operations
// the same way. op_gelu.go is the shortest complete example.
type Op struct {
	Kind   Kind
	Reads  []Tensor // in the order that the kind's comment gives; zero Tensor = absent
	Writes []Tensor
	Attr   any   // numbers fixed at recording: nil, or a struct whose type goes with Kind
	FLOPs  int64 // of matrix products: 2·m·n·k each

	// CPU is called once, when the program is loaded, and returns the function
	// that a replay calls. That function must not allocate. It finds anything in
	// what it writes, and touches no tensor but those in Reads and Writes: others
	// may lie in the same memory at other times. What it carries over from the
	// step before stands in Reads as well.
	CPU func(m *Memory) func()

	// Grad records the gradient of the operation, or is nil when there is none:
	// the outputs are then cut off from the parameters.
	Grad func(g *Gradients)

	// Again, if set, records the computation of Writes[0] once more, to the same
	// bits but into y, from tensors that Grad needs anyway. It is for results that
	// cost little more to compute than to keep: see [Gradients.Value].
	Again func(g *Gradients, y Tensor)

	phase Phase
}

// touches yields the tensors whose buffers the operation reads or writes: those
// that own them. Some come twice.
func (o *Op) touches(yield func(Tensor) bool) {
	for _, ts := range [][]Tensor{o.Reads, o.Writes} {
		for _, t := range ts {
			if t.Valid() && !yield(t.Storage()) {
				return
			}
		}
	}
}

// Phase returns the part of the step to which the operation belongs.
func (o *Op) Phase() Phase { return o.phase }

// record appends the operation and settles which outputs have gradients: with a
// Grad function, all outputs do if one of the read tensors does.
func (p *Program) record(o Op) {
	if p.sealed {
		panic(fmt.Sprintf("nn: %s: recorded after the program was loaded; record everything first", o.Kind))
	}
	if o.CPU == nil {
		panic(fmt.Sprintf("nn: %s: operation has no CPU meaning", o.Kind))
	}
	needs := false
	for _, t := range o.Reads {
		p.own(string(o.Kind), t)
		needs = needs || t.Valid() && t.info().needs
	}
	for _, t := range o.Writes {
		p.own(string(o.Kind), t)
		if t.Valid() && o.Grad != nil {
			t.info().needs = needs
		}
	}
	if !needs {
		o.Grad = nil
	}
	o.phase = p.phase
	p.ops = append(p.ops, &o)
}

// own panics unless t is absent or belongs to p.
func (p *Program) own(what string, t Tensor) {
	if t.Valid() && t.p != p {
		panic(fmt.Sprintf("nn: %s: %v belongs to another program", what, t))
	}
}

// check panics with "nn: <what>: <text>" unless ok. It is for mistakes in the
// calling code.
func check(ok bool, what Kind, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf("nn: %s: %s", what, fmt.Sprintf(format, args...)))
	}
}
