package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// places reads what is marked `// want: KIND on TARGETS` in a file, as "line kind", for one architecture.
func places(t *testing.T, file, arch string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var want []string
	for i, line := range strings.Split(string(text), "\n") {
		_, mark, ok := strings.Cut(line, "// want: ")
		if kind, where, _ := strings.Cut(mark, " on "); ok && (where == "all" || where == arch) {
			want = append(want, strconv.Itoa(i+1)+" "+kind)
		}
	}
	return want
}

func TestPlantedOffencesAreFoundOnEveryTarget(t *testing.T) {
	m, err := thisModule()
	require.NoError(t, err)
	const file = "internal/fusecheck/testdata/planted/planted.go"
	found, err := check(m, []string{filepath.Dir(file)})
	require.NoError(t, err)
	for target, want := range map[string][]string{
		"linux/arm64":    places(t, filepath.Join(m.root, file), "arm64"),
		"linux/amd64 v3": places(t, filepath.Join(m.root, file), "amd64"),
	} {
		var got []string
		for _, o := range found {
			if o.target != target {
				continue
			}
			if strings.HasPrefix(o.what, "calls math.") {
				// The call's place is where package math wraps it, so its function names it.
				require.Contains(t, o.function, "planted.Elementary")
				got = append(got, "47 math")
				continue
			}
			require.Equal(t, file, o.file)
			got = append(got, strconv.Itoa(o.line)+" fused")
		}
		slices.Sort(got)
		require.GreaterOrEqual(t, len(want), 3)
		require.Equal(t, want, slices.Compact(got), target)
	}
}

func TestRoundedProductsAndAskedFusionsPass(t *testing.T) {
	m, err := thisModule()
	require.NoError(t, err)
	found, err := check(m, []string{"internal/fusecheck/testdata/clean"})
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestOneOffenceIsOneLine(t *testing.T) {
	const listing = "example.org/m.F STEXT size=16 args=0x18 locals=0x0\n" +
		"\t0x0004 00004 (SRC/a.go:6)\tFNMSUBD\tF0, F2, F1, F3\n" +
		"\t0x0008 00008 (SRC/a.go:6)\tFNMSUBD\tF0, F2, F1, F3\n" +
		"\t0x000c 00012 (/usr/lib/go/src/math/exp.go:18)\tCALL\tmath.archExp(SB)\n" +
		"\t0x0010 00016 (SRC/a.go:9)\tFMULD\tF0, F2, F1\n" +
		"example.org/mother.G[go.shape.float64] STEXT dupok size=16\n" +
		"\t0x0004 00004 (/src/mother/b.go:6)\tFMADDD\tF0, F2, F1, F3\n"
	dir := t.TempDir()
	file := filepath.Join(dir, "a.go")
	require.NoError(t, os.WriteFile(file, []byte("package m\n"), 0o600))
	found, err := offences(strings.ReplaceAll(listing, "SRC", dir), module{dir, "example.org/m"}, "linux/arm64")
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, "a.go:6: example.org/m.F: FNMSUBD (linux/arm64); "+splitRemedy, found[0].String())
	require.Equal(t, "/usr/lib/go/src/math/exp.go:18: example.org/m.F: calls math.archExp (linux/arm64); use internal/detmath", found[1].String())
}

func TestMnemonicsOfBothArchitectures(t *testing.T) {
	for _, m := range strings.Fields("FMADDS FMADDD FMSUBS FMSUBD FNMADDS FNMADDD FNMSUBS FNMSUBD VFMLA VFMLS VFMADD231SD VFMADD132SS VFMSUB213SD VFNMADD231SD VFNMSUB231PS") {
		require.True(t, fused.MatchString(m), m)
	}
	for _, m := range strings.Fields("FADDS FMULD FNMULS MADD MSUB VMULSS FMOVD FMAXD") {
		require.False(t, fused.MatchString(m), m)
	}
}

func TestABuildThatFailsIsAnErrorWithItsPlace(t *testing.T) {
	m, err := thisModule()
	require.NoError(t, err)
	_, err = check(m, []string{"internal/fusecheck/testdata/absent"})
	require.ErrorContains(t, err, "absent")
	require.Equal(t, "a.go:3:2: undefined: x\n", buildErrors("# m\na.go:3:2: undefined: x\nm.F STEXT size=8\n\t0x0000 00000 (a.go:1)\tRET\n"))
}
