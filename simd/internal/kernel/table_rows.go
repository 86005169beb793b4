package kernel

// RowKernels are the kernels of rows and vectors. Slices of one call have equal lengths unless the text says
// otherwise; a matrix has len/cols rows of cols >= 1 elements. A destination may be one of the sources (same address)
// and overlaps none otherwise. Each entry's meaning, with the order of its operations, is the function of the same
// name in the file given.
type RowKernels struct {
	// elementwise_generic.go
	Add       func(dst, a, b []float32)            // dst = a + b
	Sub       func(dst, a, b []float32)            // dst = a - b
	Mul       func(dst, a, b []float32)            // dst = a·b
	Scale     func(dst, a []float32, s float32)    // dst = a·s
	AddScaled func(dst, a []float32, s float32)    // dst = fma(s, a, dst)
	EMA       func(dst, src []float32, d float32)  // dst = fma(d, dst, (1-d)·src)
	AllFinite func(x []float32) bool               // no infinity, no NaN
	AdamW     func(p, m, v, g []float32, c *AdamW) // adamw_generic.go

	// function_generic.go: detmath's Exp32, Log32, Tanh32, Erf32
	Exp, Log, Tanh, Erf func(dst, x []float32)

	// gelu_generic.go
	GELUTanh, GELUErf         func(dst, x []float32)
	GELUTanhGrad, GELUErfGrad func(dx, dy, x []float32)
	// Both of these: y is what GELU writes and overlaps nothing.
	GELUTanhAndGrad, GELUErfAndGrad func(y, dx, dy, x []float32)

	// softmax_generic.go
	SoftmaxRows     func(dst, x []float32, cols int, scale float32)
	SoftmaxRowsGrad func(dx, dy, y []float32, cols int, scale float32)
	LogSoftmaxRows  func(dst, x []float32, cols int)

	// layernorm_generic.go; mean and rstd have an element a row, gamma and beta cols elements.
	LayerNorm     func(dst, mean, rstd, x, gamma, beta []float32, cols int, eps float32)
	LayerNormGrad func(dx, dgamma, dbeta, dy, x, mean, rstd, gamma []float32, cols int, add bool)

	// reduce_generic.go; dst has an element a row.
	RowSum func(dst, x []float32, cols int)
	RowMax func(dst, x []float32, cols int)
	RowDot func(dst, x, y []float32, cols int)
	RowL1  func(dst, x, y []float32, cols int) // sum |x - y|
	RowL2  func(dst, x, y []float32, cols int) // sum (x - y)²

	// ColumnAdd adds rows of x to dst [cols], one after the other.
	ColumnAdd func(dst, x []float32, cols int)

	// loss_generic.go; w has an element a row.
	RowL1Grad func(dx, x, y, w []float32, cols int, s float32)
	RowL2Grad func(dx, x, y, w []float32, cols int, s float32)
}

func rowsGeneric() RowKernels {
	return RowKernels{
		Add: add, Sub: sub, Mul: mul, Scale: scale, AddScaled: addScaled, EMA: ema, AllFinite: allFinite, AdamW: adamW,
		Exp: exp, Log: log, Tanh: tanh, Erf: erf,
		GELUTanh: geluTanh, GELUErf: geluErf, GELUTanhGrad: geluTanhGrad, GELUErfGrad: geluErfGrad,
		GELUTanhAndGrad: geluTanhAndGrad, GELUErfAndGrad: geluErfAndGrad,
		SoftmaxRows: softmaxRows, SoftmaxRowsGrad: softmaxRowsGrad, LogSoftmaxRows: logSoftmaxRows,
		LayerNorm: layerNorm, LayerNormGrad: layerNormGrad,
		RowSum: rowSum, RowMax: rowMax, RowDot: rowDot, RowL1: rowL1, RowL2: rowL2, ColumnAdd: columnAdd,
		RowL1Grad: rowL1Grad, RowL2Grad: rowL2Grad,
	}
}
