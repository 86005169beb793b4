package nn

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A ParamSpec describes one trainable tensor.
type ParamSpec struct {
	Name  string // timm's name, as blocks.0.attn.qkv.weight
	Shape []int  // row-major; a linear layer's weight is [out, in]
	Init  Init
	Decay bool // whether weight decay applies

	// LRScale multiplies the learning rate that [Program.AdamW] uses for this
	// tensor, DecayScale its weight decay; 0 stands for 1.
	LRScale, DecayScale float64
}

// paramAlign is the alignment of a tensor in the flat buffer, in elements: 64
// bytes. The elements between two tensors stay zero in weights, gradients and
// moments.
const paramAlign = 16

// Params lays trainable tensors out in one flat buffer: those with weight decay
// first, so that an optimizer works on two runs of memory. Weights, gradients,
// moments and averages all have that layout. Listing keeps the order of the
// specifications. Params doesn't change after [NewParams].
type Params struct {
	specs  []ParamSpec
	index  map[string]int
	offset []int // of each spec in the flat buffer
	decay  int   // elements of the part with weight decay
	size   int   // elements of the flat buffer
	count  int   // elements without padding
}

// NewParams lays out the given tensors. It refuses an empty or repeated name, a
// shape with an element below 1, a negative factor, and a table of the wrong length. It copies the
// specifications.
func NewParams(specs []ParamSpec) (*Params, error) {
	ps := &Params{
		specs:  slices.Clone(specs),
		index:  make(map[string]int, len(specs)),
		offset: make([]int, len(specs)),
	}
	for i := range ps.specs {
		s := &ps.specs[i]
		s.Shape = slices.Clone(s.Shape)
		if s.Name == "" {
			return nil, fmt.Errorf("params: tensor %d has no name", i)
		}
		if _, ok := ps.index[s.Name]; ok {
			return nil, fmt.Errorf("params: %s: listed twice", s.Name)
		}
		n, err := shapeSize(s.Shape)
		if err != nil {
			return nil, fmt.Errorf("params: %s: %w", s.Name, err)
		}
		if !(s.LRScale >= 0) || !(s.DecayScale >= 0) {
			return nil, fmt.Errorf("params: %s: factors %v on the learning rate and %v on the decay: need 0 or more", s.Name, s.LRScale, s.DecayScale)
		}
		if s.Init.kind == initTable && len(s.Init.table) != n {
			return nil, fmt.Errorf("params: %s: initial table has %d values, shape %v needs %d", s.Name, len(s.Init.table), s.Shape, n)
		}
		ps.index[s.Name] = i
		ps.count += n
	}
	place := func(decay bool) {
		for i, s := range ps.specs {
			if s.Decay == decay {
				ps.offset[i] = ps.size
				ps.size += alignUp(product(s.Shape), paramAlign)
			}
		}
	}
	place(true)
	ps.decay = ps.size
	place(false)
	if ps.size > math.MaxInt32 {
		return nil, fmt.Errorf("params: %d elements in all, at most %d are supported", ps.size, math.MaxInt32)
	}
	return ps, nil
}

// Len returns the length of a flat buffer, padding included.
func (ps *Params) Len() int { return ps.size }

// DecayLen returns how many elements at the start of a flat buffer belong to
// tensors with weight decay.
func (ps *Params) DecayLen() int { return ps.decay }

// An updateRun is a part of a flat buffer whose elements an optimizer treats alike.
type updateRun struct {
	from, to  int
	lr, decay float64 // factors
}

// updateRuns cuts a flat buffer in as few parts as the specifications allow.
func (ps *Params) updateRuns() []updateRun {
	var runs []updateRun
	for _, decay := range []bool{true, false} {
		for i, s := range ps.specs {
			if s.Decay != decay {
				continue
			}
			r := updateRun{from: ps.offset[i], to: ps.offset[i] + alignUp(product(s.Shape), paramAlign), lr: orOne(s.LRScale)}
			if decay {
				r.decay = orOne(s.DecayScale)
			}
			if last := len(runs) - 1; last >= 0 && runs[last].lr == r.lr && runs[last].decay == r.decay {
				runs[last].to = r.to
			} else {
				runs = append(runs, r)
			}
		}
	}
	return runs
}

// orOne is x, and 1 for 0.
func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

// Count returns the number of trainable numbers.
func (ps *Params) Count() int { return ps.count }

// Names returns the tensors' names in the order of the specifications.
func (ps *Params) Names() []string {
	names := make([]string, len(ps.specs))
	for i, s := range ps.specs {
		names[i] = s.Name
	}
	return names
}

// Spec returns the specification of the tensor called name. Its shape must not
// be changed.
func (ps *Params) Spec(name string) (ParamSpec, bool) {
	i, ok := ps.index[name]
	if !ok {
		return ParamSpec{}, false
	}
	return ps.specs[i], true
}

// Slice returns the part of a flat buffer that holds the tensor called name; it
// shares memory with flat. It panics on an unknown name or a buffer of the
// wrong length.
func (ps *Params) Slice(flat []float32, name string) []float32 {
	if len(flat) != ps.size {
		panic(fmt.Sprintf("nn: Params.Slice: %s: buffer has %d elements, layout has %d", name, len(flat), ps.size))
	}
	i := ps.mustIndex(name)
	n := product(ps.specs[i].Shape)
	return flat[ps.offset[i] : ps.offset[i]+n : ps.offset[i]+n]
}

// Initial returns a flat buffer of initial weights for the seed.
func (ps *Params) Initial(seed uint64) []float32 {
	flat := make([]float32, ps.size)
	for _, s := range ps.specs {
		s.Init.fill(ps.Slice(flat, s.Name), s.Name, seed)
	}
	return flat
}

func (ps *Params) mustIndex(name string) int {
	i, ok := ps.index[name]
	if !ok {
		panic(fmt.Sprintf("nn: no parameter is called %q; known: %s", name, strings.Join(ps.Names(), ", ")))
	}
	return i
}

// shapeSize returns the number of elements of a shape.
func shapeSize(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 1 {
			return 0, fmt.Errorf("shape %v: every side must be at least 1", shape)
		}
		if n > math.MaxInt32/d {
			return 0, fmt.Errorf("shape %v: more than %d elements", shape, math.MaxInt32)
		}
		n *= d
	}
	if len(shape) == 0 {
		return 0, errors.New("empty shape; use [1] for a single number")
	}
	return n, nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func alignUp(n, to int) int { return (n + to - 1) / to * to }
