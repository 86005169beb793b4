package harness

import (
	"fmt"
	"strconv"
	"strings"
)

// A Shard is one of n equal shares of a list of items (methodology 5.1): those whose number is Index
// modulo Count. A share depends on the plan alone, never on what is done already.
type Shard struct{ Index, Count int } // 0 <= Index < Count

// ShardsVariable names the environment variable that tells the number of shards where the engine
// doesn't: Kubernetes and Nomad give a process its index alone.
const ShardsVariable = "MTOBENCH_SHARDS"

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// has reports whether item i of a list is in the share.
func (s Shard) has(i int) bool { return i%s.Count == s.Index }

// ParseShard reads "i/n", counting from 0, or "auto": the shard that the engine which started this
// process has given it, by lookup (os.LookupEnv).
func ParseShard(text string, lookup func(string) (string, bool)) (Shard, error) {
	if text == "auto" {
		s, err := autoShard(lookup)
		if err != nil {
			return Shard{}, fmt.Errorf("%w: --shard auto: %w", ErrConfig, err)
		}
		return s, nil
	}
	index, count, _ := strings.Cut(text, "/")
	i, errIndex := strconv.Atoi(index)
	n, errCount := strconv.Atoi(count)
	switch {
	case errIndex != nil || errCount != nil:
		return Shard{}, fmt.Errorf("%w: --shard %s: want i/n, like 0/4, or auto", ErrConfig, text)
	case n < 1 || i < 0 || i >= n:
		return Shard{}, fmt.Errorf("%w: --shard %s: shards count from 0: %d of them are 0/%[3]d to %d/%[3]d", ErrConfig, text, max(n, 1), max(n, 1)-1)
	}
	return Shard{i, n}, nil
}

// engines are those that number the processes they start.
var engines = []struct {
	name, variable string
	shard          func(env environmentNumbers) (Shard, error)
}{
	{"Slurm", "SLURM_ARRAY_TASK_ID", slurmShard},
	{"Kubernetes", "JOB_COMPLETION_INDEX", func(env environmentNumbers) (Shard, error) { return env.counted("JOB_COMPLETION_INDEX") }},
	{"Nomad", "NOMAD_ALLOC_INDEX", func(env environmentNumbers) (Shard, error) { return env.counted("NOMAD_ALLOC_INDEX") }},
}

// autoShard asks every engine that shows; they must agree.
func autoShard(lookup func(string) (string, bool)) (Shard, error) {
	env := environmentNumbers(lookup)
	var found Shard
	var from string
	for _, e := range engines {
		if _, ok := lookup(e.variable); !ok {
			continue
		}
		s, err := e.shard(env)
		switch {
		case err != nil:
			return Shard{}, fmt.Errorf("%s: %w", e.name, err)
		case from != "" && s != found:
			return Shard{}, fmt.Errorf("%s says shard %v, %s says shard %v: give --shard i/n", from, found, e.name, s)
		}
		found, from = s, e.name
	}
	if from == "" {
		return Shard{}, fmt.Errorf("neither SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX nor NOMAD_ALLOC_INDEX is set: no engine numbered this process; give --shard i/n")
	}
	return found, nil
}

// slurmShard is the place of a task in its array 'first-last:step'. Without MTOBENCH_SHARDS the array
// must be whole and even, or the count would be that of another list.
func slurmShard(env environmentNumbers) (Shard, error) {
	const id = "SLURM_ARRAY_TASK_ID"
	if _, ok := env(ShardsVariable); ok { // a part of an array may be given again: --array=3
		return env.counted(id)
	}
	task, err := env.number(id)
	if err != nil {
		return Shard{}, err
	}
	first, err := env.number("SLURM_ARRAY_TASK_MIN")
	if err != nil {
		return Shard{}, err
	}
	last, err := env.number("SLURM_ARRAY_TASK_MAX")
	if err != nil {
		return Shard{}, err
	}
	count, err := env.number("SLURM_ARRAY_TASK_COUNT")
	if err != nil {
		return Shard{}, err
	}
	step := 1
	if count > 1 {
		step = (last - first) / (count - 1)
	}
	if step < 1 || last != first+step*(count-1) || task < first || task > last || (task-first)%step != 0 {
		return Shard{}, fmt.Errorf("task %d of %d between %d and %d: the array's indices aren't evenly spaced; number them 0 to n-1, or set %s", task, count, first, last, ShardsVariable)
	}
	return Shard{(task - first) / step, count}, nil
}

// environmentNumbers reads numbers from the environment.
type environmentNumbers func(string) (string, bool)

func (env environmentNumbers) number(name string) (int, error) {
	text, ok := env(name)
	if !ok {
		return 0, fmt.Errorf("%s isn't set", name)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is %q, want a number", name, text)
	}
	return n, nil
}

// counted is a shard whose index an engine gives, and whose count MTOBENCH_SHARDS.
func (env environmentNumbers) counted(index string) (Shard, error) {
	i, err := env.number(index)
	if err != nil {
		return Shard{}, err
	}
	n, err := env.number(ShardsVariable)
	if err != nil {
		return Shard{}, fmt.Errorf("%w: %s is %d, but of how many? Set %s to the number of shards", err, index, i, ShardsVariable)
	}
	if i >= n {
		return Shard{}, fmt.Errorf("%s is %d and %s is %d: indices count from 0 to %d", index, i, ShardsVariable, n, n-1)
	}
	return Shard{i, n}, nil
}
