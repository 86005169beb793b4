package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// described compiles a schema of docs/schemas.
func described(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(filepath.Join("..", "docs", "schemas", name))
	require.NoError(t, err)
	return s
}

func decoded(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err, "%s", data)
	return v
}

// events reads the log of a run.
func events(t *testing.T, dir string) (list []event, lines [][]byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, eventsName))
	require.NoError(t, err)
	for _, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var e event
		require.NoError(t, json.Unmarshal(line, &e))
		list, lines = append(list, e), append(lines, line)
	}
	return list, lines
}

// Every file that others watch is what its schema in docs/schemas says, in every run of a study.
func TestEventsAndStatusAreAsTheirSchemasSay(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	_, err := s.Run(context.Background())
	require.NoError(t, err)
	line, status, study := described(t, "event.schema.json"), described(t, "status.schema.json"), described(t, "study-status.schema.json")
	jobs := append(calibrationJobs(s.Root, s.Config), pairJobs(s.Root, s.Lock.Seeds, s.Config.Study.Repeat)...)
	for _, j := range jobs {
		list, lines := events(t, j.Dir)
		keys := map[string]int{}
		for i, e := range list {
			assert.NoError(t, line.Validate(decoded(t, lines[i])), "%s:%d", j, i+1)
			keys[e.Key]++
			if i > 0 {
				assert.GreaterOrEqual(t, e.MonoNS, list[i-1].MonoNS)
			}
		}
		points := s.Config.Study.Grid + 1
		for key, n := range map[string]int{
			eventInitStart: 1, eventInitStop: 1, eventSeed: 1, "global_batch_size": 1, "train_samples": 1, "eval_samples": 1, eventRunStart: 1,
			eventEvalStart: points, eventEval: points, eventEvalStop: points, eventStats: points - 1, eventRunStop: 1,
		} {
			assert.Equal(t, n, keys[key], "%s: %s", j, key)
		}
		data, err := os.ReadFile(filepath.Join(j.Dir, statusName))
		require.NoError(t, err)
		assert.NoError(t, status.Validate(decoded(t, data)), "%s", j)
	}
	data, err := os.ReadFile(filepath.Join(s.Root, statusName))
	require.NoError(t, err)
	assert.NoError(t, study.Validate(decoded(t, data)))
	all, err := ReadStudyStatus(s.Root)
	require.NoError(t, err)
	assert.Equal(t, StateDone, all.State)
	assert.Equal(t, 13, all.Total)
	assert.Equal(t, 13, all.Done)
	assert.Equal(t, s.Lock.Hash, all.Study)
}

// The schemas refuse what they should: they can fail.
func TestSchemasRefuse(t *testing.T) {
	refuse := func(schema string, texts ...string) {
		for _, text := range texts {
			assert.Error(t, described(t, schema).Validate(decoded(t, []byte(text))), text)
		}
	}
	refuse("event.schema.json",
		`{"schema":1,"time_ms":1,"mono_ns":1,"event_type":"POINT_IN_TIME","key":"no_such_key"}`,
		`{"schema":1,"time_ms":1,"mono_ns":1,"event_type":"POINT_IN_TIME","key":"init_start"}`,
		`{"schema":1,"time_ms":1,"mono_ns":1,"event_type":"INTERVAL_START","key":"seed","value":1}`,
		`{"schema":1,"time_ms":1,"mono_ns":1,"event_type":"POINT_IN_TIME","key":"seed"}`,
		`{"schema":1,"time_ms":1,"mono_ns":1,"event_type":"POINT_IN_TIME","key":"eval_accuracy","value":50}`,
		`{"schema":1,"time_ms":1,"event_type":"INTERVAL_START","key":"init_start"}`,
	)
	refuse("status.schema.json", `{"schema":1,"state":"asleep","updated":"2026-01-01T00:00:00Z","host":"a","pid":1,"seed":1,"arm":"on","step":0,"steps":1,"epochs":0,"top1_pct":0,"train_loss":0,"wall_ns":0}`)
	refuse("study-status.schema.json", `{"schema":1,"state":"running","phase":"pairs","updated":"yesterday","host":"a","pid":1,"done":0,"total":1,"running":[],"failed":[]}`)
}

// A study's status says which run goes on, which failed and where an interruption left it.
func TestStudyStatusNamesWhatRunsAndWhatFailed(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2)
	calibrateAndLock(t, s)
	made := s.launch
	s.launch = func(ctx context.Context, j Job, threads int, report func(Progress)) error {
		if j.Seed == 2 && j.Arm == ArmOn {
			require.NoError(t, writeStatus(j.Dir, Status{Schema: Schema, State: StateFailed, Updated: systemClock.stamp(), Error: "it broke"}, writeFile))
			return ErrDiverged
		}
		if j.Seed == 3 {
			require.NoError(t, writeStatus(j.Dir, Status{Schema: Schema, State: StateRunning, Updated: "2020-01-01T00:00:00Z"}, writeFile))
			return ErrInterrupted
		}
		return made(ctx, j, threads, report)
	}
	_, err := s.Run(context.Background())
	require.ErrorIs(t, err, ErrInterrupted)
	all, err := ReadStudyStatus(s.Root)
	require.NoError(t, err)
	assert.Equal(t, StateInterrupted, all.State)
	assert.Equal(t, "pairs", all.Phase)
	assert.Equal(t, 4, all.Done) // both arms of seed 1, its repetition, seed 2 without MTO
	require.Len(t, all.Failed, 1)
	assert.Equal(t, "seed=002/mto=on", all.Failed[0].Dir)
	assert.Equal(t, "it broke", all.Failed[0].Error)
	require.Len(t, all.Running, 1)
	assert.Equal(t, StateStalled, all.Running[0].State)
	data, err := os.ReadFile(filepath.Join(s.Root, statusName))
	require.NoError(t, err)
	assert.NoError(t, described(t, "study-status.schema.json").Validate(decoded(t, data)))
}
