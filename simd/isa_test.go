package simd

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// eachISA runs f once for each instruction set of this machine, or for the one MTOBENCH_ISA names, with the package
// switched to it. Those that lack are named in the log; so is plain Go under the race detector, where it is too slow.
func eachISA(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	old := kernels
	defer func() { kernels = old }()
	have := map[string]bool{}
	for _, k := range kernel.Supported() {
		if name := os.Getenv(isaVariable); name != "" && name != k.Name {
			continue
		}
		if raceEnabled && k == &kernel.Generic && len(have) > 0 {
			continue
		}
		have[k.Name] = true
		kernels = k
		t.Run("isa="+k.Name, f)
	}
	for _, name := range kernel.Names() {
		if !have[name] {
			t.Logf("not tested: %s", name)
		}
	}
}

func TestISAIsOneOfTheNames(t *testing.T) {
	require.Contains(t, kernel.Names(), ISA())
	require.NoError(t, Check())
}

func TestUnknownAndForeignISAAreErrors(t *testing.T) {
	_, err := chooseISA("sse9")
	require.ErrorContains(t, err, "MTOBENCH_ISA=sse9: unknown; set one of")
	foreign := "neon"
	if kernel.Supported()[0].Name == "neon" {
		foreign = "avx2"
	}
	table, err := chooseISA(foreign)
	require.ErrorContains(t, err, foreign+": not supported by this CPU or build; set one of")
	require.Equal(t, "generic", table.Name)
}

func TestEachSupportedISACanBeForced(t *testing.T) {
	for _, k := range kernel.Supported() {
		table, err := chooseISA(k.Name)
		require.NoError(t, err)
		require.Same(t, k, table)
	}
}

func TestFlushedSubnormalsAreNoticed(t *testing.T) {
	require.False(t, flushesSubnormals())
	// A machine that flushes gives what a machine would for which the smallest normal number were 0.
	old := smallestNormal
	defer func() { smallestNormal = old }()
	smallestNormal = 0
	require.True(t, flushesSubnormals())
	require.ErrorContains(t, Check(), "FTZ or DAZ")
	require.Panics(t, func() { NewPool(1) })
}
