package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// A fake is a study's file of results, made of drawn numbers.
type fake struct {
	pairs  int
	draw   *rand.Rand
	noise  float64 // standard deviation of the logarithm of a run's seconds
	host   float64 // factor on all seconds of the file
	pace   float64 // factor on the seconds of the arm with MTO
	epochs float64 // factor on the epochs of the arm with MTO
	chaos  float64 // standard deviation of the logarithm of epochs-to-target
	cpu    string
	study  string
}

func newFake(draw *rand.Rand) fake {
	return fake{pairs: 6, draw: draw, noise: 0.01, host: 1, pace: 1, epochs: 1, cpu: "AMD EPYC", study: "0123456789abcdef"}
}

func (k fake) text() string {
	var b strings.Builder
	for _, u := range harness.ResultUnits() {
		if !u.Optional {
			fmt.Fprintf(&b, "Unit %s better=%s assume=%s\n", u.Name, u.Better, u.Assume)
		}
	}
	fmt.Fprintf(&b, "dataset: glyphs\ndataset-sha256: ab\ntarget: t\nbudget-epochs: 36\nprobe: p\nstudy: %s\n", k.study)
	spread := func(sd float64) float64 { return math.Exp(sd * k.draw.NormFloat64()) }
	arms := []string{"off", "on"}
	at := map[string]float64{}
	for _, arm := range arms {
		for seed := 1; seed <= k.pairs; seed++ {
			e := 20 + float64(seed)
			if arm == "on" {
				e *= k.epochs
			}
			e = min(36, e*spread(k.chaos))
			at[fmt.Sprint(arm, seed)] = e
			fmt.Fprintf(&b, "# seed %d\nBenchmarkPretrain/data=glyphs/mto=%s 1 %v epochs-to-target %v images-to-target %v flop-to-target 1 target-hit %v top1-%% %v auc-top1-%% 61234 params\n",
				seed, arm, e, 4096*e, 1e9*e, 75+10/e, 50+100/e)
		}
	}
	fmt.Fprintf(&b, "goos: linux\ngoarch: amd64\ncpu: %s\naccelerator: none\nisa: avx512\n", k.cpu)
	for _, arm := range arms {
		for seed := 1; seed <= k.pairs; seed++ {
			e := at[fmt.Sprint(arm, seed)]
			line := func() string {
				ns := 1e9 * k.host * spread(k.noise)
				if arm == "on" {
					ns *= k.pace
				}
				return fmt.Sprintf("BenchmarkPretrain/data=glyphs/mto=%s-2 1 %v ns-to-target %v ns-wall-to-target %v ns-cpu-to-target %v ns/epoch %v images/s %v peak-rss-bytes\n",
					arm, ns*e, 1.4*ns*e, 1.8*ns*e, ns, 4096e9/ns, 1e8*spread(k.noise))
			}
			fmt.Fprintf(&b, "# seed %d\n%s", seed, line())
			if arm == "off" && seed == 1 {
				b.WriteString("# repeat " + line())
			}
		}
	}
	return b.String()
}

func compare(old, new string, o Options) *Report {
	return Compare(resultfile.Parse("old", []byte(old)), resultfile.Parse("new", []byte(new)), o)
}

var standardMargin = Options{Margin: 0.05}

// failures is the share of comparisons that fail.
func failures(t *testing.T, rounds int, change func(old, new *fake)) float64 {
	draw := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for range rounds {
		old, new := newFake(draw), newFake(draw)
		change(&old, &new)
		r := compare(old.text(), new.text(), standardMargin)
		require.Empty(t, r.Unclear)
		if r.Regressions() > 0 {
			failed++
		}
	}
	return float64(failed) / float64(rounds)
}

// TestIdenticalCodeDoesNotFail is the A/A: at most one in twenty, whatever the noise of the host, also
// where bits moved and epochs scatter anew, and where one file was measured on a slower day.
func TestIdenticalCodeDoesNotFail(t *testing.T) {
	for _, noise := range []float64{0.002, 0.01, 0.05, 0.2} {
		for name, change := range map[string]func(old, new *fake){
			"same bits":    func(old, new *fake) {},
			"bits moved":   func(old, new *fake) { old.chaos, new.chaos = 0.1, 0.1 },
			"another day":  func(old, new *fake) { new.host = math.Exp(0.02 * new.draw.NormFloat64()) },
			"twenty pairs": func(old, new *fake) { old.pairs, new.pairs = 20, 20 },
			"much chaos":   func(old, new *fake) { old.chaos, new.chaos = 0.3, 0.3 },
		} {
			share := failures(t, 100, func(old, new *fake) {
				old.noise, new.noise = noise, noise
				change(old, new)
			})
			require.LessOrEqual(t, share, 0.05, "noise %v, %s", noise, name)
		}
	}
}

// Without any margin the level alone keeps false alarms at most at 5 %.
func TestLevelHoldsWithoutAMargin(t *testing.T) {
	draw := rand.New(rand.NewPCG(3, 4))
	failed := 0
	const rounds = 600
	file := func() string { // ten benchmarks, six repetitions, no seeds
		var b strings.Builder
		b.WriteString("cpu: x\n")
		for range 6 {
			for i := range 10 {
				fmt.Fprintf(&b, "BenchmarkStep/k=%d-2 1 %v ns/op 0 allocs/op\n", i, 1e6*math.Exp(0.05*draw.NormFloat64()))
			}
		}
		return b.String()
	}
	for range rounds {
		if compare(file(), file(), Options{}).Regressions() > 0 {
			failed++
		}
	}
	require.LessOrEqual(t, float64(failed)/rounds, 0.05)
	require.Greater(t, failed, rounds/200, "a level that never fails has no power")
}

func TestTenPercentSlowerFails(t *testing.T) {
	require.GreaterOrEqual(t, failures(t, 100, func(_, new *fake) { new.pace = 1.1 }), 0.95, "one arm")
	require.GreaterOrEqual(t, failures(t, 100, func(_, new *fake) { new.host = 1.1 }), 0.95, "both")
	require.Equal(t, 1.0, failures(t, 20, func(_, new *fake) { new.epochs = 1.1 }), "epochs, of unmoved seeds")
	require.GreaterOrEqual(t, failures(t, 100, func(old, new *fake) {
		old.chaos, new.chaos, new.epochs = 0.02, 0.02, 1.15
	}), 0.95)
}

func TestTenPercentFasterPasses(t *testing.T) {
	require.Zero(t, failures(t, 100, func(_, new *fake) { new.host = 0.9 }))
	require.Zero(t, failures(t, 100, func(_, new *fake) { new.epochs = 0.7 }))
}

// The margin of seconds is what the repeated run showed, in either file; that of epochs is the stated one.
func TestMarginIsTheNoiseOfTheHost(t *testing.T) {
	k := newFake(rand.New(rand.NewPCG(5, 6)))
	k.noise = 0.001
	old := k.text()
	k.pace, k.epochs = 1.3, 1.3
	new := k.text()
	require.Positive(t, compare(old, new, standardMargin).Regressions())
	at := strings.Index(new, "# repeat ")
	end := at + strings.IndexByte(new[at:], '\n')
	noisy := new[:at] + "# repeat BenchmarkPretrain/data=glyphs/mto=off-2 1 1e12 ns-to-target 1e12 ns-wall-to-target 1e12 ns-cpu-to-target 1e12 ns/epoch 1 images/s 1e9 peak-rss-bytes" + new[end:]
	r := compare(old, noisy, standardMargin)
	require.Empty(t, r.Unclear)
	for _, row := range r.Rows {
		seconds := strings.HasSuffix(row.Name, "-2")
		require.Equal(t, seconds, row.Margin > 1, row.Unit)
		require.Equal(t, !seconds && row.Unit != "target-hit" && !strings.HasSuffix(row.Unit, "%"), row.Outcome == Worse, row.Unit)
	}
}

func TestSameFilesAreEqualInEveryFigure(t *testing.T) {
	text := newFake(rand.New(rand.NewPCG(7, 8))).text()
	r := compare(text, text, Options{})
	require.Empty(t, r.Unclear)
	require.Empty(t, r.Rows)
	require.Equal(t, 26, r.Equal)
}

// A figure without a logarithm is compared by its difference; one without spread is what it is.
func TestZerosAndConstantsCompare(t *testing.T) {
	lines := func(allocs ...int) string {
		var b strings.Builder
		for _, a := range allocs {
			fmt.Fprintf(&b, "BenchmarkStep-2 1 100 ns/op %d allocs/op\n", a)
		}
		return b.String()
	}
	for _, c := range []struct {
		old, new []int
		want     int
	}{
		{[]int{0, 0, 0, 0}, []int{0, 0, 0, 0}, 0},
		{[]int{0, 0, 0, 0}, []int{3, 3, 3, 3}, 1},
		{[]int{3, 3, 3, 3}, []int{0, 0, 0, 0}, 0},
		{[]int{0, 0, 0, 0}, []int{0, 0, 0, 900}, 0}, // once: no evidence
		{[]int{0, 1, 0, 1}, []int{50, 51, 50, 51}, 1},
		{[]int{10, 11, 10, 11}, []int{0, 0, 1, 0}, 0},
	} {
		r := compare(lines(c.old...), lines(c.new...), standardMargin)
		require.Empty(t, r.Unclear)
		require.Equal(t, c.want, r.Regressions(), c)
		var b strings.Builder
		require.NoError(t, r.WriteText(&b))
		require.NotContains(t, b.String(), "NaN")
	}
}

func TestWhatCannotBeComparedIsNoPass(t *testing.T) {
	k := newFake(rand.New(rand.NewPCG(9, 10)))
	good := k.text()
	with := func(change func(*fake)) string {
		other := k
		change(&other)
		return other.text()
	}
	micro := "cpu: x\n" + strings.Repeat("BenchmarkStep-2 1 3 ns/op\n", 4)
	for name, c := range map[string]struct{ old, new, want string }{
		"another study":   {good, with(func(o *fake) { o.study = "fedcba9876543210" }), "different locks"},
		"fewer pairs":     {with(func(o *fake) { o.pairs = 8 }), good, "8 runs in the old file, 6 in the new"},
		"too few pairs":   {with(func(o *fake) { o.pairs = 5 }), with(func(o *fake) { o.pairs = 5 }), "5 pairs: an interval needs at least 6"},
		"other seeds":     {good, strings.ReplaceAll(good, "# seed 6\n", "# seed 7\n"), "the same seeds must run"},
		"another CPU":     {good, with(func(o *fake) { o.cpu = "Neoverse" }), `cpu is "AMD EPYC" in the old file, "Neoverse" in the new`},
		"other threads":   {good, strings.ReplaceAll(good, "-2 1", "-4 1"), "4 threads or processors in the new file, 2 in the old"},
		"another target":  {good, strings.ReplaceAll(good, "target: t", "target: u"), "target is"},
		"a broken line":   {good, good + "BenchmarkPretrain/mto=on once\n", "parsing iteration count"},
		"NaN":             {good, strings.Replace(good, " 61234 params", " NaN params", 1), "NaN params: not a number"},
		"a run missing":   {good, good[:strings.LastIndex(good, "# seed 6")], "5 time lines with mto=on"},
		"nothing":         {good, "", "no benchmark line"},
		"too few":         {"BenchmarkStep-2 1 3 ns/op\n", "BenchmarkStep-2 1 3 ns/op\n", "1 runs without seeds"},
		"NaN elsewhere":   {micro, strings.Replace(micro, "3", "NaN", 1), "NaN ns/op: not a number"},
		"one gone":        {micro + strings.Repeat("BenchmarkGEMM-2 1 3 ns/op\n", 4), micro, "GEMM-2: missing in the new file"},
		"a unit gone":     {micro, strings.ReplaceAll(micro, "ns/op", "B/op"), "no figure in ns/op"},
		"a failure":       {micro, micro + "--- FAIL: BenchmarkGEMM\n", "a benchmark failed"},
		"other direction": {"Unit x better=lower\n" + strings.ReplaceAll(micro, "ns/op", "x"), "Unit x better=higher\n" + strings.ReplaceAll(micro, "ns/op", "x"), "better=lower in the old file"},
	} {
		t.Run(name, func(t *testing.T) {
			r := compare(c.old, c.new, standardMargin)
			require.Contains(t, strings.Join(r.Unclear, "\n"), c.want)
			require.Empty(t, r.Rows)
		})
	}
	r := compare(good, with(func(o *fake) { o.cpu, o.host = "Neoverse", 3 }), Options{Margin: 0.05, Epochs: true})
	require.Empty(t, r.Unclear, "epochs compare over machines")
	require.Zero(t, r.Regressions())
	require.Equal(t, 14, r.Equal)
}
