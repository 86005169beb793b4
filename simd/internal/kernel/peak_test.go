package kernel

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPeaksRunOnEveryInstructionSet(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Peaks() {
		name := p.Op + "/" + p.ISA
		require.False(t, seen[name], "%s twice", name)
		seen[name] = true
		p.Turns(1)
		p.Turns(1000)
	}
	for _, table := range Supported() {
		require.True(t, seen["fma/"+table.Name], "no multiply-adds of %s", table.Name)
	}
}

// What a turn computes by Peak.FLOPs is what its instructions compute.
func TestPeakFLOPsAreThoseOfTheInstructions(t *testing.T) {
	for _, c := range []struct {
		file, function, instruction string
		flops                       int // of one instruction: two for each element it multiplies
	}{
		{"peak_amd64.s", "peakFMAAVX512", "\tVFMADD231PS ", 2 * 16},
		{"peak_amd64.s", "peakFMAAVX2", "\tVFMADD231PS ", 2 * 8},
		{"peak_amd64.s", "peakBF16AVX512", "\tLONG ", 2 * 32}, // VDPBF16PS is two directives
		{"peak_arm64.s", "peakFMANEON", "FMLA(", 2 * 4},
	} {
		text, err := os.ReadFile(c.file)
		require.NoError(t, err)
		_, body, ok := strings.Cut(string(text), "TEXT ·"+c.function+"(SB)")
		require.True(t, ok, c.function)
		_, body, _ = strings.Cut(body, "\nturn:")
		body, _, _ = strings.Cut(body, "RET")
		for _, p := range Peaks() {
			if strings.EqualFold("peak"+p.Op+p.ISA, c.function) {
				require.Equal(t, p.FLOPs, c.flops*strings.Count(body, c.instruction), c.function)
			}
		}
	}
}

func TestStreamsComputeWhatTheySay(t *testing.T) {
	for _, table := range Supported() {
		s := Streams(table.Name)
		for _, n := range []int{64, 128, 64 * 17} {
			dst, x, y := make([]float32, n+64), make([]float32, n), make([]float32, n)
			for i := range x {
				x[i], y[i] = float32(i%97), float32(i%13)
			}
			for i := range dst {
				dst[i] = -1
			}
			s.Read(nil, x, nil)
			s.Copy(dst[:n], x, nil)
			require.Equal(t, x, dst[:n], "copy, %s, %d elements", table.Name, n)
			s.Triad(dst[:n], x, y)
			for i := range x {
				require.Equal(t, x[i]+y[i]*y[i], dst[i], "triad, %s, element %d of %d", table.Name, i, n)
			}
			for _, v := range dst[n:] {
				require.Equal(t, float32(-1), v, "%s writes past the end of %d elements", table.Name, n)
			}
		}
	}
}
