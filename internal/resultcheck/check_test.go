package resultcheck

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// sample is a correct file: six pairs, as collect writes it.
func sample(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("../../harness/testdata/" + name + ".golden")
	require.NoError(t, err)
	return string(data)
}

func problems(text string, e Expect) []string {
	var list []string
	for _, p := range Check(resultfile.Parse("f", []byte(text)), e) {
		list = append(list, p.String())
	}
	return list
}

func TestWhatCollectWritesKeepsAllRules(t *testing.T) {
	for _, name := range []string{"results", "results.byseed", "results.complete"} {
		require.Empty(t, problems(sample(t, name), Expect{}))
		require.Empty(t, problems(sample(t, name), Expect{Pairs: 6}))
	}
	// A run that was resumed with another number of threads, as the harness writes it.
	require.Empty(t, problems(sample(t, "results.resumed"), Expect{Pairs: 6}))
}

// Each case breaks one rule of the correct file; the problem must name it.
func TestEachBrokenRuleIsFound(t *testing.T) {
	good := sample(t, "results")
	lines := strings.SplitAfter(good, "\n")
	first := strings.Index(good, "BenchmarkPretrain")
	replace := func(old, to string) string { return strings.Replace(good, old, to, 1) }
	last := func(old, to string) string {
		at := strings.LastIndex(good, old)
		return good[:at] + to + good[at+len(old):]
	}
	without := func(word string) string { // the first benchmark line with it
		for i, line := range lines {
			if strings.HasPrefix(line, "Benchmark") && strings.Contains(line, word) {
				return strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
			}
		}
		panic(word)
	}
	const off = "BenchmarkPretrain/data=glyphs/model=vit_nano/mim=simmim/mto=off"
	for name, c := range map[string]struct{ text, want string }{
		"a run missing":              {without("mto=on "), "5 epochs lines with mto=on, want 6"},
		"a run of one block missing": {without("mto=on-2"), "5 time lines with mto=on, want 6"},
		"a pair broken":              {without("mto=on "), "seed 1 has mto=off but not mto=on"},
		"cut off in a line":          {good[:len(good)-9], "the file ends in the middle of a line: it was cut off"},
		"without its last line end":  {good[:len(good)-1], "the file ends in the middle of a line: it was cut off"},
		"a newer schema":             {replace("schema 1", "schema 2"), "f:1: schema 2: this program knows schemas up to 1; use a newer mtobench"},
		"NaN":                        {replace("61.63 top1-%", "NaN top1-%"), "NaN top1-%: not a number"},
		"Inf":                        {replace("9.515384615384615 epochs", "+Inf epochs"), "+Inf epochs-to-target: not a number"},
		"a fraction of 100":          {replace("61.63 top1-%", "161.63 top1-%"), "not between 0 and 100"},
		"a negative figure":          {replace("2048 images/s", "-2048 images/s"), "-2048 images/s: not positive"},
		"nothing measured":           {replace("2e+09 ns/epoch", "0 ns/epoch"), "0 ns/epoch: not positive"},
		"a unit missing":             {replace(" 61234 params", ""), "no figure in params"},
		"a unit twice":               {replace(" 61234 params", " 61234 params 61234 params"), "two figures in params"},
		"a unit of others":           {replace(" 61234 params", " 61234 params 3 allocs/op"), "unit allocs/op isn't one of a study's"},
		"a unit not declared":        {replace("Unit top1-% better=higher\nUnit top1-% assume=nothing\n", ""), "unit top1-% isn't declared"},
		"a unit without direction":   {replace("Unit top1-% better=higher\n", ""), `better=""`},
		"a unit declared twice":      {replace("Unit top1-% assume=nothing\n", "Unit top1-% better=lower\n"), "already set to higher"},
		"an optional unit lacking":   {replace("dataset:", "Unit test-top1-% better=higher\ndataset:"), "no figure in test-top1-%"},
		"two studies":                {last("BenchmarkPretrain", "study: 0123456789abcdef\nBenchmarkPretrain"), "two locks in one file"},
		"no study":                   {replace("study:", "stud-y:"), "no study: line"},
		"a volatile line":            {replace("dataset:", "commit: abc\ndataset:"), "a configuration line commit:"},
		"a line that can't be read":  {replace(off+" 1 9.5", off+" once 9.5"), ":36: parsing iteration count"},
		"progress in between":        {replace(off+" 1 9.5", off+"\nepoch 3 of 9\n 1 9.5"), `not a line of the format: "epoch 3 of 9"`},
		"a name alone":               {replace(off+" 1 9.5", off+"\n"+off+" 1 9.5"), "name without figures"},
		"on before off":              {good[:first] + strings.Replace(strings.Replace(strings.Replace(good[first:], "mto=off", "mto=o", -1), "mto=on", "mto=off", -1), "mto=o ", "mto=on ", -1), "mto=off comes after"},
		"a strange name":             {strings.ReplaceAll(good, "vit_nano", "ViT+nano"), `"model=ViT+nano" in the name`},
		"a part without a key":       {strings.ReplaceAll(good, "/mim=simmim", "/simmim"), `"simmim" in the name`},
		"censored off the budget":    {replace("1 target-hit", "0 target-hit"), "missed the target, but with 9.515384615384615"},
		"a hit behind the budget":    {replace("9.515384615384615 epochs", "11 epochs"), "more than the budget of 10"},
		"half a hit":                 {replace("1 target-hit", "0.5 target-hit"), "0.5 target-hit"},
		"epochs with a machine":      {replace("dataset:", "cpu: fast\ndataset:"), "epochs under a cpu: line"},
		"epochs with threads":        {strings.ReplaceAll(good, "mto=off 1", "mto=off-2 1"), "epochs under a name with -2"},
		"seconds without a machine":  {replace("cpu: AMD EPYC 9R14\n", ""), "seconds without a cpu: line"},
		"seconds without threads":    {strings.ReplaceAll(good, "mto=off-2", "mto=off"), "seconds without the number of threads"},
		"epochs alone":               {good[:strings.Index(good, "goos: linux")], "lines of the epochs block only"},
		"a seed twice":               {replace("# seed 2\n", "# seed 1\n"), "seed 1 of mto=off again"},
		"a line of 64 KiB":           {good + "# " + strings.Repeat("x", 1<<17) + "\n", "token too long"},
		"nothing":                    {"", "no result of a study"},
		"other benchmarks":           {"BenchmarkStep/mto=off-2 1 3 ns/op\n", "no result of a study"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, good, c.text, "the case changes nothing")
			found := problems(c.text, Expect{})
			require.Contains(t, strings.Join(found, "\n"), c.want)
			for _, line := range found {
				require.True(t, strings.HasPrefix(line, "f:"), line)
				require.Contains(t, line, "; ", "a problem says what to do")
			}
		})
	}
}

// The same for whole schedules: what they have of their own, and that the other rules hold for them too.
func TestEachBrokenRuleOfWholeSchedulesIsFound(t *testing.T) {
	good := sample(t, "results.complete")
	lines := strings.SplitAfter(good, "\n")
	replace := func(old, to string) string { return strings.Replace(good, old, to, 1) }
	without := func(word string, n int) string { // the first n benchmark lines with it
		var kept []string
		for _, line := range lines {
			if n > 0 && strings.HasPrefix(line, "Benchmark") && strings.Contains(line, word) {
				n--
				continue
			}
			kept = append(kept, line)
		}
		return strings.Join(kept, "")
	}
	pretrain := sample(t, "results")
	pretrain = pretrain[strings.Index(pretrain, "BenchmarkPretrain"):]
	pretrain, _, _ = strings.Cut(pretrain, "\n")
	for name, c := range map[string]struct{ text, want string }{
		"a run missing":               {without("budget=T_2/mto=on ", 1), "5 epochs lines with budget=T_2 mto=on, want 6"},
		"a pair broken":               {without("budget=T_2/mto=on ", 1), "seed 1 has budget=T_2 mto=off but not budget=T_2 mto=on"},
		"a seed without its half":     {without("budget=T_2/mto=off ", 1), "seed 1 has budget=T mto=off but not budget=T_2 mto=off"},
		"a budget missing":            {without("budget=T_2/", 24), "budget=T mto=off without epochs lines of budget=T_2"},
		"an arm missing":              {without("/mto=on", 24), "no line of an arm with MTO beside budget=T mto=off"},
		"the time block missing":      {without("ns-to-end", 24), "budget=T mto=off has lines of the epochs block only"},
		"a strange budget":            {strings.ReplaceAll(good, "budget=T_2", "budget=T_3"), `budget "T_3" in the name`},
		"no budget":                   {strings.ReplaceAll(good, "budget=T_2/", ""), `budget "" in the name`},
		"an epoch too many":           {replace("1 10 epochs", "1 11 epochs"), "10 epochs with budget=T, line 23 has 11"},
		"a half that isn't less":      {strings.ReplaceAll(good, "1 5 epochs", "1 10 epochs"), "10 epochs with budget=T_2, 10 with budget=T"},
		"the figure that decides":     {replace(" 59.1 test-top1-%", ""), "no figure in test-top1-%"},
		"an evaluation of one line":   {replace(" 61.1 test-knn-%", ""), "no figure in test-knn-%"},
		"a unit of the other results": {replace(" 59.1 test-top1-%", " 59.1 test-top1-% 7 epochs-to-target"), "unit epochs-to-target isn't one of a study's"},
		"nothing measured":            {replace("1 10 epochs", "1 0 epochs"), "0 epochs: not positive"},
		"NaN":                         {replace("59.1 test-top1-%", "NaN test-top1-%"), "NaN test-top1-%: not a number"},
		"no schedule":                 {replace("schedule: cosine\n", ""), "no schedule: line"},
		"epochs with a machine":       {replace("schedule:", "cpu: fast\nschedule:"), "epochs under a cpu: line"},
		"seconds without a machine":   {replace("cpu: AMD EPYC 9R14\n", ""), "seconds without a cpu: line"},
		"a run to a target":           {good + pretrain + "\n", `benchmark "Pretrain", want Complete`},
		"a whole schedule among runs": {sample(t, "results") + "BenchmarkComplete/data=glyphs/model=vit_nano/mim=simmim/budget=T/mto=off-2 1 3 ns-to-end 4 peak-rss-bytes\n", `benchmark "Complete", want Pretrain`},
		"a unit in the wrong block":   {replace(" 59.1 test-top1-%", " 59.1 test-top1-% 3 ns-to-end"), "epochs in a line of the time block"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, good, c.text, "the case changes nothing")
			found := problems(c.text, Expect{})
			require.Contains(t, strings.Join(found, "\n"), c.want)
			for _, line := range found {
				require.True(t, strings.HasPrefix(line, "f:"), line)
				require.Contains(t, line, "; ", "a problem says what to do")
			}
		})
	}
}

func TestWholeSchedulesAreThoseOfTheLock(t *testing.T) {
	good := sample(t, "results.complete")
	lock := func(change func(l *harness.Lock)) Expect {
		l := &harness.Lock{
			Hash: "23ea48bda415595e", Data: harness.LockedData{SHA256: strings.Repeat("ab", 32)}, Budget: harness.LockedBudget{Epochs: 10},
			Seeds: []int{1, 2, 3, 4, 5, 6}, Config: map[string]string{"complete.run": "true", "complete.schedule": "cosine"},
		}
		change(l)
		return Expect{Lock: l}
	}
	require.Empty(t, problems(good, lock(func(*harness.Lock) {})))
	for want, change := range map[string]func(l *harness.Lock){
		"study is 23ea48bda415595e, the lock beside the file has 0123456789abcdef": func(l *harness.Lock) { l.Hash = "0123456789abcdef" },
		"the lock beside the file asks for none (complete.run)":                    func(l *harness.Lock) { l.Config["complete.run"] = "false" },
		"schedule is cosine, the lock beside the file has trapezoid":               func(l *harness.Lock) { l.Config["complete.schedule"] = "trapezoid" },
		"10 epochs with budget=T, the lock beside the file has 12":                 func(l *harness.Lock) { l.Budget.Epochs = 12 },
		"6 epochs lines with budget=T mto=off, want 7":                             func(l *harness.Lock) { l.Seeds = append(l.Seeds, 7) },
		"seed 6 isn't one of the lock's":                                           func(l *harness.Lock) { l.Seeds[5] = 7 },
	} {
		require.Contains(t, strings.Join(problems(good, lock(change)), "\n"), want)
	}
}

func TestExpectedPairsCountWhereArmsAgree(t *testing.T) {
	require.Contains(t, strings.Join(problems(sample(t, "results"), Expect{Pairs: 10}), "\n"), "6 epochs lines with mto=off, want 10")
}

// Whatever the bytes, checking ends, and each problem stands on a line of the file.
func FuzzCheck(f *testing.F) {
	good := sample(f, "results")
	f.Add([]byte(good))
	f.Add([]byte(sample(f, "results.complete")))
	f.Add([]byte("schedule: x\nstudy: y\nBenchmarkComplete/budget=T/mto=on 1 1 epochs\nBenchmarkComplete/mto=off 1 1 ns-to-end\n"))
	f.Add([]byte(strings.Replace(good, "61.63 top1-%", "NaN top1-%", 1)))
	f.Add([]byte("# repeat Benchmark\n# seed 1\nBenchmarkPretrain/mto=on-2 1 NaN ns/epoch\n# repeat BenchmarkX 1 1 ns/op\n"))
	f.Add([]byte("study: x\nBenchmark 1 1 %\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Count(string(data), "\n") + 1
		for _, p := range Check(resultfile.Parse("f", data), Expect{}) {
			require.LessOrEqual(t, p.Line, lines)
			require.NotEmpty(t, p.Do)
		}
	})
}
