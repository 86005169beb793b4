package kernel

func rowsAVX2() RowKernels {
	return RowKernels{
		Add: addAVX2, Sub: subAVX2, Mul: mulAVX2, Scale: scaleAVX2, AddScaled: addScaledAVX2, EMA: emaAVX2, AllFinite: allFiniteAVX2, AdamW: adamWAVX2,
		Exp: expAVX2, Log: logAVX2, Tanh: tanhAVX2, Erf: erfAVX2,
		GELUTanh: geluTanhAVX2, GELUErf: geluErfAVX2, GELUTanhGrad: geluTanhGradAVX2, GELUErfGrad: geluErfGradAVX2,
		GELUTanhAndGrad: geluTanhAndGradAVX2, GELUErfAndGrad: geluErfAndGradAVX2,
		SoftmaxRows: softmaxRowsAVX2, SoftmaxRowsGrad: softmaxRowsGradAVX2, LogSoftmaxRows: logSoftmaxRowsAVX2,
		LayerNorm: layerNormAVX2, LayerNormGrad: layerNormGradAVX2,
		RowSum: rowSumAVX2, RowMax: rowMaxAVX2, RowDot: rowDotAVX2, RowL1: rowL1AVX2, RowL2: rowL2AVX2, ColumnAdd: columnAddAVX2,
		RowL1Grad: rowL1GradAVX2, RowL2Grad: rowL2GradAVX2,
	}
}

func rowsAVX512() RowKernels {
	return RowKernels{
		Add: addAVX512, Sub: subAVX512, Mul: mulAVX512, Scale: scaleAVX512, AddScaled: addScaledAVX512, EMA: emaAVX512, AllFinite: allFiniteAVX512, AdamW: adamWAVX512,
		Exp: expAVX512, Log: logAVX512, Tanh: tanhAVX512, Erf: erfAVX512,
		GELUTanh: geluTanhAVX512, GELUErf: geluErfAVX512, GELUTanhGrad: geluTanhGradAVX512, GELUErfGrad: geluErfGradAVX512,
		GELUTanhAndGrad: geluTanhAndGradAVX512, GELUErfAndGrad: geluErfAndGradAVX512,
		SoftmaxRows: softmaxRowsAVX512, SoftmaxRowsGrad: softmaxRowsGradAVX512, LogSoftmaxRows: logSoftmaxRowsAVX512,
		LayerNorm: layerNormAVX512, LayerNormGrad: layerNormGradAVX512,
		RowSum: rowSumAVX512, RowMax: rowMaxAVX512, RowDot: rowDotAVX512, RowL1: rowL1AVX512, RowL2: rowL2AVX512, ColumnAdd: columnAddAVX512,
		RowL1Grad: rowL1GradAVX512, RowL2Grad: rowL2GradAVX512,
	}
}
