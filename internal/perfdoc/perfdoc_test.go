package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
)

const root = "../.."

// The documents and their plots are what the program makes of the results.
func TestDocumentIsUpToDate(t *testing.T) {
	files, err := generate(root)
	require.NoError(t, err)
	for path, want := range files {
		have, err := os.ReadFile(filepath.Join(root, path))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, have), "%s is out of date: go run ./internal/perfdoc", path)
	}
}

func TestPlotsAreWellFormed(t *testing.T) {
	for name, picture := range map[string][]byte{
		"gemm": gemmPlot(sampleResults(t)), "scaling": scalingPlot(sampleResults(t)),
		"gemm without results": gemmPlot(nil), "scaling without results": scalingPlot(nil),
	} {
		require.NotContains(t, string(picture), "NaN", name)
		require.NotContains(t, string(picture), "Inf", name)
		decoder := xml.NewDecoder(bytes.NewReader(picture))
		for {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else {
				require.NoError(t, err, name)
			}
		}
	}
	// Two competitors, two threads, two shapes, and a legend.
	require.Equal(t, 2*2*2+2, strings.Count(string(gemmPlot(sampleResults(t))), "<circle"))
}

// sampleText is made up; of ours at the first shape, 500 GFLOP/s is disturbed.
const sampleText = `goos: linux
goarch: amd64
cpu: Any
isa: avx512
BenchmarkPeak/op=fma/isa=avx512/threads=1 1 10 ns/op 118 GFLOP/s
BenchmarkPeak/op=fma/isa=avx512/threads=2 1 10 ns/op 236 GFLOP/s
BenchmarkPeak/op=sum/threads=1 1 10 ns/op 50 GB/s 60 %bandwidth 99 calibration-%
BenchmarkPeak/op=sum/threads=1 1 10 ns/op 90 GB/s 95 %bandwidth 40 calibration-%
BenchmarkScaling/width=96/depth=2/tokens=16/batch=8/threads=1-2 1 1000000 ns/op 1000000 FLOP/op
BenchmarkScaling/width=96/depth=2/tokens=16/batch=8/threads=2-2 1 500000 ns/op 1000000 FLOP/op
BenchmarkScaling/width=192/depth=2/tokens=16/batch=8/threads=1-2 1 4000000 ns/op 4000000 FLOP/op
BenchmarkScaling/width=192/depth=2/tokens=16/batch=8/threads=2-2 1 2500000 ns/op 4000000 FLOP/op
BenchmarkScaling/width=192/depth=4/tokens=16/batch=8/threads=1-2 1 8000000 ns/op 8000000 FLOP/op
BenchmarkScaling/width=192/depth=4/tokens=16/batch=8/threads=2-2 1 5000000 ns/op 8000000 FLOP/op
BenchmarkOps/model=vit_nano/mim=mae/threads=1/op=linear-2 1 900 ns/op 100 GFLOP/s 3000000000 moved-bytes
BenchmarkOps/model=vit_nano/mim=mae/threads=2/op=linear-2 1 450 ns/op 200 GFLOP/s
BenchmarkOps/model=vit_nano/mim=mae/threads=1/op=feed-2 1 100 ns/op
BenchmarkOps/model=vit_nano/mim=mae/threads=2/op=feed-2 1 100 ns/op
peer: mtobench
BenchmarkGEMM/op=nt/m=3136/k=192/n=576/threads=1 1 2 ns/op 50 GFLOP/s 99 calibration-%
BenchmarkGEMM/op=nt/m=3136/k=192/n=576/threads=1 1 2 ns/op 100 GFLOP/s 99 calibration-%
BenchmarkGEMM/op=nt/m=3136/k=192/n=576/threads=1 1 2 ns/op 90 GFLOP/s 99 calibration-%
BenchmarkGEMM/op=nt/m=3136/k=192/n=576/threads=1 1 2 ns/op 500 GFLOP/s 60 calibration-%
BenchmarkGEMM/op=tn/m=192/k=3136/n=576/threads=1 1 2 ns/op 100 GFLOP/s
BenchmarkGEMM/op=nt/m=3136/k=192/n=576/threads=2 1 2 ns/op 200 GFLOP/s
BenchmarkGEMM/op=tn/m=192/k=3136/n=576/threads=2 1 2 ns/op 200 GFLOP/s
BenchmarkStep/model=vit_nano/mim=mae/mto=off/threads=1 1 2 ns/op 300 images/s 59 GFLOP/s 104857600 peak-RSS-bytes
peer: oneDNN
BenchmarkGEMM/op=nt/m=3136/k=192/n=576/threads=1 1 3 ns/op 60 GFLOP/s
BenchmarkGEMM/op=tn/m=192/k=3136/n=576/threads=1 1 3 ns/op 50 GFLOP/s
BenchmarkGEMM/op=nt/m=3136/k=192/n=576/threads=2 1 3 ns/op 200 GFLOP/s
BenchmarkGEMM/op=tn/m=192/k=3136/n=576/threads=2 1 3 ns/op 100 GFLOP/s
BenchmarkStep/model=vit_nano/mim=mae/mto=off/threads=1 1 2 ns/op 200 images/s 419430400 peak-RSS-bytes
BenchmarkStep/model=vit_nano/mim=mae/mto=off/threads=1 1 2 ns/op 100 images/s 209715200 peak-RSS-bytes
`

func sampleResults(t *testing.T) []sample { return parse(t, "peers", sampleText) }

func parse(t *testing.T, file, text string) []sample {
	t.Helper()
	var samples []sample
	reader := benchfmt.NewReader(strings.NewReader(text), file)
	for reader.Scan() {
		r, ok := reader.Result().(*benchfmt.Result)
		require.True(t, ok, "%v", reader.Result())
		samples = append(samples, newSample(r, file))
	}
	require.NoError(t, reader.Err())
	return samples
}

func TestComparisonGivesBestMedianAndRatioOfUndisturbedSamples(t *testing.T) {
	require.Equal(t, `**1 thread**, FMA peak 118.0 GFLOP/s

| form m k n | mtobench | oneDNN | mtobench / best other |
|---|--:|--:|--:|
| nt 3136 192 576 | 100 (90) | 60 (60) | 1.50 |
| tn 192 3136 576 | 100 (100) | 50 (50) | 2.00 |
| *geometric mean* |  |  | *1.73* |

**2 threads**, FMA peak 236.0 GFLOP/s

| form m k n | mtobench | oneDNN | mtobench / best other |
|---|--:|--:|--:|
| nt 3136 192 576 | 200 (200) | 200 (200) | 1.00 |
| tn 192 3136 576 | 200 (200) | 100 (100) | 2.00 |
| *geometric mean* |  |  | *1.41* |
`, gemmSection(sampleResults(t)))
}

func TestStepsGiveRatesAndShareOfThePeak(t *testing.T) {
	text := stepsSection(sampleResults(t))
	require.Contains(t, text, "| mae vit_nano | 300 (300) | 200 (150) | 2.00 |")
	require.Contains(t, text, "at best: mae vit_nano 50 %.")
}

func TestMemoryIsBetterWhereItIsLess(t *testing.T) {
	require.Contains(t, memorySection(sampleResults(t)), "| mae vit_nano 1 | 100 (100) | 200 (300) | 0.33 |")
}

func TestBF16IsHeldAgainstFloat32OfTheSameFile(t *testing.T) {
	const rates = `BenchmarkStep/model=vit_nano/mim=mae/threads=1 1 2 ns/op 300 images/s
BenchmarkStepBF16/model=vit_nano/mim=mae/threads=1 1 2 ns/op 450 images/s
`
	samples := append(parse(t, "bf16", rates), sampleResults(t)...)
	require.Contains(t, bf16Section(samples), "| mae vit_nano | 450 (450) | 300 (300) | 1.50 |")
}

func TestSharesLeaveOutDisturbedSamples(t *testing.T) {
	require.Contains(t, vectorSection(sampleResults(t)), "| sum | 50.0 | 60 |")
}

func TestScalingRowsGiveWorkTimeAndSpeedUp(t *testing.T) {
	text := scalingSection(sampleResults(t))
	require.Contains(t, text, "| 96, 2, 16, 8 | 0.0 | 1.0 | 1 | 0.5 | 2 | 2.00 |")
	require.Equal(t, 3, strings.Count(text, "\n")-2, "each size once")
}

// What doesn't gain from a second thread gains nothing from 64.
func TestAmdahlIsAppliedToEachOperation(t *testing.T) {
	text := opsSection(sampleResults(t))
	require.Contains(t, text, "| linear | 90.0 | 3.00 | 100 | 2.00 | 8.0 | 64.0 |")
	require.Contains(t, text, "| feed | 10.0 | 0.00 |  | 1.00 | 1.0 | 1.0 |")
	require.Contains(t, text, "| **step** | 100 | 3.00 |  | 1.82 | 4.7 | 8.8 |") // 1000 / (900/64 + 100) = 8.8
}

func TestEveryBlockIsFilledOnceAndOnlyOnce(t *testing.T) {
	all := slices.Sorted(maps.Keys(sections))
	var whole strings.Builder
	for _, name := range all {
		whole.WriteString("text\n" + blockBegin + name + " -->\nstale text\n" + blockEnd)
	}
	filled, err := fill([]byte(whole.String()), nil, all)
	require.NoError(t, err)
	require.NotContains(t, string(filled), "stale")
	again, err := fill(filled, nil, all)
	require.NoError(t, err)
	require.Equal(t, string(filled), string(again))

	for _, bad := range []string{
		"", // blocks are missing
		whole.String() + blockBegin + "peak -->\n" + blockEnd,    // twice
		whole.String() + blockBegin + "unknown -->\n" + blockEnd, // unknown
		whole.String()[:whole.Len()-len(blockEnd)],               // the last has no end
	} {
		_, err := fill([]byte(bad), nil, all)
		require.Error(t, err)
	}
	_, err = fill([]byte(whole.String()), nil, all[1:]) // one block is not of this page
	require.Error(t, err)
}
