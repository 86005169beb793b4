package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// remakeResult writes the result.bench that the curve and manifest in dir give.
func remakeResult(t testing.TB, s *Study, dir string) {
	t.Helper()
	var m Manifest
	require.NoError(t, readJSON(filepath.Join(dir, manifestName), &m))
	curve, err := ReadCurve(filepath.Join(dir, curveName))
	require.NoError(t, err)
	final, err := ReadFinal(filepath.Join(dir, finalName))
	if !errors.Is(err, os.ErrNotExist) { // as of a repeated run
		require.NoError(t, err)
	}
	require.NoError(t, writeFile(filepath.Join(dir, resultName), benchText([]Result{newResult(s.Lock, s.Config, m, curve, final, 1)}, false)))
}

// finishedStudy is a study of six pairs with its results.
func finishedStudy(t testing.TB) *Study {
	t.Helper()
	s, _ := fakeStudy(t, t.TempDir(), 1.5)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	return s
}

func edit(t testing.TB, path, pattern, to string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	at := regexp.MustCompile(pattern).FindStringIndex(string(data))
	require.NotNil(t, at, "%s isn't in %s", pattern, path)
	changed := string(data[:at[0]]) + to + string(data[at[1]:])
	require.NoError(t, os.WriteFile(path, []byte(changed), 0o644))
}

// Whatever is changed after a run, figures or the columns they are read on, collecting names the file.
func TestCollectRefusesWhatTheVerifiedCurveDoesNotGive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, pattern, to, want string }{
		"a figure":            {resultName, `[0-9.]+ epochs-to-target`, "1.5 epochs-to-target", "epochs-to-target is 1.5, the run's curve and manifest give"},
		"a smoothed accuracy": {resultName, `[0-9.]+ auc-top1-%`, "99 auc-top1-%", "auc-top1-% is 99"},
		"a hit":               {resultName, `1 target-hit`, "0 target-hit", "target-hit is 0"},
		"seconds":             {resultName, `[0-9.]+ ns-to-target`, "1 ns-to-target", "ns-to-target is 1"},
		"a figure left out":   {resultName, ` [0-9.]+ params`, "", "the number of figures is"},
		"the target":          {resultName, `target: ridge-top1>=[0-9.]+`, "target: ridge-top1>=1", "target is"},
		"the arm":             {resultName, `mto=on `, "mto=off ", "the benchmark is"},
		"an epoch":            {curveName, `\n64,8192,2,`, "\n64,8192,1,", "line 5 of curve.csv has step 64, 8192 images, 1 epochs; the grid has step 64, 8192 images, 2 epochs"},
		"images":              {curveName, `\n64,8192,2,`, "\n64,8191,2,", "line 5 of curve.csv"},
		"a quality":           {curveName, `\n64,8192,2,[0-9]`, "\n64,8192,2,9", "line 5 of curve.csv doesn't continue the hash chain"},
		"the identity":        {manifestName, `"run": "[0-9a-f]{4}`, `"run": "0000`, "manifest.json names run 0000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := finishedStudy(t)
			edit(t, filepath.Join(runDir(s.Root, 2, ArmOn), c.file), c.pattern, c.to)
			_, err := s.Collect()
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, filepath.Join("seed=002", "mto=on"))
		})
	}
}

// Runs that several machines shared give the same bytes in any order of their folders.
func TestSharedStudyCollectsToTheSameBytesInAnyOrder(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	whole, err := os.ReadFile(filepath.Join(s.Root, "results.txt"))
	require.NoError(t, err)
	shards := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	for i, seed := range s.Lock.Seeds {
		from := filepath.Join(s.Root, seedDir(seed))
		require.NoError(t, os.CopyFS(filepath.Join(shards[i%3], seedDir(seed)), os.DirFS(from)))
		require.NoError(t, os.RemoveAll(from))
	}
	report, err := s.Collect()
	require.ErrorContains(t, err, "no run of the study has finished")
	require.Nil(t, report)
	for range 3 {
		shards = append(shards[1:], shards[0])
		s.Also = shards
		report, err := s.Collect()
		require.NoError(t, err)
		require.Empty(t, report.Missing)
		data, err := os.ReadFile(report.Results)
		require.NoError(t, err)
		require.Equal(t, string(whole), string(data))
	}

	seed := seedDir(s.Lock.Seeds[0])
	copied := filepath.Join(s.Root, seed)
	require.NoError(t, os.CopyFS(copied, os.DirFS(filepath.Join(shards[0], seed))))
	_, err = s.Collect()
	require.NoError(t, err, "a copy is no second result")
	dir := filepath.Join(copied, armDir(ArmOn))
	curve, err := ReadCurve(filepath.Join(dir, curveName))
	require.NoError(t, err)
	for i := range curve {
		curve[i].TrainNS *= 3
	}
	require.NoError(t, writeFile(filepath.Join(dir, curveName), curve.csv()))
	remakeResult(t, s, dir)
	_, err = s.Collect()
	require.ErrorContains(t, err, "(seed 1 mto=on) has two results that differ")
	require.ErrorContains(t, err, dir)
}

// Whichever of the folders has the self-check, and whoever opened the test split there: all of them are read.
func TestChecksReadEveryFolderOfAStudy(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	main, other := s.Root, t.TempDir()
	move := func(name string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(other, name)), 0o755))
		require.NoError(t, os.Rename(filepath.Join(main, name), filepath.Join(other, name)))
	}
	check := func(name string) Check {
		t.Helper()
		report, err := s.Collect()
		require.NoError(t, err)
		at := slices.IndexFunc(report.Checks, func(c Check) bool { return c.Name == name })
		return report.Checks[at]
	}
	const zero = "MTO at weight 0 is the baseline, bit for bit"
	move(selfcheckName)
	require.Contains(t, check(zero).Found, "no folder of the study has a selfcheck.json; mtobench run makes it")
	s.Also = []string{other}
	require.True(t, check(zero).OK)

	move(seedDir(4))
	require.True(t, check(sealedCheck).OK)
	require.Equal(t, "12 openings by 12 runs, each at its budget and under the lock", check(sealedCheck).Found)
	require.NoError(t, os.CopyFS(filepath.Join(main, seedDir(4)), os.DirFS(filepath.Join(other, seedDir(4)))))
	require.Equal(t, "12 openings by 12 runs, each at its budget and under the lock", check(sealedCheck).Found, "a copy opened nothing")
	require.NoError(t, os.RemoveAll(filepath.Join(main, seedDir(4))))
	require.NoError(t, os.Remove(filepath.Join(other, seedDir(4), armDir(ArmOff), eventsName)))
	require.Equal(t, Check{sealedCheck, false, "figures without a logged opening: seed 4 mto=off"}, check(sealedCheck))

	require.NoError(t, writeJSON(filepath.Join(main, selfcheckName), selfcheckRecord{Schema: 1, Numerics: Numerics, Off: "a", Zero: "b"}))
	require.False(t, check(zero).OK, "one folder in which it acts is enough")
}

func TestMissingRunsAreNamed(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	require.NoError(t, os.RemoveAll(runDir(s.Root, 3, ArmOn)))
	report, err := s.Collect()
	require.NoError(t, err)
	at := slices.IndexFunc(report.Checks, func(c Check) bool { return c.Name == "all runs finished" })
	require.Equal(t, "1 of 12 runs are missing: seed 3 mto=on (never started)", report.Checks[at].Found)
	data, err := os.ReadFile(report.Results)
	require.NoError(t, err)
	require.Contains(t, string(data), "\n# missing: seed 3 mto=on\n")
}

// The repeated baseline run stands in a comment, so that benchstat's table is that of the pairs alone.
func TestRepeatedRunStandsBehindItsFirstInAComment(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	data, err := os.ReadFile(filepath.Join(s.Root, "results.txt"))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(data), "# repeat BenchmarkPretrain"))
	lines := strings.Split(string(data), "\n")
	at := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "# repeat ") })
	name, _, _ := strings.Cut(strings.TrimPrefix(lines[at], "# repeat "), " ")
	require.True(t, strings.HasPrefix(lines[at-1], name+" "), lines[at-1])
	require.Contains(t, lines[at], "ns/epoch")

	again, err := readResult(filepath.Join(repeatDir(s.Root, 1), resultName))
	require.NoError(t, err)
	ns, ok := figure(again.Time, "ns/epoch")
	require.True(t, ok)
	require.Contains(t, lines[at], fmt.Sprintf(" %v ns/epoch", ns))
}
