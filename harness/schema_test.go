package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
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

// Each file of a finished study, made by a newer program: what reads it names it and says so.
func TestEveryFileOfANewerSchemaIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := finishedStudy(t)
	run := runDir(s.Root, 1, ArmOff)
	calibration := calibrationJobs(s.Root, s.Config)[0].Dir
	judge := func() error {
		folder, err := OpenFolder(s.Root)
		if err == nil {
			_, err = folder.Judge()
		}
		return err
	}
	replay := func() error {
		_, err := replayFake(run, ReplayOptions{}, func(f *fakeStepper) stepper { return f })
		return err
	}
	lock := func() error { _, err := s.calibrated(); return err }
	series := func(name string) func() error {
		return func() error {
			return WriteSeries(benchfmt.NewWriter(io.Discard), filepath.Join(s.Root, name), SeriesFacts{"c", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"})
		}
	}
	seen := map[string]bool{}
	for _, c := range []struct {
		dir, name string
		read      func() error
	}{
		{s.Root, configName, judge},
		{s.Root, LockName, judge},
		{s.Root, selfcheckName, judge},
		{s.Root, statusName, func() error { _, err := ReadStudyStatus(s.Root); return err }},
		{s.Root, "results.txt", series("results.txt")},
		{s.Root, "results.byseed.txt", series("results.byseed.txt")},
		{calibration, resultName, lock},
		{calibration, manifestName, lock},
		{calibration, curveName, lock},
		{run, configName, replay},
		{run, LockName, func() error { _, err := ReadLock(filepath.Join(run, LockName)); return err }},
		{run, manifestName, judge},
		{run, manifestName, replay},
		{run, curveName, judge},
		{run, eventsName, judge},
		{run, finalName, judge},
		{run, resultName, judge},
		{run, statusName, func() error { _, err := ReadStatus(run); return err }},
	} {
		seen[c.name] = true
		require.NoError(t, c.read(), c.name)
		path := filepath.Join(c.dir, c.name)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		text := regexp.MustCompile(`(schema"?:? ?)1`).ReplaceAll(whole, []byte("${1}2"))
		require.NotEqual(t, whole, text, path)
		require.NoError(t, os.WriteFile(path, text, 0o644))
		err = c.read()
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "schema 2: this program knows schemas up to 1")
		require.NoError(t, os.WriteFile(path, whole, 0o644))
	}
	// No file is forgotten but those without a number, and checkpoints, which have a test of their own.
	require.NoError(t, filepath.WalkDir(s.Root, func(path string, d os.DirEntry, err error) error {
		if name := d.Name(); err == nil && !d.IsDir() && !seen[name] {
			require.Regexp(t, `^(overrides\.txt|log\.txt|events\.out\..*|step=.*\.safetensors)$`, name)
		}
		return err
	}))
}

// A checkpoint or an evaluation's state of a newer program isn't damaged: it is neither set aside nor overwritten.
func TestStateOfANewerSchemaIsRefusedByName(t *testing.T) {
	t.Parallel()
	newer := func(path string) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		text := bytes.Replace(data, []byte(`"schema":"1"`), []byte(`"schema":"2"`), 1)
		require.NotEqual(t, data, text)
		require.NoError(t, os.WriteFile(path, text, 0o644))
	}
	trainer, _ := trained(t, tuningTestConfig(t, "simmim"), 1, 1)
	path := filepath.Join(t.TempDir(), "a.safetensors")
	require.NoError(t, trainer.Save(path, nil))
	newer(path)
	_, err := trainer.Restore(path)
	require.ErrorIs(t, err, errForeign)
	require.ErrorContains(t, err, path+": schema 2: this program knows")

	trainer.rc.Final.Attentive = false
	dir := t.TempDir()
	require.NoError(t, trainer.PrepareFinal(dir, untold))
	path = tuningPath(dir, finetuneName, 1)
	newer(path)
	err = trainer.PrepareFinal(dir, untold)
	require.ErrorContains(t, err, path+": schema 2: this program knows")
	require.Equal(t, ExitConfig, ExitStatus(err))
}
