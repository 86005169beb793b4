package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
)

const testRow = "Step/model=vit_mini/mim=mae/threads=1"

// measured is a measurement of one row: each sample is peer, setting, the line without its name, and the calibration.
func measured(t *testing.T, samples ...sample) *measurement {
	t.Helper()
	r, err := newRow(testRow)
	require.NoError(t, err)
	return &measurement{
		setup: setup{threads: []int{1}}, calibrator: &calibrator{peak: map[int]float64{1: 100}},
		rows: []row{r}, samples: map[string][]sample{testRow: samples},
	}
}

func sampleOf(t *testing.T, peer, setting, values string, percent float64) sample {
	t.Helper()
	text := "goos: linux\npkg: p\nBenchmark" + testRow + "-2 3 " + values + "\n"
	result, err := parse(strings.NewReader(text), "test")
	require.NoError(t, err)
	return sample{competitor: &competitor{peer: peer, setting: setting}, result: result, percent: percent}
}

// read writes m and reads the file back, as lines of peer, name and nanoseconds.
func read(t *testing.T, m *measurement) (lines []string, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "new", "peers.bench")
	require.NoError(t, m.write(path))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	reader := benchfmt.NewReader(bytes.NewReader(b), path)
	for reader.Scan() {
		if _, ok := reader.Result().(*benchfmt.UnitMetadata); ok {
			continue
		}
		r, ok := reader.Result().(*benchfmt.Result)
		require.True(t, ok, "%v", reader.Result())
		if seconds, ok := r.Value("sec/op"); ok {
			require.Equal(t, "linux", r.GetConfig("goos"), "peers carry the machine of mtobench's results")
			lines = append(lines, r.GetConfig("peer")+" "+string(r.Name.Full())+" "+fmt.Sprintf("%.4g", seconds*1e9))
		}
	}
	require.NoError(t, reader.Err())
	return lines, string(b)
}

func TestBestSettingStandsForItsPeer(t *testing.T) {
	lines, text := read(t, measured(t,
		sampleOf(t, ours, "", "5 ns/op 7 B/op", 99),
		sampleOf(t, "PyTorch", "a", "20 ns/op", 99), sampleOf(t, "PyTorch", "b", "10 ns/op", 99),
		sampleOf(t, "PyTorch", "a", "20 ns/op", 99), sampleOf(t, "PyTorch", "b", "12 ns/op", 99)))
	require.Equal(t, []string{ours + " " + testRow + " 5", "PyTorch " + testRow + " 10", "PyTorch " + testRow + " 12"}, lines)
	require.Contains(t, text, "PyTorch: best setting: b\n")
	require.Equal(t, 2, strings.Count(text, "# setting a, PyTorch: Benchmark"+testRow))
	require.NotContains(t, text, "B/op")
}

func TestDisturbedBlocksDontCount(t *testing.T) {
	lines, text := read(t, measured(t,
		sampleOf(t, ours, "", "5 ns/op", 90), sampleOf(t, ours, "", "4 ns/op", 89.9),
		sampleOf(t, "PyTorch", "a", "20 ns/op", 99), sampleOf(t, "PyTorch", "b", "10 ns/op", 20)))
	require.Equal(t, []string{ours + " " + testRow + " 5", "PyTorch " + testRow + " 20"}, lines)
	require.Equal(t, 2, strings.Count(text, "\n# disturbed, "))
}

func TestDifferentWorkIsRefused(t *testing.T) {
	mine, same := sampleOf(t, ours, "", "1e9 ns/op 100 GFLOP/s", 99), sampleOf(t, "a", "", "2e9 ns/op 50.1 GFLOP/s", 99)
	require.NoError(t, sameWork([]sample{mine, same}))
	other := sampleOf(t, "b", "", "2e9 ns/op 51 GFLOP/s", 99)
	require.ErrorContains(t, sameWork([]sample{mine, same, other}), "don't do the same work")
}

func TestOutputOfOneBlockIsOneResult(t *testing.T) {
	for _, text := range []string{"", "ok\n", "BenchmarkA 1 2 ns/op\nBenchmarkB 1 2 ns/op\n", "BenchmarkA 1 x ns/op\n"} {
		_, err := parse(strings.NewReader(text), "test")
		require.Error(t, err, "%q", text)
	}
}
