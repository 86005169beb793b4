package main

import (
	"go/token"
	"go/types"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	rowsOffset = argumentStruct("AttentionRows", "Tokens", "X", "XRow", "Probs", "Work", "Bias", "LogProbs", "DProbs", "DLogits", "Scale")
}

// rowsOffset is where the fields of kernel.AttentionRows lie.
var rowsOffset map[string]int

// argumentStruct makes a type of package kernel known, whose fields all take 8 bytes, and returns where they lie.
// Signatures are read without loading the package, which doesn't build before its assembly is there.
func argumentStruct(name string, fields ...string) map[string]int {
	offset := map[string]int{}
	var vars []*types.Var
	for i, f := range fields {
		offset[f] = 8 * i
		vars = append(vars, types.NewField(token.NoPos, nil, f, types.Typ[types.Uint64], false))
	}
	t := types.NewTypeName(token.NoPos, nil, name, nil)
	types.NewNamed(t, types.NewStruct(vars, nil), nil)
	types.Universe.Insert(t)
	return offset
}

// Work is memory in between: the lanes of 16 rows, then row results, for the most tokens there are.
const (
	workMaxima  = 16 * 64
	workFactors = workMaxima + 512*4
	workLogs    = workFactors + 512*4
)

// attentionGen is a kernel over the rows of one head's square matrices. It makes some passes over all rows, so that
// nothing waits for the result of a single row; in a pass, the 16 lanes of 16 rows are joined at once.
type attentionGen struct {
	*rowGen
	r      reg.GPVirtual
	c      columns       // of a row of N elements; c.bytes is the distance of rows in all but X
	padded reg.GPVirtual // bytes of a row of X, with all its lanes
	xRow   reg.GPVirtual // distance of rows in X
	work   reg.GPVirtual
	left   Mem // rows from the block on
}

func (g *attentionGen) field(name string) reg.GPVirtual {
	p := GP64()
	MOVQ(Mem{Base: g.r, Disp: rowsOffset[name]}, p)
	return p
}

// attentionKernel begins a function over AttentionRows.
func attentionKernel(v vectors, name string) *attentionGen {
	g := &attentionGen{rowGen: rowKernel(v, name, "r *AttentionRows", "is the meaning of the same name.")}
	g.r = Load(Param("r"), GP64()).(reg.GPVirtual)
	return g
}

// begin prepares the passes.
func (g *attentionGen) begin() {
	g.c = g.columns(g.field("Tokens"))
	g.work, g.xRow = g.field("Work"), g.field("XRow")
	g.left = AllocLocal(8)
	g.padded = GP64()
	LEAQ(Mem{Base: g.c.rest, Disp: 15}, g.padded)
	ANDQ(I32(-16), g.padded)
	SHLQ(U8(2), g.padded)
	ADDQ(g.c.whole, g.padded)
}

// rowPlace is where a row of a pass lies: in X, its element of the row results, and its lanes.
type rowPlace struct{ x, element, lanes reg.GPVirtual }

// pass writes a loop over all rows, in blocks of up to 16. row treats a row; the pointers begin at the matrices named
// and are moved on. joined, if not nil, follows the rows of a block, element being that of its first row.
func (g *attentionGen) pass(row func(at rowPlace, pointers []reg.GPVirtual), joined func(element reg.GPVirtual), matrices ...string) {
	at := rowPlace{g.field("X"), GP64(), GP64()}
	MOVQ(g.work, at.element)
	var pointers []reg.GPVirtual
	for _, name := range matrices {
		pointers = append(pointers, g.field(name))
	}
	left, n := g.field("Tokens"), GP64()
	MOVQ(left, g.left)
	block, rows := g.label("block"), g.label("rows")
	Label(block)
	most := GP64()
	MOVQ(I32(16), most)
	MOVQ(g.left, n)
	CMPQ(n, most)
	CMOVQGT(most, n)
	MOVQ(g.work, at.lanes)
	Label(rows)
	row(at, pointers)
	ADDQ(g.xRow, at.x)
	nextRow(g.c, pointers...)
	ADDQ(I32(64), at.lanes)
	ADDQ(I32(4), at.element)
	DECQ(n)
	JNZ(LabelRef(rows))
	if joined != nil {
		first := GP64()
		MOVQ(I32(16), first)
		MOVQ(g.left, n)
		CMPQ(n, first)
		CMOVQLT(n, first)
		NEGQ(first)
		LEAQ(Mem{Base: at.element, Index: first, Scale: 4}, first)
		joined(first)
	}
	SUBQ(I32(16), g.left)
	JG(LabelRef(block))
}

// keepLanes keeps the 16 lanes of a row for join: wide ones as they are, others joined at once.
func (g *attentionGen) keepLanes(x group, at rowPlace, to int, op func(low, high, dst Op)) {
	if g.wide() {
		VMOVUPS(x[0], Mem{Base: at.lanes})
		return
	}
	VMOVSS(g.tree(x, op).AsX(), Mem{Base: at.element, Disp: to})
}

// join returns the row results of a block, an element a row, from what keepLanes kept. The tree of numerics rule 4 is
// i+8, i+4, i+2, i+1; each of its steps joins two vectors, until one holds all rows.
func (g *attentionGen) join(element reg.GPVirtual, from int, op func(low, high, dst Op)) group {
	if !g.wide() {
		return g.load(element, nil, from)
	}
	lanes := func(row, half int) Mem { return Mem{Base: g.work, Disp: 64*row + 32*half} }
	pair := func(a, b reg.VecVirtual, shuffle func(imm, b, a, dst Op), low, high Op) reg.VecVirtual {
		x, y := ZMM(), ZMM()
		shuffle(low, b, a, x)
		shuffle(high, b, a, y)
		op(x, y, x)
		return x
	}
	quarters := func(imm, b, a, dst Op) { VSHUFF32X4(imm, b, a, dst) }
	elements := func(imm, b, a, dst Op) { VSHUFPS(imm, b, a, dst) }
	var rows [4]reg.VecVirtual // rows[r]: rows r, r+4, r+8, r+12, four lanes each
	for r := range rows {
		var halves [2]reg.VecVirtual
		for i := range halves {
			x, y := ZMM(), ZMM()
			first := r + 8*i
			VBROADCASTF64X4(lanes(first, 0), x)
			VINSERTF64X4(U8(1), lanes(first+4, 0), x, x)
			VBROADCASTF64X4(lanes(first, 1), y)
			VINSERTF64X4(U8(1), lanes(first+4, 1), y, y)
			op(x, y, x)
			halves[i] = x
		}
		rows[r] = pair(halves[0], halves[1], quarters, U8(0x88), U8(0xdd))
	}
	a := pair(rows[0], rows[1], elements, U8(0x44), U8(0xee))
	b := pair(rows[2], rows[3], elements, U8(0x44), U8(0xee))
	return group{pair(a, b, elements, U8(0x88), U8(0xdd))}
}

// load reads a group at p from offset on.
func (g *attentionGen) load(p, index reg.GPVirtual, offset int) group {
	x := g.new()
	for i := range x {
		m := g.at(p, index, i)
		m.Disp += offset
		VMOVUPS(m, x[i])
	}
	return x
}

func (g *attentionGen) storeAt(x group, p, index reg.GPVirtual, offset int) {
	for i := range x {
		m := g.at(p, index, i)
		m.Disp += offset
		VMOVUPS(x[i], m)
	}
}

// loadPadded reads a group of X whose lanes past the end of the row become -Inf.
func (g *attentionGen) loadPadded(x reg.GPVirtual) group {
	if !g.partial {
		return g.load(x, g.c.index, 0)
	}
	y := g.new()
	g.set(y, negativeInfinity)
	for i := range y {
		m := g.at(x, g.c.index, i)
		if g.wide() {
			VMOVUPS(m, g.k, y[i])
			continue
		}
		t, mask := g.v.new(), g.v.new()
		VMOVUPS(m, t)
		VMOVUPS(Mem{Base: g.masks, Disp: 32 * i}, mask)
		VBLENDVPS(mask, t, y[i], y[i])
	}
	return y
}

// allGroups writes a loop over the groups of a row of X with all its lanes.
func (g *attentionGen) allGroups(body func()) {
	loop := g.label("loop")
	XORQ(g.c.index, g.c.index)
	Label(loop)
	body()
	ADDQ(I32(g.bytes()), g.c.index)
	CMPQ(g.c.index, g.padded)
	JLT(LabelRef(loop))
}

// ifGiven writes body for the case that the matrix name is there, otherwise other.
func (g *attentionGen) ifGiven(name string, body, other func()) {
	no, done := g.label("nil"), g.label("given")
	CMPQ(Mem{Base: g.r, Disp: rowsOffset[name]}, Imm(0))
	JEQ(LabelRef(no))
	body()
	JMP(LabelRef(done))
	Label(no)
	other()
	Label(done)
}

func attentionSoftmax(v vectors) {
	g := attentionKernel(v, "attentionSoftmax")
	g.holdExp()
	g.hold([]float32{1, 0, negativeInfinity})
	g.begin()
	g.ifGiven("Bias", func() { g.maxima("Bias") }, func() { g.maxima() })
	g.ifGiven("LogProbs", func() { g.exponentials("LogProbs") }, func() { g.exponentials() })
	g.probabilities()
	g.ifGiven("LogProbs", func() {
		g.pass(func(at rowPlace, p []reg.GPVirtual) {
			ln := g.broadcast(Mem{Base: at.element, Disp: workLogs})
			g.row(g.c, func() {
				y := g.rowGen.load(p[0], g.c.index)
				for i := range y {
					VSUBPS(ln[i], y[i], y[i])
				}
				g.store(y, p[0], g.c.index)
			})
		}, nil, "LogProbs")
	}, func() {})
	g.end()
}

// maxima writes the pass that finds the maximum of each row, 0 where it is -Inf. A bias is added before. The lanes past
// the end of a row become -Inf.
func (g *attentionGen) maxima(bias ...string) {
	g.pass(func(at rowPlace, p []reg.GPVirtual) {
		m := g.new()
		g.set(m, negativeInfinity)
		g.row(g.c, func() {
			y := g.loadPadded(at.x)
			if bias != nil {
				for i, b := range g.rowGen.load(p[0], g.c.index) {
					VADDPS(b, y[i], y[i])
				}
			}
			if bias != nil || g.partial {
				g.storeAt(y, at.x, g.c.index, 0)
			}
			for i := range y {
				VMAXPS(m[i], y[i], m[i])
			}
		})
		g.keepLanes(m, at, workMaxima, maxOp)
	}, func(element reg.GPVirtual) {
		m := g.join(element, workMaxima, maxOp)
		for i := range m {
			g.zeroIf(m[i:i+1], isEqual, negativeInfinity)
		}
		g.storeAt(m, element, nil, workMaxima)
	}, bias...)
}

// exponentials writes the pass from x to e^(x - m) and their sums' inverses. With logs, x - m is stored there and the
// logarithms of the sums are computed, too.
func (g *attentionGen) exponentials(logs ...string) {
	g.pass(func(at rowPlace, p []reg.GPVirtual) {
		m := g.broadcast(Mem{Base: at.element, Disp: workMaxima})
		sum := g.new()
		g.clear(sum)
		body := func() {
			y := g.load(at.x, g.c.index, 0)
			for i := range y {
				VSUBPS(m[i], y[i], y[i])
			}
			if logs != nil {
				g.store(y, p[0], g.c.index)
			}
			e := g.expAtMost0(y)
			g.storeAt(e, at.x, g.c.index, 0)
			for i := range e {
				VADDPS(e[i], sum[i], sum[i])
			}
		}
		if logs == nil {
			g.allGroups(body)
		} else {
			g.row(g.c, body)
		}
		g.keepLanes(sum, at, workFactors, addOp)
	}, func(element reg.GPVirtual) {
		s := g.join(element, workFactors, addOp)
		g.inverse(s, element)
		if logs != nil {
			g.logOfSum(s, element)
		}
	}, logs...)
}

// expAtMost0 is exp for x <= 0 and NaN. It uses up x.
func (g *attentionGen) expAtMost0(x group) group {
	if !g.wide() {
		return g.exp(x)
	}
	k, t, n, p := K(), ZMM(), ZMM(), ZMM()
	VCMPPS(isNotLess, g.lit(expMin), x[0], k)
	VMOVUPS(g.lit(roundMagic), t)
	VFMADD231PS(g.lit(log2E), x[0], t)
	VSUBPS(g.lit(roundMagic), t, n)
	VFMADD231PS(g.lit(-ln2High), n, x[0])
	VFMADD231PS(g.lit(-ln2Low), n, x[0])
	VMOVUPS(g.lit(expPolynomial[0]), p)
	for _, c := range expPolynomial[1:] {
		VFMADD213PS(g.lit(c), x[0], p)
	}
	VSCALEFPS_Z(n, p, k, p) // p·2^n is normal
	return group{p}
}

// probabilities writes the pass from exponentials to probabilities. A masked store is slow: while there is room, the
// last group of a row is stored with all its lanes, since the next row comes after.
func (g *attentionGen) probabilities() {
	room := AllocLocal(8) // from here on a row isn't followed by room for a group
	n := g.field("Tokens")
	IMULQ(g.c.bytes, n)
	ADDQ(Mem{Base: g.r, Disp: rowsOffset["Probs"]}, n)
	SUBQ(g.c.whole, n)
	SUBQ(I32(g.bytes()), n)
	MOVQ(n, room)
	g.pass(func(at rowPlace, p []reg.GPVirtual) {
		f := g.broadcast(Mem{Base: at.element, Disp: workFactors})
		g.row(g.c, func() {
			y := g.load(at.x, g.c.index, 0)
			for i := range y {
				VMULPS(f[i], y[i], y[i])
			}
			if !g.partial {
				g.store(y, p[0], g.c.index)
				return
			}
			masked, stored := g.label("masked"), g.label("stored")
			CMPQ(p[0], room)
			JGT(LabelRef(masked))
			g.storeAt(y, p[0], g.c.index, 0)
			JMP(LabelRef(stored))
			Label(masked)
			g.store(y, p[0], g.c.index)
			Label(stored)
		})
	}, nil, "Probs")
}

// inverse writes 1/s to the row results from element on, where 1/0 counts as 0.
func (g *attentionGen) inverse(s group, element reg.GPVirtual) {
	for i := range s {
		y := g.v.new()
		VMOVUPS(g.lit(1), y)
		VDIVPS(s[i], y, y)
		if g.wide() {
			k := K()
			VCMPPS(isNotEqual, g.lit(0), s[i], k)
			VMOVUPS_Z(y, k, y)
		} else {
			m := g.v.new()
			VXORPS(m, m, m)
			VCMPPS(isNotEqual, m, s[i], m)
			VANDPS(m, y, y)
		}
		VMOVUPS(y, Mem{Base: element, Disp: workFactors + i*g.v.bytes})
	}
}

// logOfSum writes ln s there, where the logarithm of 0 counts as 0; that of NaN is NaN, and other sums are normal. It
// uses up s.
func (g *attentionGen) logOfSum(s group, element reg.GPVirtual) {
	one := &rowGen{v: g.v, parts: 1, constants: g.constants}
	for i := range s {
		kept := g.v.new()
		VMOVUPS(s[i], kept)
		ln := one.logInside(s[i:i+1], nil)
		if g.wide() {
			k := K()
			VCMPPS(isNotEqual, g.lit(0), kept, k)
			VMOVUPS_Z(ln[0], k, ln[0])
		} else {
			m := g.v.new()
			VXORPS(m, m, m)
			VCMPPS(isNotEqual, m, kept, m)
			VANDPS(m, ln[0], ln[0])
		}
		one.selectPart(ln[0], isUnordered, kept, kept, kept)
		VMOVUPS(ln[0], Mem{Base: element, Disp: workLogs + i*g.v.bytes})
	}
}

// clear sets x to +0.
func (g *attentionGen) clear(x group) {
	for i := range x {
		VXORPS(x[i], x[i], x[i])
	}
}

// lit is the constant x as an operand.
func (g *attentionGen) lit(x float32) Op { return g.rowGen.c(x) }

func attentionSoftmaxGrad(v vectors) {
	g := attentionKernel(v, "attentionSoftmaxGrad")
	scale := g.broadcast(Mem{Base: g.r, Disp: rowsOffset["Scale"]})
	g.begin()
	g.ifGiven("DProbs", func() { g.rowSums("Probs", "DProbs") }, func() { g.rowSums("Probs") })
	g.ifGiven("DLogits", func() { g.logitGradients(scale, "Probs", "DLogits") }, func() { g.logitGradients(scale, "Probs") })
	g.end()
}

// rowSums writes the pass that finds rowsum(P∘X). If there is a second matrix, it is added to X before.
func (g *attentionGen) rowSums(matrices ...string) {
	g.pass(func(at rowPlace, p []reg.GPVirtual) {
		sum := g.new()
		g.clear(sum)
		g.row(g.c, func() {
			a, b := g.rowGen.load(p[0], g.c.index), g.rowGen.load(at.x, g.c.index)
			if len(p) > 1 {
				for i, y := range g.rowGen.load(p[1], g.c.index) {
					VADDPS(y, b[i], b[i])
				}
				g.storeAt(b, at.x, g.c.index, 0)
			}
			for i := range a {
				VFMADD231PS(a[i], b[i], sum[i])
			}
		})
		g.keepLanes(sum, at, workMaxima, addOp)
	}, func(element reg.GPVirtual) {
		g.storeAt(g.join(element, workMaxima, addOp), element, nil, workMaxima)
	}, matrices...)
}

// logitGradients writes the pass to (P∘(X - rowsum))·scale. If there is a second matrix, it is added before scaling.
func (g *attentionGen) logitGradients(scale group, matrices ...string) {
	g.pass(func(at rowPlace, p []reg.GPVirtual) {
		d := g.broadcast(Mem{Base: at.element, Disp: workMaxima})
		g.row(g.c, func() {
			a, b := g.rowGen.load(p[0], g.c.index), g.load(at.x, g.c.index, 0)
			for i := range a {
				VSUBPS(d[i], b[i], b[i])
				VMULPS(a[i], b[i], b[i])
			}
			if len(p) > 1 {
				for i, y := range g.rowGen.load(p[1], g.c.index) {
					VADDPS(y, b[i], b[i])
				}
			}
			for i := range b {
				VMULPS(scale[i], b[i], b[i])
			}
			g.storeAt(b, at.x, g.c.index, 0)
		})
	}, nil, matrices...)
}
