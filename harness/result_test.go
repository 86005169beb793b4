package harness

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"

	"github.com/mtobench/mtobench/internal/detmath"
)

// sampleLock is the lock of a small study that nothing was trained for.
func sampleLock() *Lock {
	l := &Lock{
		Schema: Schema, Numerics: Numerics, Data: LockedData{"glyphs", strings.Repeat("ab", 32), 4096, 2000},
		Budget:      LockedBudget{Epochs: 10, Steps: 320, Images: 40960},
		Calibration: Calibration{Layer: 2}, Primary: 0.95, Targets: []Target{{C: 0.95, Tau: 61}},
		Seeds: []int{1, 2, 3, 4, 5, 6},
	}
	l.Hash = l.hash()
	return l
}

// sampleResults are six pairs with made-up curves and clocks; MTO is slower by the step and faster by
// the epoch. pace scales the clocks. The processes of the first run had as many threads as resumed says.
func sampleResults(t testing.TB, pace float64, resumed ...int) []Result {
	lock := sampleLock()
	c := fakeConfig(t)
	var results []Result
	for _, arm := range []string{ArmOff, ArmOn} {
		for _, seed := range lock.Seeds {
			rate, ns := 0.3+0.01*float64(seed%4), 2e9
			if arm == ArmOn {
				rate, ns = 0.36+0.012*float64(seed%3), 2.2e9
			}
			var curve Curve
			for k := range 11 {
				e := float64(k)
				q := math.Round(100*(20+47*(1-detmath.Exp(-0.7*rate*e)))) / 100
				curve = append(curve, Point{Epochs: e, Top1: q, Images: int64(4096 * k), TrainNS: int64(math.Round(pace * ns * e)), WallNS: int64(math.Round(1.5 * pace * ns * e)), CPUNS: int64(math.Round(1.8 * pace * ns * e))})
			}
			m := Manifest{
				Seed: uint64(seed), Arm: arm, Params: 61234, FLOPs: 123456789, Threads: 2, ISA: "avx512",
				Machine: machine{GOOS: "linux", GOARCH: "amd64", CPU: "AMD EPYC 9R14", Accelerator: "none"},
			}
			for _, threads := range resumed {
				m.Workers = append(m.Workers, Worker{Threads: threads})
			}
			resumed = nil
			results = append(results, newResult(lock, c, m, curve, nil, 123<<20))
		}
	}
	return results
}

// sampleComplete are six seeds of whole schedules with made-up curves and figures.
func sampleComplete(t testing.TB) []Result {
	lock, c := sampleLock(), fakeConfig(t)
	var results []Result
	for _, kind := range []string{jobComplete, jobCompleteHalf} {
		own := c.completed(kind)
		for _, arm := range []string{ArmOff, ArmOn} {
			for _, seed := range lock.Seeds {
				end := own.Train.Epochs
				q := math.Round(100*(40+2*end+0.1*float64(seed))) / 100
				curve := Curve{{Top1: 20}, {Step: own.Steps(), Epochs: end, Top1: q, TrainNS: int64(2e9 * end)}}
				final := &Final{Figures: []FinalFigure{{Name: "ridge", Unit: finalUnits[0].unit, Test: q - 1}, {Name: "knn", Unit: finalUnits[1].unit, Test: q + 1}}}
				m := Manifest{
					Seed: uint64(seed), Arm: arm, FLOPs: 123456789, Threads: 2, ISA: "avx512",
					Machine: machine{GOOS: "linux", GOARCH: "amd64", CPU: "AMD EPYC 9R14", Accelerator: "none"},
				}
				results = append(results, newCompleteResult(kind, lock, own, m, curve, final, 123<<20))
			}
		}
	}
	return results
}

// benchstat runs the real one.
func benchstat(t *testing.T, dir string, args ...string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "benchstat")
	out, err := exec.Command("go", "build", "-o", binary, "golang.org/x/perf/cmd/benchstat").CombinedOutput()
	require.NoError(t, err, string(out))
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	require.NoError(t, err)
	require.Empty(t, stderr.String())
	return string(stdout)
}

// golden compares with testdata/NAME.golden; -update rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if string(want) != got {
		require.NoError(t, os.WriteFile(filepath.Join("testdata", name+".got-stdout"), []byte(got), 0o644))
	}
	require.Equal(t, string(want), got, "remake with -update and read the difference")
}

func TestBenchstatPrintsTheTableWithoutFurtherFlags(t *testing.T) {
	dir := t.TempDir()
	results := sampleResults(t, 1)
	text := benchText(results, false)
	golden(t, "results", string(text))
	golden(t, "results.byseed", string(benchText(results, true)))
	golden(t, "results.resumed", string(benchText(sampleResults(t, 1, 2, 1), false)))
	golden(t, "results.complete", string(benchText(sampleComplete(t), false)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "results.txt"), text, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "results.byseed.txt"), benchText(results, true), 0o644))
	golden(t, "benchstat", benchstat(t, dir, "-col", "/mto", "results.txt"))

	// The geometric mean over seeds is the paired ratio.
	var pairs []Pair
	for i := range 6 {
		off, on := results[i].Epochs.Values[0].Value, results[i+6].Epochs.Values[0].Value
		pairs = append(pairs, Pair{Crossing{At: off, Hit: true}, Crossing{At: on, Hit: true}})
	}
	bySeed := benchstat(t, dir, "-col", "/mto", "results.byseed.txt")
	require.Contains(t, bySeed, fmt.Sprintf("%+.2f%%", 100*(compare(pairs, Target{C: 0.95}).Ratio-1)))
}

func TestTwoVersionsOfTheCodeShareOneTable(t *testing.T) {
	dir := t.TempDir()
	for name, pace := range map[string]float64{"old.txt": 1, "new.txt": 0.8} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), benchText(sampleResults(t, pace), false), 0o644))
	}
	table := benchstat(t, dir, "old.txt", "new.txt")
	golden(t, "benchstat-old-new", table)
	require.Equal(t, 1, strings.Count(table, "epochs-to-target  vs base"), "one table a unit")
	require.Contains(t, table, "-20.00%") // the clocks
}

func TestResultLinesKeepTheRulesOfTheFormat(t *testing.T) {
	reader := benchfmt.NewReader(bytes.NewReader(benchText(sampleResults(t, 1), false)), "results.txt")
	var names []string
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			require.Fail(t, rec.Error())
		case *benchfmt.Result:
			names = append(names, string(rec.Name))
			_, machine := rec.ConfigIndex("cpu")
			require.Equal(t, strings.HasSuffix(string(rec.Name), "-2"), machine, "machine lines and -N in the time block only")
			for _, v := range rec.Values {
				require.True(t, finite(v.Value))
			}
		}
	}
	require.Len(t, names, 24)
	require.Equal(t, "Pretrain/data=glyphs/model=vit_nano/mim=simmim/mto=off", names[0])
	require.Equal(t, "Pretrain/data=glyphs/model=vit_nano/mim=simmim/mto=on-2", names[23])
}

func TestCensoredRunIsTheBudgetWithoutAHit(t *testing.T) {
	curve := Curve{{Epochs: 0, Top1: 10}, {Epochs: 10, Top1: 30, Images: 40960, TrainNS: 5e9, WallNS: 6e9, CPUNS: 8e9}}
	r := newResult(sampleLock(), fakeConfig(t), Manifest{Arm: ArmOff, FLOPs: 1}, curve, nil, 1)
	require.Equal(t, []float64{10, 40960, 320, 0}, []float64{r.Epochs.Values[0].Value, r.Epochs.Values[1].Value, r.Epochs.Values[2].Value, r.Epochs.Values[3].Value})
	for unit, want := range map[string]float64{"ns-to-target": 5e9, "ns-wall-to-target": 6e9, "ns-cpu-to-target": 8e9} {
		have, ok := figure(r.Time, unit)
		require.True(t, ok, unit)
		require.Equal(t, want, have, unit)
	}
}

func TestNamesAreKeptPlain(t *testing.T) {
	require.Equal(t, "my_photos_v2.1-x", plain("My Photos/v2.1-x"))
	require.Equal(t, "photos", pathName("/home/me/Photos.tar.gz"))
}

func TestArmsAreNamedByTheirPreset(t *testing.T) {
	rc := RunConfig{Config: Defaults(Names{MTO: "literal"}), Arm: ArmOn}
	require.Equal(t, "literal", rc.armName())
	rc.Arm = ArmOff
	require.Equal(t, "off", rc.armName())
}
