package nn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/simd"
)

// A Program is a recorded list of operations over buffers of fixed shape. Its
// methods record; a [Device] replays. Methods panic on wrong shapes.
type Program struct {
	params   *Params
	tensors  []tensorInfo
	ops      []*Op
	named    map[string]Tensor // inputs, constants and parameters
	averaged bool
	phase    Phase
	sealed   bool
	grads    map[Tensor]Tensor // gradient of each tensor that has one
	loss     Tensor
	stats    Tensor

	precision simd.Precision // of linear layers
}

// NewProgram starts a recording over the parameters ps.
func NewProgram(ps *Params) *Program {
	return &Program{params: ps, named: map[string]Tensor{}, grads: map[Tensor]Tensor{}}
}

// Params returns the parameters that the program reads.
func (p *Program) Params() *Params { return p.params }

// Ops returns the operations in the order of a step. They must not be changed.
func (p *Program) Ops() []*Op { return p.ops }

// Tensors returns a handle on every tensor, in the order in which they were made.
func (p *Program) Tensors() []Tensor {
	all := make([]Tensor, len(p.tensors))
	for i := range all {
		all[i] = Tensor{p, i}
	}
	return all
}

// Lookup returns the input, constant or parameter called name.
func (p *Program) Lookup(name string) (Tensor, bool) {
	t, ok := p.named[name]
	return t, ok
}

// Inputs returns the tensors that the host fills, in the order of recording.
func (p *Program) Inputs() []Tensor {
	var in []Tensor
	for _, t := range p.Tensors() {
		if t.Role() == RoleInput {
			in = append(in, t)
		}
	}
	return in
}

// UseAveraged makes [Program.Param] resolve to the average of the weights from
// now on. Averaged weights have no gradient.
func (p *Program) UseAveraged() { p.averaged = true }

// UsePrecision makes the linear layers recorded from now on, and their
// gradients, round the operands of their matrix products to precision. All
// else is float32, parameters, gradients and activations among it.
func (p *Program) UsePrecision(precision simd.Precision) { p.precision = precision }

// Input returns a float32 tensor that the host fills with Upload. It starts as
// zeros and keeps its data from step to step.
func (p *Program) Input(name string, shape ...int) Tensor {
	return p.name(name, p.tensor(tensorInfo{name: name, shape: shape, role: RoleInput}))
}

// IndexInput returns an int32 tensor that the host fills with UploadIndex. The
// indices must be in the range that the reading operations name; an upload of
// others is an error.
func (p *Program) IndexInput(name string, shape ...int) Tensor {
	return p.name(name, p.tensor(tensorInfo{name: name, shape: shape, role: RoleInput, index: true}))
}

// Const returns a tensor of fixed data. It copies data.
func (p *Program) Const(name string, data []float32, shape ...int) Tensor {
	t := p.tensor(tensorInfo{name: name, shape: shape, role: RoleConstant, data: slices.Clone(data)})
	check(len(data) == t.Len(), "const", "%v: %d values, need %d", t, len(data), t.Len())
	return p.name(name, t)
}

// IndexConst returns an int32 tensor of fixed data. It copies data.
func (p *Program) IndexConst(name string, data []int32, shape ...int) Tensor {
	t := p.tensor(tensorInfo{name: name, shape: shape, role: RoleConstant, index: true, indices: slices.Clone(data)})
	check(len(data) == t.Len(), "const", "%v: %d values, need %d", t, len(data), t.Len())
	return p.name(name, t)
}

// Param returns the trainable tensor called name, or its average after
// [Program.UseAveraged]. Asking again returns the same tensor. It panics on an
// unknown name.
func (p *Program) Param(name string) Tensor {
	key, which := name, Weights
	if p.averaged {
		key, which = "averaged/"+name, Averaged
	}
	if t, ok := p.named[key]; ok {
		return t
	}
	i := p.params.mustIndex(name)
	return p.name(key, p.tensor(tensorInfo{
		name: key, shape: p.params.specs[i].Shape, role: RoleState,
		state: which, offset: p.params.offset[i], needs: which == Weights,
	}))
}

// Reshape returns x's data under another shape of as many elements. It copies
// nothing.
func (p *Program) Reshape(x Tensor, shape ...int) Tensor {
	t := p.view(x, shape)
	t.info().needs, t.info().linked = x.info().needs, true
	return t
}

// Detach returns x's data without a path for gradients: the stop-gradient sg(.)
// of methods.md. It copies nothing.
func (p *Program) Detach(x Tensor) Tensor { return p.view(x, x.info().shape) }

func (p *Program) view(x Tensor, shape []int) Tensor {
	p.own("view", x)
	check(product(shape) == x.Len(), "reshape", "%v: can't be seen as %v", x, shape)
	info := *x.info()
	info.shape, info.base, info.needs, info.linked = shape, x, false, false
	return p.tensor(info)
}

// Keep makes the values of the given tensors outlive the step, so that
// [Device.Download] can read them. Without it their memory may serve other
// values as soon as the last operation has read them. Inputs, constants and
// parameters, the loss and the stats are always kept, and so is the first result
// of an operation of the forward pass if no operation reads it; absent tensors are
// ignored.
func (p *Program) Keep(ts ...Tensor) {
	if p.sealed {
		panic("nn: keep: asked for after the program was loaded; record everything first")
	}
	for _, t := range ts {
		p.own("keep", t)
		if t.Valid() {
			t.Storage().info().kept = true
		}
	}
}

// value makes a tensor that an operation will write. what names it, with its
// number added.
func (p *Program) value(what string, shape ...int) Tensor {
	return p.tensor(tensorInfo{name: fmt.Sprintf("%s.%d", what, len(p.tensors)), shape: shape})
}

// state returns a whole flat buffer of the parameters as a tensor.
func (p *Program) state(which State) Tensor {
	key := "state/" + which.String()
	if t, ok := p.named[key]; ok {
		return t
	}
	return p.name(key, p.tensor(tensorInfo{name: key, shape: []int{p.params.Len()}, role: RoleState, state: which}))
}

// paramGrad returns the part of the flat gradient buffer that belongs to the
// parameter w.
func (p *Program) paramGrad(w Tensor) Tensor {
	key := "grad/" + w.Name()
	if t, ok := p.named[key]; ok {
		return t
	}
	return p.name(key, p.tensor(tensorInfo{
		name: key, shape: w.info().shape, role: RoleState, state: Grads, offset: w.info().offset,
	}))
}

func (p *Program) tensor(info tensorInfo) Tensor {
	if p.sealed {
		panic(fmt.Sprintf("nn: %s: made after the program was loaded; record everything first", info.name))
	}
	if _, err := shapeSize(info.shape); err != nil {
		panic(fmt.Sprintf("nn: %s: %v", info.name, err))
	}
	info.shape = slices.Clone(info.shape)
	p.tensors = append(p.tensors, info)
	return Tensor{p, len(p.tensors) - 1}
}

func (p *Program) name(name string, t Tensor) Tensor {
	if _, ok := p.named[name]; ok || name == "" {
		panic(fmt.Sprintf("nn: input or constant %q: the name is empty or in use", name))
	}
	p.named[name] = t
	return t
}

// FLOPs returns the floating-point operations of one step's matrix products,
// forward and backward: 2·m·n·k for each.
func (p *Program) FLOPs() int64 {
	var n int64
	for _, o := range p.ops {
		n += o.FLOPs
	}
	return n
}

// Bytes returns the memory that loading the program takes on a device that has
// loaded no other: values that are needed at different times share theirs. The
// flat buffers of the parameters, which programs share, are not in it.
func (p *Program) Bytes() int64 { return p.planned(true).bytes() }

// String prints the program: a line for each operation with number, phase,
// kind, what it writes and reads, the bytes of the buffers it is the first to
// write, with "@" and where in the memory that values share those of them begin
// that don't outlive the step, and the FLOP of its matrix products.
func (p *Program) String() string {
	var b strings.Builder
	pl := p.planned(true)
	for i, o := range p.ops {
		fmt.Fprintf(&b, "%4d %-8s %-18s %s <- %s", i, o.phase, o.Kind, join(o.Writes), join(o.Reads))
		if o.Attr != nil {
			fmt.Fprintf(&b, " %+v", o.Attr)
		}
		b.WriteString(pl.firstWritten(i, o))
		if o.FLOPs > 0 {
			fmt.Fprintf(&b, " %d FLOP", o.FLOPs)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%d operations, %d bytes, %d without sharing, %d FLOP\n", len(p.ops), pl.bytes(), p.planned(false).bytes(), p.FLOPs())
	return b.String()
}

func join(ts []Tensor) string {
	var parts []string
	for _, t := range ts {
		if t.Valid() {
			parts = append(parts, t.String())
		}
	}
	return strings.Join(parts, ", ")
}
