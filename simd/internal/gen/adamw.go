package main

import (
	"go/token"
	"go/types"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	families["adamw"] = func() {
		for _, v := range []vectors{avx512, avx2} {
			adamW(v)
		}
	}
	// As for Tile: the signature is read without loading package kernel.
	name := types.NewTypeName(token.NoPos, nil, "AdamW", nil)
	types.NewNamed(name, types.NewStruct(nil, nil), nil)
	types.Universe.Insert(name)
}

func adamW(v vectors) {
	g := elementKernel(v, "adamW", "p, m, v, g []float32, c *AdamW", "is the meaning of the same name.")
	// The fields of kernel.AdamW in their order.
	fields := Load(Param("c"), GP64()).(reg.GPVirtual)
	var constants [9]reg.VecVirtual
	for i := range constants {
		constants[i] = g.broadcast(Mem{Base: fields, Disp: 4 * i})[0]
	}
	gradScale, beta1, oneMinus1, beta2, oneMinus2 := constants[0], constants[1], constants[2], constants[3], constants[4]
	decay, root, eps, step := constants[5], constants[6], constants[7], constants[8]
	p, n, m, vv, grad := pointer("p"), length("p"), pointer("m"), pointer("v"), pointer("g")
	g.elements(n, 1, []reg.GPVirtual{p, m, vv, grad}, func() {
		d := g.load(grad, nil)
		first := g.load(m, nil)
		second := g.load(vv, nil)
		t := g.v.new()
		VMULPS(gradScale, d[0], d[0])
		VMULPS(oneMinus1, d[0], t)
		VFMADD213PS(t, beta1, first[0])
		g.store(first, m, nil)
		VMULPS(oneMinus2, d[0], t)
		VMULPS(d[0], t, t)
		VFMADD213PS(t, beta2, second[0])
		g.store(second, vv, nil)
		VSQRTPS(second[0], t)
		VFMADD213PS(eps, root, t)
		VDIVPS(t, first[0], t)
		w := g.load(p, nil)
		VMULPS(decay, w[0], w[0])
		VFMADD231PS(step, t, w[0])
		g.store(w, p, nil)
	})
	g.end()
}
