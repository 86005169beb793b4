package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSharesPartitionThePlanAndSplitNoPair(t *testing.T) {
	for _, repeat := range []bool{false, true} {
		jobs := pairJobs("root", []int{4, 5, 6, 7, 8, 9, 10}, repeat)
		for n := 1; n <= 9; n++ {
			shardOf := map[int]int{}
			seen := map[string]bool{}
			for i := range n {
				for _, j := range (Shard{i, n}).share(jobs) {
					if in, ok := shardOf[j.Seed]; ok {
						require.Equal(t, in, i, "%d shards: seed %d is split", n, j.Seed)
					}
					shardOf[j.Seed] = i
					require.False(t, seen[j.Dir], j.Dir)
					seen[j.Dir] = true
				}
			}
			require.Len(t, seen, len(jobs))
		}
	}
}

// epochsBlock is the part of results.txt that is the same bits everywhere.
func epochsBlock(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	block, _, found := strings.Cut(string(text), "\ngoos:")
	require.True(t, found)
	require.Contains(t, block, "epochs-to-target")
	return block
}

func TestShardsTogetherGiveTheResultsOfTheWhole(t *testing.T) {
	t.Parallel()
	whole, _ := fakeStudy(t, t.TempDir(), 1.5)
	report, err := whole.Run(context.Background())
	require.NoError(t, err)
	want := epochsBlock(t, report.Results)

	out := t.TempDir()
	s, _ := fakeStudy(t, out, 1.5)
	_, err = s.RunShard(context.Background(), Shard{0, 2})
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "mtobench calibrate")
	for _, i := range []int{2, 0, 1} {
		require.NoError(t, s.CalibrateShard(context.Background(), Shard{i, 3}))
	}
	_, err = s.MakeLock()
	require.NoError(t, err)
	for _, i := range []int{3, 1, 0} {
		_, err = s.RunShard(context.Background(), Shard{i, 4})
		require.NoError(t, err)
	}
	partial, err := s.Collect()
	require.NoError(t, err)
	require.Len(t, partial.Missing, 2) // shard 2 has seed 3
	summary, err := s.RunShard(context.Background(), Shard{2, 4})
	require.NoError(t, err)
	require.Contains(t, summary, "shard 2/4 of "+s.Root+": seed 3")
	summary, err = s.RunShard(context.Background(), Shard{6, 7})
	require.NoError(t, err)
	require.Contains(t, summary, "more shards than items")
	sharded, err := s.Collect()
	require.NoError(t, err)
	require.Equal(t, want, epochsBlock(t, sharded.Results))
	require.Equal(t, report.Verdict.Word, sharded.Verdict.Word)
}

func TestWhatAnotherProcessWorksOnIsSkippedAndTheRestDone(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1.5)
	calibrateAndLock(t, s)
	pair := filepath.Join(s.Root, seedDir(2))
	require.NoError(t, os.MkdirAll(pair, 0o755))
	releasePair, _, err := hold(pair)
	require.NoError(t, err)
	inside := runDir(s.Root, 4, ArmOff)
	require.NoError(t, os.MkdirAll(inside, 0o755))
	releaseRun, _, err := hold(inside)
	require.NoError(t, err)

	_, err = s.Run(context.Background())
	require.ErrorIs(t, err, ErrHeld)
	require.Equal(t, ExitResumable, ExitStatus(err))
	require.ErrorContains(t, err, "seeds 2, 4")
	require.False(t, done(runDir(s.Root, 2, ArmOn)))
	require.True(t, done(runDir(s.Root, 6, ArmOff)))
	require.NoFileExists(t, filepath.Join(s.Root, seedDir(1), holdName))

	releasePair()
	releaseRun()
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	require.Empty(t, report.Missing)
}

func TestPlanIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	plan := func(s *Study, shard Shard) string {
		var b bytes.Buffer
		require.NoError(t, s.WritePlan(&b, shard))
		return b.String()
	}
	a, _ := fakeStudy(t, t.TempDir(), 1)
	b, _ := fakeStudy(t, t.TempDir(), 1)
	whole := plan(a, Shard{0, 1})
	require.Equal(t, whole, plan(b, Shard{0, 1}))
	var parts int
	for i := range 5 {
		parts += strings.Count(plan(a, Shard{i, 5}), "\n")
	}
	lines := strings.Split(strings.TrimSpace(whole), "\n")
	require.Len(t, lines, 6+6)
	require.Equal(t, 6+6, parts)

	calibrateAndLock(t, b)
	locked := strings.Split(strings.TrimSpace(plan(b, Shard{0, 1})), "\n")
	for k, line := range locked {
		var item, before plannedItem
		require.NoError(t, json.Unmarshal([]byte(line), &item))
		require.NoError(t, json.Unmarshal([]byte(lines[k]), &before))
		require.Equal(t, before.Seed, item.Seed)
		require.Equal(t, k%6, item.Item)
		require.Equal(t, []string{jobCalibration, jobPair}[k/6], item.Kind)
		require.Equal(t, b.Lock.Study(), item.Lock)
		for _, run := range item.Runs {
			require.Len(t, run.Run, 32)
		}
	}
	// The identities are those of the runs.
	_, err := b.RunShard(context.Background(), Shard{0, 6})
	require.NoError(t, err)
	var item plannedItem
	require.NoError(t, json.Unmarshal([]byte(locked[6]), &item))
	require.Len(t, item.Runs, 3)
	require.True(t, item.Runs[2].Repeat)
	for _, run := range item.Runs {
		var m Manifest
		require.NoError(t, readJSON(filepath.Join(b.Root, filepath.FromSlash(run.Folder), manifestName), &m))
		require.Equal(t, m.Run, run.Run)
	}
}
