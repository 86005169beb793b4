package nn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A plan says where the tensors of a program lie. It has two parts. The first
// belongs to the program alone: inputs, constants and what outlives a step. The
// second, the scratch, holds what one operation writes and a later one of the
// same step reads for the last time; buffers whose lives don't meet share its
// elements, and programs that a device replays one after the other share all of
// it. The plan is a function of the program alone.
type plan struct {
	lives        []life // by tensor
	own, scratch int    // elements of the two parts
	indices      int64  // bytes of the index tensors, which lie apart
}

// A life is where the buffer of one tensor lies, and when: from the first
// operation that touches it to the last. Views share the buffer of their base
// and have no life of their own.
type life struct {
	place       place
	first, last int // numbers of operations; -1, -1: none touches it
	size        int // elements, a whole number of cache lines
	offset      int // in its part of the memory
}

// place is the part of the memory in which a buffer lies.
type place uint8

const (
	nowhere   place = iota // none of its own: views, handles, states, indices, what no operation touches
	inOwn                  // for good
	inScratch              // between first and last
)

// planned returns where the tensors of p lie. With share unset each has its own
// memory, which changes no result.
func (p *Program) planned(share bool) *plan {
	pl := &plan{lives: p.lives()}
	outlasting := p.outlasting()
	var shared []*life
	for i := range pl.lives {
		t, l := Tensor{p, i}, &pl.lives[i]
		if info := t.info(); info.base.Valid() || info.role == RoleState || info.role == RoleHandle {
			continue
		}
		if t.Index() {
			pl.indices += 4 * int64(t.Len())
			continue
		}
		l.size = alignUp(t.Len(), paramAlign)
		switch {
		case t.Role() != RoleValue || outlasting[i] || !share && l.first >= 0:
			l.place, l.offset = inOwn, pl.own
			pl.own += l.size
		case l.first >= 0:
			l.place = inScratch
			shared = append(shared, l)
		}
	}
	pl.scratch = fit(shared)
	return pl
}

// lives returns when each tensor's buffer is in use.
func (p *Program) lives() []life {
	lives := make([]life, len(p.tensors))
	for i := range lives {
		lives[i] = life{first: -1, last: -1}
	}
	for i, o := range p.ops {
		for t := range o.touches {
			l := &lives[t.id]
			if l.first < 0 {
				l.first = i
			}
			l.last = i
		}
	}
	return lives
}

// outlasting marks the tensors, by the one that owns the buffer, whose values are
// there from step to step: those that [Program.Keep] lists, and those that an
// operation reads before one has written them.
func (p *Program) outlasting() []bool {
	n := len(p.tensors)
	marks, written, read, result := make([]bool, n), make([]bool, n), make([]bool, n), make([]bool, n)
	for _, o := range p.ops {
		for _, t := range o.Reads {
			if t.Valid() {
				id := t.Storage().id
				read[id] = true
				marks[id] = marks[id] || !written[id]
			}
		}
		for i, t := range o.Writes {
			if t.Valid() {
				id := t.Storage().id
				written[id] = true
				result[id] = result[id] || i == 0 && o.phase == Forward
			}
		}
	}
	for i := range marks {
		marks[i] = marks[i] || p.tensors[i].kept || result[i] && !read[i]
	}
	for _, t := range []Tensor{p.loss, p.stats} {
		if t.Valid() {
			marks[t.Storage().id] = true
		}
	}
	return marks
}

// fit gives each buffer an offset such that no two share an element while both
// are in use, and returns how many elements are needed. Buffers are placed from
// large to small, each in the smallest gap that holds it.
func fit(buffers []*life) (total int) {
	order := slices.Clone(buffers)
	slices.SortStableFunc(order, func(a, b *life) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.first, b.first))
	})
	var placed []*life // by offset
	for _, l := range order {
		at, least, end := -1, 0, 0
		for _, other := range placed {
			if other.last < l.first || l.last < other.first {
				continue
			}
			if gap := other.offset - end; gap >= l.size && (at < 0 || gap < least) {
				at, least = end, gap
			}
			end = max(end, other.offset+other.size)
		}
		if at < 0 {
			at = end
		}
		l.offset = at
		total = max(total, at+l.size)
		i, _ := slices.BinarySearchFunc(placed, at, func(o *life, at int) int { return cmp.Compare(o.offset, at) })
		placed = slices.Insert(placed, i, l)
	}
	return total
}

// bytes returns the memory that the plan asks for.
func (pl *plan) bytes() int64 { return 4*int64(pl.own+pl.scratch) + pl.indices }

// firstWritten says, for [Program.String], which memory operation i is the first
// to write.
func (pl *plan) firstWritten(i int, o *Op) string {
	var bytes int
	var at []string
	for _, t := range o.Writes {
		if !t.Valid() || t.Role() != RoleValue {
			continue
		}
		if l := pl.lives[t.Storage().id]; l.first == i {
			bytes += 4 * l.size
			if l.place == inScratch {
				at = append(at, fmt.Sprintf("@%d", 4*l.offset))
			}
		}
	}
	if bytes == 0 {
		return ""
	}
	return strings.Join(append([]string{fmt.Sprintf(" %d B", bytes)}, at...), " ")
}
