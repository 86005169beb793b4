package nn

import (
	"fmt"
	"unsafe"

	"github.com/mtobench/mtobench/simd"
)

// Memory gives an operation's CPU function the slices behind a program's tensors
// while the program is being loaded. Slices stay where they are until the
// device is closed.
type Memory struct {
	Pool *simd.Pool

	p      *Program
	float  [][]float32 // by tensor
	index  [][]int32
	states *states
}

// F32 returns the float32 slice behind t, or nil for the zero Tensor. It panics
// for index tensors and for handles without data.
func (m *Memory) F32(t Tensor) []float32 {
	if !t.Valid() {
		return nil
	}
	s := m.float[t.Storage().id]
	if s == nil {
		panic(fmt.Sprintf("nn: %v has no float32 data", t))
	}
	return s
}

// I32 returns the int32 slice behind t, or nil for the zero Tensor. It panics
// for float32 tensors.
func (m *Memory) I32(t Tensor) []int32 {
	if !t.Valid() {
		return nil
	}
	s := m.index[t.Storage().id]
	if s == nil {
		panic(fmt.Sprintf("nn: %v has no int32 data", t))
	}
	return s
}

// states are the flat buffers of one Params on one device.
type states struct {
	flat [numStates][]float32
	size int
}

// get returns a flat buffer, made of zeros when first asked for.
func (s *states) get(which State) []float32 {
	if s.flat[which] == nil {
		s.flat[which] = alignedFloats(s.size)
	}
	return s.flat[which]
}

// newMemory allocates the buffers of p: one block of memory for all of them,
// each aligned to a cache line.
func newMemory(p *Program, pool *simd.Pool, st *states) *Memory {
	m := &Memory{
		Pool: pool, p: p, states: st,
		float: make([][]float32, len(p.tensors)),
		index: make([][]int32, len(p.tensors)),
	}
	total := 0
	for i := range p.tensors {
		if t := (Tensor{p, i}); !t.Index() && p.ownBytes(t) > 0 {
			total += alignUp(t.Len(), paramAlign)
		}
	}
	block := alignedFloats(total)
	for i := range p.tensors {
		t := Tensor{p, i}
		info := t.info()
		n := t.Len()
		switch {
		case info.base.Valid() || info.role == RoleHandle:
		case info.role == RoleState:
			m.float[i] = st.get(info.state)[info.offset:][:n:n]
		case info.index:
			m.index[i] = make([]int32, n)
			copy(m.index[i], info.indices)
		default:
			m.float[i] = block[:n:n]
			copy(m.float[i], info.data)
			block = block[alignUp(n, paramAlign):]
		}
	}
	return m
}

// alignedFloats returns n zeros that start at a multiple of 64 bytes.
func alignedFloats(n int) []float32 {
	buf := make([]float32, n+paramAlign)
	skip := 0
	if r := int(uintptr(unsafe.Pointer(&buf[0])) % (4 * paramAlign)); r != 0 {
		skip = paramAlign - r/4
	}
	return buf[skip : skip+n : skip+n]
}
