package simd

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
	"github.com/mtobench/mtobench/simd/internal/kernel"
)

func TestZZBest(t *testing.T) {
	if os.Getenv("BEST") == "" { t.Skip() }
	const rows, cols = 256, 192
	const n = rows * cols
	random := rand.New(rand.NewPCG(1, 1))
	matrix := func(n int) []float32 { x := make([]float32, n); fillRandom(random, x); return x }
	x, y, dst := matrix(n), matrix(n), matrix(n)
	v := matrix(n)
	for i := range v { v[i] *= v[i] }
	const sq = 20 * 49 * 49
	probs, dprobs, out := matrix(sq), matrix(sq), matrix(sq)
	mean, rstd, weight := matrix(rows), matrix(rows), matrix(rows)
	gamma, beta := matrix(cols), matrix(cols)
	dgamma, dbeta := make([]float32, cols), make([]float32, cols)
	ad := kernel.AdamW{1, 0.9, 0.1, 0.95, 0.05, 1, 1, 1e-8, -1e-9}
	_, _, _, _ = dprobs, dgamma, dbeta, weight
	for _, tb := range kernel.Supported() {
		if tb.Name == "generic" && os.Getenv("BEST") == "1" { continue }
		k := tb.RowKernels
		for _, op := range []struct { name string; n int; run func() }{
			{"gelu-tanh", n, func() { k.GELUTanh(dst, x) }},
			{"gelu-tanh-grad", n, func() { k.GELUTanhGrad(dst, y, x) }},
			{"gelu-erf", n, func() { k.GELUErf(dst, x) }},
			{"gelu-erf-grad", n, func() { k.GELUErfGrad(dst, y, x) }},
			{"layernorm", n, func() { k.LayerNorm(dst, mean, rstd, x, gamma, beta, cols, 1e-6) }},
			{"layernorm-grad", n, func() { k.LayerNormGrad(dst, dgamma, dbeta, y, x, mean, rstd, gamma, cols, false) }},
			{"softmax49", sq, func() { k.SoftmaxRows(out, probs, 49, 0.125) }},
			{"softmax-grad49", sq, func() { k.SoftmaxRowsGrad(out, dprobs, probs, 49, 0.125) }},
			{"log-softmax49", sq, func() { k.LogSoftmaxRows(out, probs, 49) }},
			{"softmax16", 45*1024, func() { k.SoftmaxRows(out[:45*1024], probs[:45*1024], 16, 0.125) }},
			{"softmax64", 45*1024, func() { k.SoftmaxRows(out[:45*1024], probs[:45*1024], 64, 0.125) }},
			{"adamw", n, func() { k.AdamW(dst, x, v, y, &ad) }},
			{"column-add", n, func() { k.ColumnAdd(dbeta, x, cols) }},
			{"l1", n, func() { k.RowL1(weight, x, y, cols) }},
			{"l1-grad", n, func() { k.RowL1Grad(dst, x, y, mean, cols, 1) }},
			{"row-sum", n, func() { k.RowSum(weight, x, cols) }},
			{"row-dot", n, func() { k.RowDot(weight, x, y, cols) }},
			{"row-sum-long", n, func() { k.RowSum(weight[:12], x, 4096) }},
			{"add", n, func() { k.Add(dst, x, y) }},
			{"scale", n, func() { k.Scale(dst, x, 3) }},
			{"ema", n, func() { k.EMA(dst, x, 0.999) }},
			{"all-finite", n, func() { k.AllFinite(x) }},
			{"exp", n, func() { k.Exp(dst, x) }},
			{"log", n, func() { k.Log(dst, v) }},
			{"tanh", n, func() { k.Tanh(dst, x) }},
			{"erf", n, func() { k.Erf(dst, x) }},
		} {
			best := time.Hour
			for range 400 {
				t0 := time.Now(); op.run(); best = min(best, time.Since(t0))
			}
			fmt.Printf("%-8s %-16s %6.2f G/s\n", tb.Name, op.name, float64(op.n)/float64(best.Nanoseconds()))
		}
	}
}
