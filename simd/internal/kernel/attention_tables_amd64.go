package kernel

func attentionAVX512() AttentionKernels {
	return AttentionKernels{
		Strip: stripAVX512, CutStrip: cutStripAVX512,
		Softmax: attentionSoftmaxAVX512, SoftmaxGrad: attentionSoftmaxGradAVX512,
	}
}

func attentionAVX2() AttentionKernels {
	return AttentionKernels{
		Strip: stripAVX2, CutStrip: cutStripAVX2,
		Softmax: attentionSoftmaxAVX2, SoftmaxGrad: attentionSoftmaxGradAVX2,
	}
}

func stripAVX512(s *Strip, columns int) {
	switch columns {
	case 48:
		strip48AVX512(s)
	case 32:
		strip32AVX512(s)
	case 16:
		strip16AVX512(s)
	default:
		strip8AVX512(s)
	}
}

// cutStripAVX512 takes 32 columns while it can, and 48 where that leaves 0 or 8 instead of 16 or 24.
func cutStripAVX512(left int) (columns, mostRows int) {
	switch rest := left % 32; {
	case left >= 48 && rest >= 16:
		return 48, 9
	case left >= 32:
		return 32, 14
	case left >= 16:
		return 16, 14
	}
	return 8, 14
}

func stripAVX2(s *Strip, columns int) {
	switch columns {
	case 24:
		strip24AVX2(s)
	case 16:
		strip16AVX2(s)
	default:
		strip8AVX2(s)
	}
}

// cutStripAVX2 takes 16 columns while it can, and 24 where that leaves nothing.
func cutStripAVX2(left int) (columns, mostRows int) {
	switch {
	case left == 24:
		return 24, 4
	case left >= 16:
		return 16, 6
	}
	return 8, 6
}
