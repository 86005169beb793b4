package simd

import (
	"unsafe"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// product is a matrix product as the microkernel sees it: A by strides, so that all forms look alike, and B in panels
// of columns, either packed or in place. Strides are in elements.
type product struct {
	k       int
	columns cut

	a           []float32
	aRow, aStep int // a[i,p] is a[i*aRow+p*aStep]
	aTile       int // tile s begins at a[s*aTile], if not 0

	b      []float32
	packed bool      // panels lie one after the other, each padded; else b is row-major
	ldb    int       // of b in place
	tail   []float32 // the last panel, packed, where it can't be read in place; otherwise nil

	c   []float32
	ldc int

	start       []float32 // nil: chains start from +0
	startStride int       // 0: a bias
	add         []float32 // added after the chain, nil for none
	addStride   int

	left []float32 // where rows of A are copied that lie crowded in the cache; nil if they don't

	next     uintptr // where the columns of A begin that will be needed next; 0 for none
	nextStep int     // bytes from one row of them to the next

	later      uintptr // where memory begins that is fetched in order, a part with each panel; 0 for none
	laterBytes int     // of a part

	nextB     uintptr // where the part of B begins that will be needed next; 0 for none
	nextLines int     // cache lines of each row of it

	kBlock     int  // K is walked in blocks of so many k; partial chains are stored in c
	panelFirst bool // for each panel all rows, rather than for each tile of rows all panels
}

// readInPlace makes p read B where it lies, row-major [k,n] with leading dimension ldb. A last panel that isn't a
// multiple of Lanes wide is packed into tail, which holds k*Wide elements.
func (p *product) readInPlace(b []float32, ldb int, tail []float32) {
	p.b, p.ldb, p.packed, p.tail = b, ldb, false, nil
	if first, columns := p.columns.at(p.columns.count - 1); p.k > 0 && columns != padded(columns) {
		p.tail = tail[:p.k*padded(columns)]
		kernels.PackRows(p.tail, b[first:], ldb, p.k, columns, padded(columns))
	}
}

// readPacked makes p read B from panels packed one after another.
func (p *product) readPacked(panels []float32) { p.b, p.packed, p.tail = panels, true, nil }

// packedLen is the number of elements of all panels of a [k,n] matrix.
func packedLen(k, n int) int { return k * padded(n) }

// multiply computes rows i0 <= i < i1 of panels q0 <= q < q1.
func (p *product) multiply(t *kernel.Tile, i0, i1, q0, q1 int) {
	for k0 := 0; k0 == 0 || k0 < p.k; k0 += p.kBlock {
		p.setBlock(t, k0)
		if p.panelFirst {
			for q := q0; q < q1; q++ {
				p.setPanel(t, k0, q)
				p.multiplyColumn(t, k0, i0, i1, q, q == q1-1)
			}
			continue
		}
		tiles := tilesOf(i1 - i0)
		for s := range tiles {
			lo, hi := i0+(i1-i0)*s/tiles, i0+(i1-i0)*(s+1)/tiles
			p.multiplyRows(t, k0, s, lo, hi, q0, q1)
		}
	}
}

// tilesOf is the number of tiles m rows are cut into, as evenly as may be: 15 rows are better done as 8 and 7 than as
// 14 and 1, since a tile of one row waits for each multiply-add before the next.
func tilesOf(m int) int { return (m + kernels.MR - 1) / kernels.MR }

// multiplyRows computes the tiles of rows lo <= i < hi, at most MR, one panel after another. Each fetches a part of what the
// worker is likely to read next: where A is read along its rows, the rows after these (97 -> 114 GFLOP/s at 3136x192x192);
// else, from far away, what fetchFar says.
func (p *product) multiplyRows(t *kernel.Tile, k0, s, lo, hi, q0, q1 int) {
	p.setRows(t, k0, s, lo, hi)
	if p.left != nil {
		p.spread(t, k0, lo, hi)
	}
	plain := min(p.columns.plain(), q1)
	for q := q0; q < q1; {
		p.setPanel(t, k0, q)
		p.place(t, k0, lo, q)
		t.AheadStep = 0
		panels := 1
		switch {
		case p.aStep == 1 && p.k > 0:
			steps := (q1 - q0) * t.K
			t.AheadStep = (p.aRow*(hi-lo)*elementBytes + steps - 1) / steps
			t.Ahead = address(p.a, hi*p.aRow+k0) + uintptr((q-q0)*t.K*t.AheadStep)
			panels = max(1, plain-q)
		case p.aRow == 1 && p.aTile == 0:
			t.Ahead, t.AheadStep = uintptr(unsafe.Pointer(t.A))+uintptr(stepsAhead*t.AStep), t.AStep
			p.fetchFar(t, q-q0, q1-q)
		}
		t.Panels, t.BPanel = panels, p.panelStep()
		kernels.MultiplyTile(t)
		q += panels
	}
}

// fetchFar makes a panel of a tile of form TN fetch into the second-level cache its part of what the worker reads after the
// cell: memory in order where later says so; else the first panels fetch the next columns of A, the last ones the next part of B,
// a cache line of each row a panel. There are so many panels before it and, with it, left. One thread on a Xeon, 768x3136x192: 151 ->
// 159 GFLOP/s; two lines a step, in one panel, took all the buffers for lines under way.
func (p *product) fetchFar(t *kernel.Tile, before, left int) {
	switch {
	case p.later != 0:
		t.Far, t.FarStep = p.later+uintptr(before*p.laterBytes), (p.laterBytes+t.K-1)/t.K
	case p.next != 0 && before < farLines:
		t.Far, t.FarStep = p.next+uintptr(before*cacheLine), p.nextStep
	case left <= p.nextLines:
		t.Far, t.FarStep = p.nextB+uintptr((p.nextLines-left)*cacheLine), p.ldb*elementBytes
	}
}

// farLines is the number of cache lines on which a row of a tile's columns of A may lie.
const farLines = 2

// crowded says whether rows ld elements apart fall on so few sets of the first-level cache that a tile's don't fit. With 32 KiB in
// 8 ways: 74 GFLOP/s at 512 and 109 at 256, 114 and 113 from a copy. With 48 KiB in 12 ways they fit, and a copy costs 3 %.
func crowded(ld int) bool { return firstLevel <= smallFirstLevel && sameSets(ld) }

// sameSets says whether rows ld elements apart begin on four of the first-level cache's 64 sets, or fewer.
func sameSets(ld int) bool { return ld*elementBytes%1024 == 0 }

// spread copies the tile's rows to where they don't meet in the cache.
func (p *product) spread(t *kernel.Tile, k0, lo, hi int) {
	ld := t.K + cacheLine/elementBytes
	for i := lo; i < hi; i++ {
		copy(p.left[(i-lo)*ld:][:t.K], p.a[i*p.aRow+k0:])
	}
	t.A, t.ARow = &p.left[0], ld*elementBytes
}

// stepsAhead is how many steps of k before its use a row of an operand that lies in place is fetched: some 500 cycles.
const stepsAhead = 16

// multiplyColumn computes the tiles of panel q, one after another. Those of the last panel fetch what will be packed next,
// a cache line of each row each; of the others, the last tile fetches the next panel of B (3 to 7 % of form TN with AVX2).
func (p *product) multiplyColumn(t *kernel.Tile, k0, i0, i1, q int, last bool) {
	tiles := tilesOf(i1 - i0)
	for s := range tiles {
		lo, hi := i0+(i1-i0)*s/tiles, i0+(i1-i0)*(s+1)/tiles
		p.setRows(t, k0, s, lo, hi)
		p.place(t, k0, lo, q)
		t.AheadStep = 0
		switch {
		case p.aRow == 1 && p.aTile == 0:
			t.Ahead, t.AheadStep = uintptr(unsafe.Pointer(t.A))+uintptr(stepsAhead*t.AStep), t.AStep
		case last && p.next != 0:
			t.Ahead, t.AheadStep = p.next+uintptr(s*cacheLine), p.nextStep
		case !last && s == tiles-1 && !p.packed:
			first, _ := p.columns.at(q + 1)
			t.Ahead, t.AheadStep = address(p.b, first+k0*p.ldb), t.BStep
		}
		kernels.MultiplyTile(t)
	}
}

const (
	elementBytes = 4
	cacheLine    = 64 // bytes
)

// setBlock fills in what holds for all tiles of a block of K.
func (p *product) setBlock(t *kernel.Tile, k0 int) {
	t.K = min(p.kBlock, p.k-k0)
	t.AStep = p.aStep * elementBytes
	t.CRow = p.ldc * elementBytes
	t.Start, t.StartRow, t.Add, t.AddRow, t.AheadStep = nil, 0, nil, 0, 0
	if k0 > 0 {
		t.StartRow = t.CRow
	} else if p.start != nil {
		t.StartRow = p.startStride * elementBytes
	}
	if p.add != nil {
		t.AddRow = p.addStride * elementBytes
	}
}

func (p *product) setRows(t *kernel.Tile, k0, s, lo, hi int) {
	t.Rows, t.ARow = hi-lo, p.aRow*elementBytes
	switch {
	case p.k == 0:
	case p.aTile > 0:
		t.A = at(p.a, s*p.aTile+k0*p.aStep)
	default:
		t.A = at(p.a, lo*p.aRow+k0*p.aStep)
	}
}

func (p *product) setPanel(t *kernel.Tile, k0, q int) {
	first, columns := p.columns.at(q)
	t.Cols = columns
	switch {
	case p.k == 0:
	case p.packed:
		t.B, t.BStep = at(p.b, first*p.k+k0*padded(columns)), padded(columns)*elementBytes
	case p.tail != nil && q == p.columns.count-1:
		t.B, t.BStep = at(p.tail, k0*padded(columns)), padded(columns)*elementBytes
	default:
		t.B, t.BStep = at(p.b, first+k0*p.ldb), p.ldb*elementBytes
	}
	t.Far, t.FarStep = uintptr(unsafe.Pointer(t.B)), 0 // what is here anyway
}

// panelStep is the distance in bytes of panels that are NR wide.
func (p *product) panelStep() int {
	if p.packed {
		return kernels.NR * p.k * elementBytes
	}
	return kernels.NR * elementBytes
}

// place fills in where the tile at row lo and panel q starts, stores and adds.
func (p *product) place(t *kernel.Tile, k0, lo, q int) {
	j, _ := p.columns.at(q)
	t.C = at(p.c, lo*p.ldc+j)
	if p.k == 0 {
		t.A, t.B = t.C, t.C // never read, but not nil
	}
	if k0 > 0 {
		t.Start = t.C
	} else if p.start != nil {
		t.Start = at(p.start, lo*p.startStride+j)
	}
	if p.add != nil && k0+t.K == p.k {
		t.Add = at(p.add, lo*p.addStride+j)
	}
}

// at returns the address of s[i] without looking whether s has it: GEMM.check has, for whole matrices.
func at(s []float32, i int) *float32 { return elementAt(unsafe.SliceData(s), i) }

// elementAt returns the address of the element i places after p.
func elementAt(p *float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), i*elementBytes))
}

// address is that of s[i] as a number, to prefetch from: s needn't have it.
func address(s []float32, i int) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(s))) + uintptr(i*elementBytes)
}
