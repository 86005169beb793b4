package kernel

func rowsNEON() RowKernels {
	k := rowsGeneric()
	k.Add, k.Sub, k.Mul, k.Scale, k.AddScaled, k.EMA, k.AllFinite = addNEON, subNEON, mulNEON, scaleNEON, addScaledNEON, emaNEON, allFiniteNEON
	k.Exp, k.Log, k.Tanh, k.Erf = expNEON, logNEON, tanhNEON, erfNEON
	k.AdamW = adamWNEON
	k.GELUTanh, k.GELUErf, k.GELUTanhGrad, k.GELUErfGrad = geluTanhNEON, geluErfNEON, geluTanhGradNEON, geluErfGradNEON
	k.GELUTanhAndGrad, k.GELUErfAndGrad = geluTanhAndGradNEON, geluErfAndGradNEON
	k.SoftmaxRows, k.SoftmaxRowsGrad, k.LogSoftmaxRows = softmaxRowsNEON, softmaxRowsGradNEON, logSoftmaxRowsNEON
	k.LayerNorm, k.LayerNormGrad = layerNormNEON, layerNormGradNEON
	k.RowSum, k.RowMax, k.RowDot, k.RowL1, k.RowL2 = rowSumNEON, rowMaxNEON, rowDotNEON, rowL1NEON, rowL2NEON
	k.ColumnAdd = columnAddNEON
	k.RowL1Grad, k.RowL2Grad = rowL1GradNEON, rowL2GradNEON
	return k
}

//go:noescape
func addNEON(dst, a, b []float32)

//go:noescape
func subNEON(dst, a, b []float32)

//go:noescape
func mulNEON(dst, a, b []float32)

//go:noescape
func scaleNEON(dst, a []float32, s float32)

//go:noescape
func addScaledNEON(dst, a []float32, s float32)

//go:noescape
func emaNEON(dst, src []float32, d float32)

//go:noescape
func finiteBlocksNEON(x *float32, blocks int) bool

// allFiniteNEON is allFinite, in blocks of 16 and the rest in Go.
func allFiniteNEON(x []float32) bool {
	n := len(x) / 16
	return (n == 0 || finiteBlocksNEON(&x[0], n)) && allFinite(x[16*n:])
}

//go:noescape
func expNEON(dst, x []float32)

//go:noescape
func logNEON(dst, x []float32)

//go:noescape
func tanhNEON(dst, x []float32)

//go:noescape
func erfNEON(dst, x []float32)

//go:noescape
func geluTanhNEON(dst, x []float32)

//go:noescape
func geluErfNEON(dst, x []float32)

//go:noescape
func geluTanhGradNEON(dx, dy, x []float32)

//go:noescape
func geluErfGradNEON(dx, dy, x []float32)

func geluTanhAndGradNEON(y, dx, dy, x []float32) {
	geluTanhNEON(y, x)
	geluTanhGradNEON(dx, dy, x)
}

func geluErfAndGradNEON(y, dx, dy, x []float32) {
	geluErfNEON(y, x)
	geluErfGradNEON(dx, dy, x)
}

//go:noescape
func softmaxRowsNEON(dst, x []float32, cols int, scale float32)

//go:noescape
func softmaxRowsGradNEON(dx, dy, y []float32, cols int, scale float32)

//go:noescape
func logSoftmaxRowsNEON(dst, x []float32, cols int)

//go:noescape
func layerNormNEON(dst, mean, rstd, x, gamma, beta []float32, cols int, eps float32)

//go:noescape
func layerNormGradNEON(dx, dgamma, dbeta, dy, x, mean, rstd, gamma []float32, cols int, add bool)

//go:noescape
func rowSumNEON(dst, x []float32, cols int)

//go:noescape
func rowMaxNEON(dst, x []float32, cols int)

//go:noescape
func rowDotNEON(dst, x, y []float32, cols int)

//go:noescape
func rowL1NEON(dst, x, y []float32, cols int)

//go:noescape
func rowL2NEON(dst, x, y []float32, cols int)

//go:noescape
func columnAddNEON(dst, x []float32, cols int)

//go:noescape
func rowL1GradNEON(dx, x, y, w []float32, cols int, s float32)

//go:noescape
func rowL2GradNEON(dx, x, y, w []float32, cols int, s float32)

//go:noescape
func adamWBlocksNEON(p, m, v, grad *float32, n int, c *AdamW)

// adamWNEON is adamW, in blocks of 8 and the rest in Go.
func adamWNEON(p, m, v, g []float32, c *AdamW) {
	n := len(p) &^ 7
	if n > 0 {
		adamWBlocksNEON(&p[0], &m[0], &v[0], &g[0], n, c)
	}
	adamW(p[n:], m[n:], v[n:], g[n:], c)
}
