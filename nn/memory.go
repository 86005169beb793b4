package nn

import (
	"fmt"

	"github.com/mtobench/mtobench/simd"
)

// Memory gives an operation's CPU function the slices behind a program's tensors
// while the program is being loaded. Slices stay where they are until the
// device is closed.
type Memory struct {
	Pool *simd.Pool

	plan  *plan
	op    *Op         // whose function is being made; nil once all are
	float [][]float32 // by tensor
	index [][]int32
}

// F32 returns the float32 slice behind t, or nil for the zero Tensor. It panics
// for index tensors, for handles without data, and for tensors that the
// operation lists neither in Reads nor in Writes.
func (m *Memory) F32(t Tensor) []float32 {
	if !t.Valid() {
		return nil
	}
	m.check(t)
	s := m.float[t.Storage().id]
	if s == nil {
		panic(fmt.Sprintf("nn: %v has no float32 data", t))
	}
	return s
}

// I32 returns the int32 slice behind t, or nil for the zero Tensor. It panics
// for float32 tensors and for those that the operation doesn't list.
func (m *Memory) I32(t Tensor) []int32 {
	if !t.Valid() {
		return nil
	}
	m.check(t)
	s := m.index[t.Storage().id]
	if s == nil {
		panic(fmt.Sprintf("nn: %v has no int32 data", t))
	}
	return s
}

// check panics unless the operation whose function is being made lists t: its
// memory serves other values at other times.
func (m *Memory) check(t Tensor) {
	if m.op == nil {
		return
	}
	for listed := range m.op.touches {
		if listed == t.Storage() {
			return
		}
	}
	panic(fmt.Sprintf("nn: %s: %v is used, but is neither in Reads nor in Writes", m.op.Kind, t))
}

// states are the flat buffers of one Params on one device.
type states struct {
	flat [numStates][]float32
	size int
}

// get returns a flat buffer, made of zeros when first asked for.
func (s *states) get(which State) []float32 {
	if s.flat[which] == nil {
		s.flat[which] = simd.Floats(s.size)
	}
	return s.flat[which]
}

// newMemory lays out the tensors of p: those that outlive a step in memory of
// their own, the others in scratch, which has the elements that the plan asks
// for. Each starts a cache line.
func newMemory(p *Program, pl *plan, pool *simd.Pool, st *states, scratch []float32) *Memory {
	m := &Memory{
		Pool: pool, plan: pl,
		float: make([][]float32, len(p.tensors)),
		index: make([][]int32, len(p.tensors)),
	}
	own := simd.Floats(pl.own)
	for i, l := range pl.lives {
		t := Tensor{p, i}
		info := t.info()
		n := t.Len()
		switch {
		case info.base.Valid():
		case info.role == RoleState:
			m.float[i] = st.get(info.state)[info.offset:][:n:n]
		case info.index:
			m.index[i] = make([]int32, n)
			copy(m.index[i], info.indices)
		case l.place == inOwn:
			m.float[i] = own[l.offset:][:n:n]
			copy(m.float[i], info.data)
		case l.place == inScratch:
			m.float[i] = scratch[l.offset:][:n:n]
		}
	}
	return m
}
