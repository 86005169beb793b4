package harness

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseShard(t *testing.T) {
	check := func(text, environment string, want Shard, fault string) {
		t.Helper()
		env := map[string]string{}
		for _, word := range strings.Fields(environment) {
			name, value, _ := strings.Cut(word, "=")
			env[name] = value
		}
		s, err := ParseShard(text, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		if fault != "" {
			require.ErrorIs(t, err, ErrConfig)
			require.ErrorContains(t, err, fault)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, s)
	}
	check("0/1", "", Shard{0, 1}, "")
	check("3/4", "SLURM_ARRAY_TASK_ID=0", Shard{3, 4}, "") // what is given counts
	check("4/4", "", Shard{}, "4 of them are 0/4 to 3/4")
	check("-1/4", "", Shard{}, "count from 0")
	check("0/0", "", Shard{}, "count from 0")
	check("1", "", Shard{}, "want i/n")
	check("1/4/2", "", Shard{}, "want i/n")
	check("AUTO", "", Shard{}, "want i/n")

	check("auto", "", Shard{}, "no engine numbered this process")
	// sbatch --array=0-9, 1-10%4, 0-6:2, and one task alone
	check("auto", "SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=10", Shard{4, 10}, "")
	check("auto", "SLURM_ARRAY_TASK_ID=10 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=10 SLURM_ARRAY_TASK_COUNT=10", Shard{9, 10}, "")
	check("auto", "SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=6 SLURM_ARRAY_TASK_COUNT=4", Shard{2, 4}, "")
	check("auto", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=1", Shard{0, 1}, "")
	check("auto", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=1 MTOBENCH_SHARDS=10", Shard{3, 10}, "")
	check("auto", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=3", Shard{}, "evenly spaced") // 0,3,7
	check("auto", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=7", Shard{}, "SLURM_ARRAY_TASK_COUNT isn't set")

	check("auto", "JOB_COMPLETION_INDEX=2 MTOBENCH_SHARDS=5", Shard{2, 5}, "")
	check("auto", "JOB_COMPLETION_INDEX=2", Shard{}, "Set MTOBENCH_SHARDS")
	check("auto", "JOB_COMPLETION_INDEX=5 MTOBENCH_SHARDS=5", Shard{}, "0 to 4")
	check("auto", "NOMAD_ALLOC_INDEX=0 MTOBENCH_SHARDS=3", Shard{0, 3}, "")
	check("auto", "NOMAD_ALLOC_INDEX=x MTOBENCH_SHARDS=3", Shard{}, `"x"`)
	check("auto", "NOMAD_ALLOC_INDEX=0 JOB_COMPLETION_INDEX=1 MTOBENCH_SHARDS=3", Shard{}, "Kubernetes says shard 1/3, Nomad says shard 0/3")
	check("auto", "NOMAD_ALLOC_INDEX=1 JOB_COMPLETION_INDEX=1 MTOBENCH_SHARDS=3", Shard{1, 3}, "")
}
