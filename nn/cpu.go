package nn

import (
	"fmt"

	"github.com/mtobench/mtobench/simd"
)

// CPU is the device that replays programs with package simd.
type CPU struct {
	pool   *simd.Pool
	loaded map[*Program]*compiled
	states map[*Params]*states

	scratch  []float32 // for values that don't outlive a step, of all programs
	bytes    int64     // of all programs
	separate bool      // gives each value its own memory; for tests
}

var _ Device = (*CPU)(nil)

// compiled is a loaded program: its buffers and the functions of a step.
type compiled struct {
	memory *Memory
	steps  []func()
}

// NewCPU returns a device that computes on pool. The device doesn't close it.
func NewCPU(pool *simd.Pool) *CPU {
	return &CPU{pool: pool, loaded: map[*Program]*compiled{}, states: map[*Params]*states{}}
}

// Name returns "cpu", the instruction set and the number of threads.
func (d *CPU) Name() string {
	return fmt.Sprintf("cpu %s %d threads", simd.ISA(), d.pool.Threads())
}

// Load implements [Device].
func (d *CPU) Load(p *Program) error {
	if d.loaded[p] != nil {
		return nil
	}
	p.sealed = true
	pl := p.planned(!d.separate)
	d.bytes += 4*int64(pl.own) + pl.indices
	if len(d.scratch) < pl.scratch {
		d.scratch = simd.Floats(pl.scratch) // programs loaded before keep the one they have
		d.bytes += 4 * int64(pl.scratch)
	}
	m := newMemory(p, pl, d.pool, d.stateOf(p.params), d.scratch)
	c := &compiled{memory: m, steps: make([]func(), len(p.ops))}
	for i, o := range p.ops {
		m.op = o
		c.steps[i] = o.CPU(m)
	}
	m.op = nil
	d.loaded[p] = c
	return nil
}

// Step implements [Device]. It allocates nothing.
func (d *CPU) Step(p *Program) error {
	c := d.loaded[p]
	if c == nil {
		return errNotLoaded("step")
	}
	for _, step := range c.steps {
		step()
	}
	return nil
}

// Trace replays p as Step does and, after each operation, calls visit for each
// float32 tensor that the operation wrote, with its data, which visit must not
// keep or change. It serves to find the first operation whose result isn't
// finite, or differs between two runs.
func (d *CPU) Trace(p *Program, visit func(number int, op *Op, t Tensor, data []float32)) error {
	c := d.loaded[p]
	if c == nil {
		return errNotLoaded("trace")
	}
	for i, step := range c.steps {
		step()
		for _, t := range p.ops[i].Writes {
			if t.Valid() && !t.Index() && t.Role() != RoleHandle {
				visit(i, p.ops[i], t, c.memory.F32(t))
			}
		}
	}
	return nil
}

// Upload implements [Device].
func (d *CPU) Upload(dst Tensor, src []float32) error {
	m, err := d.input("upload", dst, len(src), false)
	if err != nil {
		return err
	}
	copy(m.F32(dst), src)
	return nil
}

// UploadIndex implements [Device].
func (d *CPU) UploadIndex(dst Tensor, src []int32) error {
	m, err := d.input("upload", dst, len(src), true)
	if err != nil {
		return err
	}
	if err := checkIndices(dst, src); err != nil {
		return err
	}
	copy(m.I32(dst), src)
	return nil
}

// Download implements [Device].
func (d *CPU) Download(dst []float32, src Tensor) error {
	m, err := d.memory("download", src, len(dst), false)
	if err != nil {
		return err
	}
	if m.plan.lives[src.Storage().id].place == inScratch || src.Role() == RoleValue && m.float[src.Storage().id] == nil {
		return fmt.Errorf("nn: download: %v isn't kept: its memory may hold another value by now; ask for it with Program.Keep before Load", src)
	}
	copy(dst, m.F32(src))
	return nil
}

// DownloadIndex implements [Device].
func (d *CPU) DownloadIndex(dst []int32, src Tensor) error {
	m, err := d.memory("download", src, len(dst), true)
	if err != nil {
		return err
	}
	copy(dst, m.I32(src))
	return nil
}

// UploadState implements [Device].
func (d *CPU) UploadState(ps *Params, which State, src []float32) error {
	if len(src) != ps.Len() {
		return fmt.Errorf("nn: upload %s: slice has %d elements, need %d", which, len(src), ps.Len())
	}
	copy(d.stateOf(ps).get(which), src)
	return nil
}

// DownloadState implements [Device].
func (d *CPU) DownloadState(dst []float32, ps *Params, which State) error {
	if len(dst) != ps.Len() {
		return fmt.Errorf("nn: download %s: slice has %d elements, need %d", which, len(dst), ps.Len())
	}
	copy(dst, d.stateOf(ps).get(which))
	return nil
}

// Bytes implements [Device].
func (d *CPU) Bytes() int64 {
	n := d.bytes
	for _, s := range d.states {
		for _, flat := range s.flat {
			n += 4 * int64(len(flat))
		}
	}
	return n
}

// Sync implements [Device]: the CPU is never behind.
func (d *CPU) Sync() error { return nil }

// Close implements [Device].
func (d *CPU) Close() error {
	d.loaded, d.states, d.scratch = nil, nil, nil
	return nil
}

func (d *CPU) stateOf(ps *Params) *states {
	s := d.states[ps]
	if s == nil {
		s = &states{size: ps.Len()}
		d.states[ps] = s
	}
	return s
}

// input is memory for a tensor that must be an input.
func (d *CPU) input(what string, t Tensor, n int, index bool) (*Memory, error) {
	if t.Valid() && t.Role() != RoleInput {
		return nil, fmt.Errorf("nn: %s: %v is no input but a %s", what, t, t.Role())
	}
	return d.memory(what, t, n, index)
}

// memory returns the memory of the program of t after checking that t can be
// copied from or to a slice of n elements.
func (d *CPU) memory(what string, t Tensor, n int, index bool) (*Memory, error) {
	if !t.Valid() {
		return nil, fmt.Errorf("nn: %s: absent tensor", what)
	}
	c := d.loaded[t.p]
	switch {
	case c == nil:
		return nil, errNotLoaded(what)
	case t.Index() != index:
		return nil, fmt.Errorf("nn: %s: %v: float32 and int32 mixed up; use the method with or without Index in its name", what, t)
	case t.Role() == RoleHandle:
		return nil, fmt.Errorf("nn: %s: %v has no data, only a gradient", what, t)
	case n != t.Len():
		return nil, fmt.Errorf("nn: %s: %v: slice has %d elements, need %d", what, t, n, t.Len())
	}
	return c.memory, nil
}

func errNotLoaded(what string) error {
	return fmt.Errorf("nn: %s: the program isn't loaded on this device; call Load first", what)
}
