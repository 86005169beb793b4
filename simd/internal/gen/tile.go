package main

import (
	"fmt"
	"go/token"
	"go/types"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["gemm"] = func() {
		for _, shape := range tileShapes {
			for rows := 1; rows <= shape.mostRows; rows++ {
				tile(shape.vectors, rows, shape.columns)
			}
		}
	}
}

// vectors is a kind of vector register.
type vectors struct {
	name   string
	bytes  int  // of a vector
	opmask bool // partial vectors go by mask registers, else by VMASKMOVPS
	unroll int  // steps of k in the inner loop of a tile
	pairs  bool // elements of A and B are pairs of bfloat16
	new    func() reg.VecVirtual
}

var (
	avx512 = vectors{name: "AVX512", bytes: 64, opmask: true, unroll: 1, new: ZMM}
	half   = vectors{name: "AVX512", bytes: 32, opmask: true, unroll: 1, new: YMM}
	avx2   = vectors{name: "AVX2", bytes: 32, unroll: 4, new: YMM}
)

// tileShapes are the tiles, by the number of vectors in a row, each with as many rows as registers and the latency of
// multiply-adds make sensible. Timed on Zen 4 at 3136x192x576, one thread, fastest of several runs: 14x32 and 12x32 are
// equal within the noise, 8x32 is 4 % slower. A tile one ZMM wide waits for its broadcasts, which load at half the rate
// of YMM ones: 82 GFLOP/s against 117, so narrow tiles are made of YMM.
var tileShapes = []struct {
	vectors
	columns, mostRows int
}{
	{avx512, 3, 7}, {avx512, 2, 14}, {half, 2, 14}, {half, 1, 14},
	{avx2, 3, 3}, {avx2, 2, 6}, {avx2, 1, 6},
}

// offset is where the fields of kernel.Tile lie: each takes 8 bytes.
var offset = map[string]int{}

func init() {
	var fields []*types.Var
	for i, name := range []string{"K", "A", "ARow", "AStep", "B", "BStep", "C", "CRow", "Start", "StartRow", "Add", "AddRow", "Rows", "Cols", "Ahead", "AheadStep", "Pairs", "Far", "FarStep", "Panels", "BPanel"} {
		offset[name] = 8 * i
		fields = append(fields, types.NewField(token.NoPos, nil, name, types.Typ[types.Uint64], false))
	}
	// Signatures are read without loading package kernel, which doesn't build before its assembly is there.
	tile := types.NewTypeName(token.NoPos, nil, "Tile", nil)
	types.NewNamed(tile, types.NewStruct(fields, nil), nil)
	types.Universe.Insert(tile)
}

// tile writes the microkernel for a fixed number of rows and of vectors in a row.
func tile(v vectors, rows, columns int) {
	name := fmt.Sprintf("tile%dx%d%s", rows, columns*v.bytes/4, v.name)
	TEXT(name, NOSPLIT, "func(t *Tile)")
	Doc(fmt.Sprintf("%s is GEMMKernels.MultiplyTile for %d rows and %d vectors of columns, the last of which may be partial.", name, rows, columns))
	Pragma("noescape")
	g := tileGen{v: v, rows: rows, columns: columns, t: Load(Param("t"), GP64()).(reg.GPVirtual)}
	g.prepareMask()
	Label("panel")
	g.x = make([][]reg.VecVirtual, rows)
	for i := range g.x {
		for range columns {
			g.x[i] = append(g.x[i], v.new())
		}
	}
	g.touchAdded()
	g.start()
	g.chain()
	g.add()
	g.store()
	g.nextPanel()
	VZEROUPPER()
	RET()
}

// tileGen is a microkernel being written.
type tileGen struct {
	v             vectors
	rows, columns int
	t             reg.GPVirtual
	x             [][]reg.VecVirtual // the tile: a row, its vectors

	kmask reg.OpmaskVirtual // AVX-512's mask of the last vector
}

func (g *tileGen) mem(name string) Mem { return Mem{Base: g.t, Disp: offset[name]} }

func (g *tileGen) field(name string) reg.GPVirtual {
	r := GP64()
	MOVQ(g.mem(name), r)
	return r
}

// last returns the number of columns in the last vector of a row.
func (g *tileGen) last() reg.GPVirtual {
	n := g.field("Cols")
	SUBQ(I32((g.columns-1)*g.v.bytes/4), n)
	return n
}

// prepareMask makes AVX-512's mask of the last vector.
func (g *tileGen) prepareMask() {
	if g.v.opmask {
		mask := ones(g.last())
		g.kmask = K()
		KMOVW(mask.As32(), g.kmask)
	}
}

// maskAVX2 loads AVX2's mask for the last vector.
func (g *tileGen) maskAVX2() reg.VecVirtual {
	table, index := GP64(), g.last()
	LEAQ(laneMask(), table)
	NEGQ(index)
	m := YMM()
	VMOVUPS(Mem{Base: table, Index: index, Scale: 4, Disp: 32}, m)
	return m
}

var laneMaskData *Mem

// laneMask is eight words of ones, then eight of zeros: from word 8-n on, n ones.
func laneMask() Mem {
	if laneMaskData == nil {
		m := GLOBL("laneMask", RODATA|NOPTR)
		for i := range 16 {
			word := uint32(0xffffffff)
			if i >= 8 {
				word = 0
			}
			DATA(4*i, U32(word))
		}
		laneMaskData = &m
	}
	return *laneMaskData
}

// eachVector runs full for each vector of the tile in case the last of a row is full, and in the other case full for
// all but the last and partial for the last. p points to the tile's place in memory, with rows stride apart.
func (g *tileGen) eachVector(label string, p, stride reg.GPVirtual, full, partial func(m Mem, x, mask reg.VecVirtual)) {
	CMPQ(g.last(), Imm(uint64(g.v.bytes/4)))
	JNE(LabelRef(label + "Partial"))
	last := g.columns - 1
	for i, row := range g.x {
		for j, x := range row {
			full(Mem{Base: p, Disp: j * g.v.bytes}, x, nil)
		}
		if i < g.rows-1 {
			ADDQ(stride, p)
		}
	}
	JMP(LabelRef(label + "Done"))
	Label(label + "Partial")
	var mask reg.VecVirtual
	if !g.v.opmask {
		mask = g.maskAVX2()
	}
	for i, row := range g.x {
		for j, x := range row {
			m := Mem{Base: p, Disp: j * g.v.bytes}
			if j < last {
				full(m, x, nil)
			} else {
				partial(m, x, mask)
			}
		}
		if i < g.rows-1 {
			ADDQ(stride, p)
		}
	}
	Label(label + "Done")
}

// lines is the number of cache lines in a row of the tile.
func (g *tileGen) lines() int { return (g.columns*g.v.bytes + cacheLine - 1) / cacheLine }

const cacheLine = 64 // bytes

// touch asks for the cache lines of rows that stride apart from p on, all at once.
func (g *tileGen) touch(p reg.GPVirtual, stride Mem) {
	for i := range g.rows {
		for l := range g.lines() {
			PREFETCHT0(Mem{Base: p, Disp: l * cacheLine})
		}
		if i < g.rows-1 {
			ADDQ(stride, p)
		}
	}
}

// touchAdded asks for what is added at the end, if that isn't C.
func (g *tileGen) touchAdded() {
	c, add := g.field("C"), g.field("Add")
	TESTQ(add, add)
	JZ(LabelRef("touched"))
	CMPQ(c, add)
	JEQ(LabelRef("touched"))
	g.touch(add, g.mem("AddRow"))
	Label("touched")
}

// start sets the tile to +0 or loads it.
func (g *tileGen) start() {
	p := g.field("Start")
	stride := g.field("StartRow")
	TESTQ(p, p)
	JZ(LabelRef("zero"))
	g.eachVector("start", p, stride,
		func(m Mem, x, _ reg.VecVirtual) { VMOVUPS(m, x) },
		func(m Mem, x, mask reg.VecVirtual) {
			if g.v.opmask {
				VMOVUPS_Z(m, g.kmask, x)
			} else {
				VMASKMOVPS(m, mask, x)
			}
		})
	JMP(LabelRef("chain"))
	Label("zero")
	for _, row := range g.x {
		for _, x := range row {
			VXORPS(x, x, x)
		}
	}
	Label("chain")
}

// rowBases returns registers that reach rows rows from a, five each, and three times the distance of rows.
func rowBases(rows int, a, row reg.GPVirtual) (bases []reg.GPVirtual, row3 reg.GPVirtual) {
	row3 = GP64()
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	bases = []reg.GPVirtual{a}
	for len(bases)*5 < rows {
		next := GP64()
		LEAQ(Mem{Base: bases[len(bases)-1], Index: row, Scale: 4}, next)
		ADDQ(row, next)
		bases = append(bases, next)
	}
	return bases, row3
}

// rowMem is the address of row i.
func rowMem(bases []reg.GPVirtual, row, row3 reg.GPVirtual, i int) Mem {
	m := Mem{Base: bases[i/5]}
	switch i % 5 {
	case 1:
		m.Index, m.Scale = row, 1
	case 2:
		m.Index, m.Scale = row, 2
	case 3:
		m.Index, m.Scale = row3, 1
	case 4:
		m.Index, m.Scale = row, 4
	}
	return m
}

// chain runs over k.
func (g *tileGen) chain() {
	k, a, row, aStep := g.field("K"), g.field("A"), g.field("ARow"), g.field("AStep")
	b, bStep := g.field("B"), g.field("BStep")
	bases, row3 := rowBases(g.rows, a, row)
	right := make([]reg.VecVirtual, g.columns)
	for j := range right {
		right[j] = g.v.new()
	}
	left := []reg.VecVirtual{g.v.new(), g.v.new()}
	multiplyAdd := VFMADD231PS
	if g.v.pairs {
		multiplyAdd = VDPBF16PS
	}
	ahead := g.field("Ahead")
	var far reg.GPVirtual
	if g.v.opmask { // AVX2 tiles have no slot to spare: 1 % slower
		far = g.field("Far")
	}
	bAhead := GP64()
	MOVQ(bStep, bAhead)
	SHLQ(U8(4), bAhead)
	ADDQ(b, bAhead)
	step := func() {
		for j := range right {
			VMOVUPS(Mem{Base: b, Disp: j * g.v.bytes}, right[j])
		}
		PREFETCHT0(Mem{Base: ahead})
		if g.v.bytes == 64 { // a column of A lies on two lines as a rule
			PREFETCHT0(Mem{Base: ahead, Disp: 64})
		}
		ADDQ(g.mem("AheadStep"), ahead)
		if g.v.opmask {
			PREFETCHT1(Mem{Base: far})
			ADDQ(g.mem("FarStep"), far)
		}
		for d := 0; d < g.columns*g.v.bytes; d += 64 {
			PREFETCHT0(Mem{Base: bAhead, Disp: d})
		}
		ADDQ(bStep, bAhead)
		for i, x := range g.x {
			VBROADCASTSS(rowMem(bases, row, row3, i), left[i%2])
			for j := range right {
				multiplyAdd(right[j], left[i%2], x[j])
			}
		}
		ADDQ(bStep, b)
		for _, p := range bases {
			ADDQ(aStep, p)
		}
	}
	g.chainTouching(k, step)
	if g.v.unroll > 1 {
		SUBQ(I32(int32(g.v.unroll)), k)
		JL(LabelRef("rest"))
		Label("unrolled")
		for range g.v.unroll {
			step()
		}
		SUBQ(I32(int32(g.v.unroll)), k)
		JGE(LabelRef("unrolled"))
		Label("rest")
		ADDQ(I32(int32(g.v.unroll)), k)
	}
	TESTQ(k, k)
	JZ(LabelRef("add"))
	Label("loop")
	step()
	DECQ(k)
	JNZ(LabelRef("loop"))
	Label("add")
	MOVQ(ahead, g.mem("Ahead")) // the next panel goes on from there
}

// chainTouching writes the first steps of a chain, which ask for the cache lines of C, one a step: all at once they would
// hold up what the chain reads. A short chain has too few steps, and asks at once.
func (g *tileGen) chainTouching(k reg.GPVirtual, step func()) {
	steps := I32(int32(g.rows * g.lines()))
	c, until := GP64(), AllocLocal(8)
	MOVQ(k, c)
	SUBQ(steps, c)
	MOVQ(c, until)
	MOVQ(g.mem("C"), c)
	JL(LabelRef("short"))
	Label("touching")
	for l := range g.lines() {
		PREFETCHT0(Mem{Base: c, Disp: l * cacheLine})
		step()
	}
	ADDQ(g.mem("CRow"), c)
	SUBQ(I32(int32(g.lines())), k)
	CMPQ(k, until)
	JNE(LabelRef("touching"))
	JMP(LabelRef("all"))
	Label("short")
	g.touch(c, g.mem("CRow"))
	Label("all")
}

// add adds what is to be added after the chain.
func (g *tileGen) add() {
	p := g.field("Add")
	stride := g.field("AddRow")
	TESTQ(p, p)
	JZ(LabelRef("store"))
	t := g.v.new()
	g.eachVector("add", p, stride,
		func(m Mem, x, _ reg.VecVirtual) { VADDPS(m, x, x) },
		func(m Mem, x, mask reg.VecVirtual) {
			if g.v.opmask {
				VMOVUPS_Z(m, g.kmask, t)
			} else {
				VMASKMOVPS(m, mask, t)
			}
			VADDPS(t, x, x)
		})
	Label("store")
}

// store writes the tile. A masked store is slow on Zen 4 (some six cycles), so full vectors are stored without.
func (g *tileGen) store() {
	g.eachVector("store", g.field("C"), g.field("CRow"),
		func(m Mem, x, _ reg.VecVirtual) { VMOVUPS(x, m) },
		func(m Mem, x, mask reg.VecVirtual) {
			if g.v.opmask {
				VMOVUPS(x, g.kmask, m)
			} else {
				VMASKMOVPS(x, mask, m)
			}
		})
}

// nextPanel moves on to the next panel of B, if there is one.
func (g *tileGen) nextPanel() {
	DECQ(g.mem("Panels"))
	JLE(LabelRef("done"))
	step, none := g.field("BPanel"), GP64()
	ADDQ(step, g.mem("B"))
	MOVQ(g.mem("Cols"), step)
	SHLQ(U8(2), step)
	ADDQ(step, g.mem("C"))
	XORQ(none, none)
	for _, name := range []string{"Add", "Start"} {
		move := GP64()
		MOVQ(step, move)
		CMPQ(g.mem(name), Imm(0))
		CMOVQEQ(none, move) // nil stays nil
		ADDQ(move, g.mem(name))
	}
	JMP(LabelRef("panel"))
	Label("done")
}
