package simd

import (
	"syscall"
	"unsafe"
)

// adviseHuge asks for huge pages behind m, which begins and ends at one. Where there are none, nothing changes.
func adviseHuge(m []float32) {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(m))), len(m)*elementBytes)
	_ = syscall.Madvise(bytes, syscall.MADV_HUGEPAGE) // only speed depends on it
}
