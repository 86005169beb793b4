package kernel

import "golang.org/x/sys/cpu"

// AVX2 needs AVX2 and FMA.
var AVX2 = Table{Name: "avx2", GEMMKernels: gemmAVX2(), AttentionKernels: attentionAVX2(), RowKernels: rowsAVX2()}

// AVX512 needs AVX-512 F, VL, BW and DQ, and what AVX2 needs.
var AVX512 = Table{Name: "avx512", GEMMKernels: gemmAVX512(), AttentionKernels: attentionAVX512(), RowKernels: rowsAVX512()}

func supported() []*Table {
	var t []*Table
	avx2 := cpu.X86.HasAVX2 && cpu.X86.HasFMA
	// F is asked beside the rest: GODEBUG=cpu.avx512f=off clears F alone.
	if avx2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ {
		t = append(t, &AVX512)
	}
	if avx2 {
		t = append(t, &AVX2)
	}
	return t
}
