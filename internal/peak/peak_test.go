package peak

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
)

// measure runs rows that match only, as short as can be.
func measure(t *testing.T, only string, threads ...int) (results []*benchfmt.Result, report string) {
	t.Helper()
	var out, text bytes.Buffer
	err := Measure(Options{
		Config:  []benchfmt.Config{{Key: "isa", Value: []byte("any"), File: true}},
		Threads: threads, Row: time.Millisecond, Only: regexp.MustCompile(only), Out: &out, Report: &text,
	})
	require.NoError(t, err)
	reader := benchfmt.NewReader(&out, "out")
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			results = append(results, rec.Clone())
		case *benchfmt.UnitMetadata:
		default:
			t.Errorf("not a line of the benchmark format: %v", rec)
		}
	}
	require.NoError(t, reader.Err())
	return results, text.String()
}

func TestAPatternThatMatchesNothingIsAnError(t *testing.T) {
	var out bytes.Buffer
	err := Measure(Options{Threads: []int{1}, Row: time.Millisecond, Only: regexp.MustCompile("gem$"), Out: &out, Report: &out})
	require.ErrorContains(t, err, `no row's name matches "gem$"; names are like op=gemm-nt`)
	require.Empty(t, out.String())
}

func TestEveryLineIsABenchmarkThatBenchfmtReads(t *testing.T) {
	results, report := measure(t, `^op=(fma|bf16|read/level=L1|barrier|gemm-nt/m=3136/k=96/n=288|attention/n=49/hd=32|sum)`, 1, 2)
	units := map[string][]string{
		"fma": {"sec/op", "GFLOP/s", "%peak", "calibration-%"}, "bf16": {"sec/op", "GFLOP/s", "%peak", "calibration-%"},
		"read": {"sec/op", "GB/s", "calibration-%"}, "barrier": {"sec/op", "calibration-%"},
		"gemm-nt": {"sec/op", "GFLOP/s", "%peak", "calibration-%"}, "attention": {"sec/op", "GFLOP/s", "%peak", "calibration-%"},
		"sum": {"sec/op", "GB/s", "%bandwidth", "calibration-%"},
	}
	seen := map[string]int{}
	for _, r := range results {
		require.Equal(t, "any", r.GetConfig("isa"))
		base, parts := r.Name.Parts()
		require.Equal(t, "Peak", string(base))
		require.True(t, strings.HasPrefix(string(parts[len(parts)-1]), "/threads="), r.Name)
		op := strings.TrimPrefix(string(parts[0]), "/op=")
		seen[op]++
		var have []string
		for _, v := range r.Values {
			have = append(have, v.Unit)
			require.Positive(t, v.Value, "%s %s", r.Name, v.Unit)
		}
		require.Equal(t, units[op], have, r.Name)
		require.Positive(t, r.Iters)
	}
	for op := range units {
		want := 2
		switch op {
		case "barrier": // has a meaning with two threads only
			want = 1
		case "fma":
			want = max(2, seen[op])
		case "bf16":
			want = seen[op] // not every CPU has it
		}
		require.Equal(t, want, seen[op], op)
	}
	require.Contains(t, report, "threads: 2")
	require.Contains(t, report, "gemm-nt")
}

// No block is faster than the peak that it is held against.
func TestPeakIsTheFastestBlock(t *testing.T) {
	results, _ := measure(t, `^op=fma`, 1)
	for _, r := range results {
		for _, v := range r.Values {
			if v.Unit == "%peak" {
				require.LessOrEqual(t, v.Value, 100.0, r.Name)
			}
		}
	}
}

func TestLowCalibrationIsWarnedAbout(t *testing.T) {
	var report bytes.Buffer
	m := &meter{o: Options{Threads: []int{1}, Report: &report}}
	m.report()
	require.NotContains(t, report.String(), "warning")
	m.disturbed = 3
	m.report()
	require.Contains(t, report.String(), "warning: 3 rows")
}

func TestRowsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows(typical, 2) {
		require.False(t, seen[r.name], r.name)
		seen[r.name] = true
	}
}

func TestCachesAreReadFromSysfs(t *testing.T) {
	dir := t.TempDir()
	for index, files := range map[string][4]string{ // level, type, size, shared_cpu_list
		"index0": {"1", "Data", "48K", "0,8"}, "index1": {"1", "Instruction", "32K", "0,8"},
		"index2": {"2", "Unified", "2048K", "0,8"}, "index3": {"3", "Unified", "96M", "0-7,8-15"},
	} {
		for i, name := range []string{"level", "type", "size", "shared_cpu_list"} {
			path := filepath.Join(dir, index, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(files[i]+"\n"), 0o644))
		}
	}
	require.Equal(t, []cache{{"L1", 48 << 10, 2}, {"L2", 2 << 20, 2}, {"L3", 96 << 20, 16}, {"DRAM", 0, 0}}, cachesAt(dir))
	require.Equal(t, typical, cachesAt(filepath.Join(dir, "none")))
}

// Each level's footprint fits in that level, and not in the one below.
func TestFootprintsLieAtTheirLevel(t *testing.T) {
	reference := []cache{{"L1", 32 << 10, 1}, {"L2", 1 << 20, 1}, {"L3", 32 << 20, 2}, {"DRAM", 0, 0}}
	for _, levels := range [][]cache{reference, typical, {{"L1", 64 << 10, 1}, {"L2", 4 << 20, 4}, {"DRAM", 0, 0}}} {
		for _, threads := range []int{1, 2, 8, 64} {
			below := 0
			for i, c := range levels {
				f := footprint(levels, i, threads)
				if c.bytes > 0 {
					require.LessOrEqual(t, f, c.bytes, "%s, %d threads", c.name, threads)
				}
				require.Greater(t, f, below, "%s, %d threads", c.name, threads)
				below = c.bytes / max(1, min(threads, c.sharers))
			}
		}
	}
	require.Equal(t, 24<<10, footprint(reference, 0, 1))
	require.Equal(t, 0, levelOf(reference, 32<<10))
	require.Equal(t, 2, levelOf(reference, 2<<20))
	require.Equal(t, 3, levelOf(reference, 64<<20))
}
