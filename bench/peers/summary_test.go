package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const testFile = `goos: linux
peer: calibration
BenchmarkCalibration/op=fma/threads=1 1 100 GFLOP/s
peer: mtobench
BenchmarkGEMM/op=a/threads=1 1 10 ns/op 80 GFLOP/s
BenchmarkGEMM/op=a/threads=1 1 20 ns/op 40 GFLOP/s
BenchmarkGEMM/op=a/threads=1 1 12 ns/op 60 GFLOP/s
BenchmarkGEMM/op=b/threads=1 1 10 ns/op 90 GFLOP/s 300 peak-RSS-bytes
# disturbed, mtobench: BenchmarkGEMM/op=b/threads=1 1 99 ns/op 1 GFLOP/s
peer: oneDNN
BenchmarkGEMM/op=a/threads=1 1 6 ns/op 10 GFLOP/s
BenchmarkGEMM/op=b/threads=1 1 20 ns/op 10 GFLOP/s 600 peak-RSS-bytes
`

func testBoard(t *testing.T) *board {
	t.Helper()
	b := &board{of: map[string]map[string]*figures{}, peak: map[string]float64{}}
	require.NoError(t, b.read("test", testFile))
	return b
}

func TestTargetsAreJudgedByMedians(t *testing.T) {
	check := func(line, verdict string, missed int) {
		t.Helper()
		parsed, err := parseTarget(strings.Fields(line))
		require.NoError(t, err)
		var out strings.Builder
		require.Equal(t, missed, testBoard(t).judge(&out, []target{parsed}), out.String())
		require.Contains(t, out.String(), verdict)
	}
	// Row a: 6/12 = 0.5 as fast as oneDNN; row b: 20/10 = 2; geometric mean 1.
	check("^GEMM/ speed mtobench oneDNN min >=0.5", "met", 0)
	check("^GEMM/ speed mtobench oneDNN min >=0.51", "MISSED", 1)
	check("^GEMM/ speed mtobench oneDNN geomean >=0.999", "1.000", 0)
	check("^GEMM/ speed mtobench oneDNN geomean >=1.001", "MISSED", 1)
	check("^GEMM/ peak mtobench - min >=80", "80.000", 0) // best of row a
	check("^GEMM/ peak mtobench - min >=80.1", "worst GEMM/op=a", 1)
	check("^GEMM/ memory mtobench oneDNN max <=0.5", "(1 rows", 0)
	check("^GEMM/ memory mtobench oneDNN max <=0.49", "MISSED", 1)
	check("^GEMM/ speed mtobench PyTorch min >=2", "not measured", 0)
}

func TestSummaryShowsRatiosAndDisturbedBlocks(t *testing.T) {
	var out strings.Builder
	require.NoError(t, testBoard(t).print(&out))
	require.Contains(t, out.String(), "1 disturbed blocks don't count")
	require.Regexp(t, `op=a +60\.0 +80\.0 +0\.50 `, out.String())
	require.Regexp(t, `op=b +90\.0 +90\.0 +2\.00 `, out.String())
}

func TestSummaryRefusesWhatIsNoBenchmarkFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.bench")
	require.NoError(t, os.WriteFile(path, []byte("BenchmarkX one ns/op\n"), 0o666))
	require.ErrorContains(t, summaryCommand([]string{path}), "bad.bench:1")
	require.NoError(t, os.WriteFile(path, []byte("hello\n"), 0o666))
	require.ErrorContains(t, summaryCommand([]string{path}), "no benchmark results")
}

func TestTableOfTargets(t *testing.T) {
	targets, err := readTargets("targets.tsv")
	require.NoError(t, err)
	require.NotEmpty(t, targets)
	for _, bad := range []string{"( speed a b min >=1", "x wealth a b min >=1", "x speed a b mean >=1", "x speed a b min 1", "x speed a b min >=one", "x speed a b min"} {
		_, err := parseTarget(strings.Fields(bad))
		require.Error(t, err, bad)
	}
}
