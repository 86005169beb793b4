//go:build !linux

package simd

func adviseHuge([]float32) {}
