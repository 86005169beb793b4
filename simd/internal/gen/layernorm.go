package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["layernorm"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			layerNorm(v)
			layerNormGrad(v)
		}
	}
}

// floatOf converts cols to a float32 in lane 0.
func floatOf(cols reg.GPVirtual) reg.VecVirtual {
	n := XMM()
	VXORPS(n, n, n)
	VCVTSI2SSQ(cols, n, n)
	return n
}

func layerNorm(v vectors) {
	g := rowKernel(v, "layerNorm", "dst, mean, rstd, x, gamma, beta []float32, cols int, eps float32", "is the meaning of the same name.")
	g.hold([]float32{1})
	dst, mean, rows, rstd, x := pointer("dst"), pointer("mean"), length("mean"), pointer("rstd"), pointer("x")
	gamma, beta := pointer("gamma"), pointer("beta")
	cols := integer("cols")
	n := floatOf(cols)
	eps := XMM()
	Load(Param("eps"), eps)
	c := g.columns(cols)
	g.rows(rows, func() {
		sum := g.new()
		g.set(sum, 0)
		g.row(c, func() {
			y := g.load(x, c.index)
			for i := range y {
				VADDPS(y[i], sum[i], sum[i])
			}
		})
		total := g.tree(sum, addOp)
		t := total.AsX()
		VDIVSS(n, t, t)
		VMOVSS(t, Mem{Base: mean})
		m := g.spread(total)
		squares := g.new()
		g.set(squares, 0)
		g.row(c, func() {
			y := g.load(x, c.index)
			for i := range y {
				VSUBPS(m[i], y[i], y[i])
			}
			g.clearTail(y)
			for i := range y {
				VFMADD231PS(y[i], y[i], squares[i])
			}
		})
		total = g.tree(squares, addOp)
		t = total.AsX()
		VDIVSS(n, t, t)
		VADDSS(eps, t, t)
		VSQRTSS(t, t, t)
		one := g.v.new()
		VMOVUPS(g.c(1), one)
		VDIVSS(t, one.AsX(), t)
		VMOVSS(t, Mem{Base: rstd})
		s := g.spread(total)
		g.row(c, func() {
			y := g.load(x, c.index)
			for i := range y {
				VSUBPS(m[i], y[i], y[i])
				VMULPS(s[i], y[i], y[i])
			}
			a, b := g.load(gamma, c.index), g.load(beta, c.index)
			for i := range y {
				VFMADD213PS(b[i], a[i], y[i])
			}
			g.store(y, dst, c.index)
		})
		ADDQ(I32(4), mean)
		ADDQ(I32(4), rstd)
		nextRow(c, dst, x)
	})
	g.end()
}

func layerNormGrad(v vectors) {
	g := rowKernel(v, "layerNormGrad", "dx, dgamma, dbeta, dy, x, mean, rstd, gamma []float32, cols int, add bool", "is the meaning of the same name.")
	dx, dgamma, dbeta, dy, x := pointer("dx"), pointer("dgamma"), pointer("dbeta"), pointer("dy"), pointer("x")
	mean, rows, rstd, gamma := pointer("mean"), length("mean"), pointer("rstd"), pointer("gamma")
	cols := integer("cols")
	n := floatOf(cols)
	// A mask of ones if dx is added to, of zeros if not.
	flag, keep := GP32(), g.v.new()
	b := GP8()
	Load(Param("add"), b)
	MOVBLZX(b, flag)
	NEGL(flag)
	VMOVD(flag, keep.AsX())
	VPBROADCASTD(keep.AsX(), keep)
	c := g.columns(cols)
	g.rows(rows, func() {
		m, s := g.broadcast(Mem{Base: mean}), g.broadcast(Mem{Base: rstd})
		sumA, sumB := g.new(), g.new()
		g.set(sumA, 0)
		g.set(sumB, 0)
		g.row(c, func() {
			d, w, y := g.load(dy, c.index), g.load(gamma, c.index), g.load(x, c.index)
			for i := range y {
				VSUBPS(m[i], y[i], y[i])
				VMULPS(s[i], y[i], y[i]) // xhat
				VMULPS(w[i], d[i], d[i]) // g
			}
			g.clearTail(y) // 0·g: the others of g are 0 already, but (0-m)·s may be infinite
			for i := range y {
				VADDPS(d[i], sumA[i], sumA[i])
				VFMADD231PS(y[i], d[i], sumB[i])
			}
		})
		a, b := g.tree(sumA, addOp), g.tree(sumB, addOp)
		VDIVSS(n, a.AsX(), a.AsX())
		VDIVSS(n, b.AsX(), b.AsX())
		as, bs := g.spread(a), g.spread(b)
		g.row(c, func() {
			d, y := g.load(dy, c.index), g.load(x, c.index)
			for i := range y {
				VSUBPS(m[i], y[i], y[i])
				VMULPS(s[i], y[i], y[i]) // xhat
			}
			sum := g.load(dgamma, c.index)
			for i := range y {
				VFMADD231PS(y[i], d[i], sum[i])
			}
			g.store(sum, dgamma, c.index)
			sum = g.load(dbeta, c.index)
			for i := range y {
				VADDPS(d[i], sum[i], sum[i])
			}
			g.store(sum, dbeta, c.index)
			w := g.load(gamma, c.index)
			for i := range y {
				VMULPS(w[i], d[i], d[i])
				VSUBPS(as[i], d[i], d[i])
				VFNMADD231PS(bs[i], y[i], d[i]) // t = fma(-xhat, b, g - a)
			}
			out := g.load(dx, c.index)
			for i := range y {
				if g.wide() {
					VPANDD(keep, out[i], out[i])
				} else {
					VANDPS(keep, out[i], out[i])
				}
				VFMADD231PS(s[i], d[i], out[i])
			}
			g.store(out, dx, c.index)
		})
		ADDQ(I32(4), mean)
		ADDQ(I32(4), rstd)
		nextRow(c, dx, dy, x)
	})
	g.end()
}
