package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachLinearLayerOfEachWidthAndFormIsARow(t *testing.T) {
	names := products()
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	require.Len(t, names, 2*2*4*3) // widths, numbers of tokens, layers, forms
	require.Len(t, seen, len(names))
	for _, name := range []string{"GEMM/op=nt/m=3136/k=192/n=576", "GEMM/op=nn/m=4160/k=192/n=768", "GEMM/op=tn/m=96/k=4160/n=384"} { // qkv, fc2, fc2
		require.Contains(t, seen, name)
	}
}

func TestPatternTakesOneBenchmark(t *testing.T) {
	require.Equal(t, "^BenchmarkGEMM$/^op=nt$/^threads=1$", exactly("GEMM/op=nt/threads=1"))
	require.Equal(t, "GEMM/threads=1", withoutProcs("GEMM/threads=1-2"))
}

func TestRowsOfOneKindOnly(t *testing.T) {
	s := setup{threads: []int{1, 2}}
	_, err := s.plan(t.Context(), "conv")
	require.ErrorContains(t, err, "known: gemm, attention, step, memory")
	groups, err := s.plan(t.Context(), "memory")
	require.NoError(t, err)
	require.Len(t, groups, 2)
	require.Equal(t, "Step/model=vit_tiny/image=32x32x3/patch=4/batch=64/mim=simmim/mto=off/threads=2", groups[1].rows[0].name)
}

func TestListOfCPUs(t *testing.T) {
	cpus, err := cpuList("\t0-2,5,8-9")
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2, 5, 8, 9}, cpus)
	for _, bad := range []string{"", "a", "3-1", "1-"} {
		_, err := cpuList(bad)
		require.Error(t, err, bad)
	}
}
