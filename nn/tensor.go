package nn

import (
	"fmt"
	"slices"
)

// A Tensor is a handle on a buffer of a program: a shape, no data. The zero
// Tensor stands for an absent one (no bias, no affine part).
type Tensor struct {
	p  *Program
	id int
}

// Valid reports whether t is a tensor at all.
func (t Tensor) Valid() bool { return t.p != nil }

// Shape returns t's shape, row-major. The caller may keep and change the slice.
func (t Tensor) Shape() []int { return slices.Clone(t.info().shape) }

// Dim returns side i of the shape; a negative i counts from the end.
func (t Tensor) Dim(i int) int {
	s := t.info().shape
	if i < 0 {
		i += len(s)
	}
	return s[i]
}

// Rank returns the number of sides.
func (t Tensor) Rank() int { return len(t.info().shape) }

// Len returns the number of elements.
func (t Tensor) Len() int { return product(t.info().shape) }

// Name returns the tensor's name within its program: that of the input or
// parameter, or one made from the operation that writes it.
func (t Tensor) Name() string { return t.info().name }

// Role returns where the tensor's data live.
func (t Tensor) Role() Role { return t.info().role }

// Index reports whether the elements are int32 instead of float32.
func (t Tensor) Index() bool { return t.info().index }

// State returns, for a tensor of [RoleState], the flat buffer that holds it and
// the offset in it.
func (t Tensor) State() (State, int) { return t.info().state, t.info().offset }

// Storage returns the tensor that owns t's buffer: t itself, unless t is a view
// made by [Program.Reshape] or [Program.Detach].
func (t Tensor) Storage() Tensor {
	for {
		b := t.info().base
		if !b.Valid() {
			return t
		}
		t = b
	}
}

// Constant returns the data of a tensor of [RoleConstant]; one of the two is
// nil. They must not be changed.
func (t Tensor) Constant() ([]float32, []int32) { return t.info().data, t.info().indices }

// String returns name and shape.
func (t Tensor) String() string {
	if !t.Valid() {
		return "-"
	}
	return fmt.Sprintf("%s%v", t.Name(), t.info().shape)
}

func (t Tensor) info() *tensorInfo {
	if t.p == nil {
		panic("nn: use of the zero Tensor")
	}
	return &t.p.tensors[t.id]
}

// A Role says where a tensor's data live.
type Role uint8

const (
	RoleValue    Role = iota // written by an operation: activation, gradient, scratch
	RoleInput                // written by the host with Upload
	RoleConstant             // written once, when the program is loaded
	RoleState                // part of a flat buffer of the Params, shared by all programs of a device
	RoleHandle               // no data of its own, only a gradient: see AttentionTap.Logits
)

// String returns the role's name.
func (r Role) String() string {
	return [...]string{"value", "input", "constant", "state", "handle"}[r]
}

// A State names one of the flat buffers that a device keeps for a [Params].
type State uint8

const (
	Weights  State = iota // the weights being trained
	Grads                 // the gradient of the last replayed step, before clipping
	Moment1               // AdamW's first moment
	Moment2               // AdamW's second moment
	Averaged              // the average of the weights
	numStates
)

// String returns the state's name.
func (s State) String() string {
	return [...]string{"weights", "grads", "moment1", "moment2", "averaged"}[s]
}

// tensorInfo is what a program knows of a tensor.
type tensorInfo struct {
	name    string
	shape   []int
	index   bool
	role    Role
	needs   bool   // whether it depends on a parameter in use
	base    Tensor // the tensor it is a view of
	linked  bool   // a view whose gradient is that of its base
	state   State
	offset  int
	data    []float32 // RoleConstant
	indices []int32   // RoleConstant
	kept    bool      // asked for with Program.Keep
	below   int       // index tensors: every element must be less; 0 = not read yet
}

// limit notes that every element of the index tensor t must be in [0, n), and
// checks those of a constant.
func (t Tensor) limit(n int) {
	info := t.Storage().info()
	if info.below == 0 || n < info.below {
		info.below = n
	}
	if err := checkIndices(t, info.indices); err != nil {
		panic(err.Error())
	}
}

// checkIndices reports the first of the values that t can't hold.
func checkIndices(t Tensor, values []int32) error {
	below := t.Storage().info().below
	for i, v := range values {
		if v < 0 || below > 0 && int(v) >= below {
			return fmt.Errorf("nn: %v: index %d at element %d: need 0 to %d", t, v, i, below-1)
		}
	}
	return nil
}
