package harness

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
)

// calibrationRunIn prepares the folder of one run, which takes 320 steps.
func calibrationRunIn(t *testing.T, out string) Job {
	t.Helper()
	s, _ := fakeStudy(t, out, 1.5)
	c := s.Config
	j := calibrationJobs(s.Root, c)[0]
	require.NoError(t, s.prepare(j.Dir, c, nil))
	return j
}

func childCommand(t testing.TB, j Job) *exec.Cmd {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "--kind", j.Kind, "--dir", j.Dir, "--seed", strconv.Itoa(j.Seed), "--arm", j.Arm, "--threads", "1")
	cmd.Env = append(os.Environ(), childVariable+"={}")
	return cmd
}

// lastChain reads the hash chain at the end of a finished run's curve.
func lastChain(t *testing.T, j Job) string {
	t.Helper()
	require.True(t, done(j.Dir))
	curve, err := ReadCurve(filepath.Join(j.Dir, curveName))
	require.NoError(t, err)
	require.Len(t, curve, 11)
	return curve[len(curve)-1].Chain
}

// startStalled starts the run in a process of its own, waits until it stalls at a place, and returns it with the
// pipe that is its standard input and what it writes.
func startStalled(t *testing.T, j Job, place string) (cmd *exec.Cmd, stdin io.Closer, out *bytes.Buffer) {
	t.Helper()
	reached := filepath.Join(t.TempDir(), "reached")
	cmd, out = childCommand(t, j), new(bytes.Buffer)
	cmd.Env = append(cmd.Env, stallVariable+"="+place+" "+reached)
	cmd.Stdout = out
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	untilFile(reached)
	return cmd, stdin, out
}

func TestChildStopsAtACheckpointWhenItsParentIsGone(t *testing.T) {
	j := calibrationRunIn(t, t.TempDir())
	cmd, stdin, out := startStalled(t, j, "100")
	stdin.Close()
	require.ErrorContains(t, cmd.Wait(), "exit status 75")
	require.ErrorIs(t, follow(out, func(Progress) {}), ErrInterrupted)
	steps, err := checkpoints(j.Dir)
	require.NoError(t, err)
	require.Equal(t, []int{96, 100}, steps, "a grid point, and where it was")
	var s Status
	require.NoError(t, readJSON(filepath.Join(j.Dir, statusName), &s))
	require.Equal(t, "interrupted", s.State)
}

func TestEvaluationThatWasInterruptedGivesTheSamePoint(t *testing.T) {
	j := calibrationRunIn(t, t.TempDir())
	cmd, stdin, _ := startStalled(t, j, "evaluation=96")
	stdin.Close()
	require.ErrorContains(t, cmd.Wait(), "exit status 75")
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), j, 1, func(Progress) {}))
	interrupted, err := ReadCurve(filepath.Join(j.Dir, curveName))
	require.NoError(t, err)
	whole := calibrationRunIn(t, t.TempDir())
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), whole, 1, func(Progress) {}))
	curve, err := ReadCurve(filepath.Join(whole.Dir, curveName))
	require.NoError(t, err)
	for i := range curve { // all but the wall clock: the fake's steps take the same time always
		curve[i].WallNS = interrupted[i].WallNS
	}
	require.EqualValues(t, 320*1500, curve[10].CPUNS)
	require.Equal(t, curve, interrupted)
}

func TestStudyRunsInProcessesOfItsOwnAndStopsOnRequest(t *testing.T) {
	reached := filepath.Join(t.TempDir(), "reached")
	t.Setenv(childVariable, "{}")
	t.Setenv(stallVariable, "100 "+reached)
	self, err := os.Executable()
	require.NoError(t, err)
	s, _ := fakeStudy(t, t.TempDir(), 1.5)
	s.launch = processLauncher([]string{self})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		untilFile(reached)
		cancel()
	}()
	_, err = s.Run(ctx)
	require.ErrorIs(t, err, ErrInterrupted)
	require.Equal(t, ExitResumable, ExitStatus(err))
	steps, err := checkpoints(calibrationJobs(s.Root, s.Config)[0].Dir)
	require.NoError(t, err)
	require.Equal(t, []int{96, 100}, steps)
}

func TestFolderInUseIsLeftAlone(t *testing.T) {
	j := calibrationRunIn(t, t.TempDir())
	release, _, err := hold(j.Dir)
	defer func(d time.Duration) { holdPatience = d }(holdPatience)
	holdPatience = 100 * time.Millisecond
	require.NoError(t, err)
	err = inProcess(t, newFake(1))(context.Background(), j, 1, func(Progress) {})
	require.ErrorIs(t, err, ErrHeld)
	require.Equal(t, ExitResumable, ExitStatus(err))
	release()
	require.NoError(t, inProcess(t, newFake(1))(context.Background(), j, 1, func(Progress) {}))
}

func TestEventLogDropsALineThatADyingProcessLeftHalfWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), eventsName)
	require.NoError(t, os.WriteFile(path, []byte("{\"schema\":1}\n{"+strings.Repeat("x", 500)), 0o644))
	l, err := openEvents(path, systemClock)
	require.NoError(t, err)
	require.NoError(t, l.add(eventSeed, 7, nil))
	require.NoError(t, l.close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(string(data), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, []string{`{"schema":1}`, ""}, []string{lines[0], lines[2]})
	require.Contains(t, lines[1], `"key":"seed","value":7`)
}

func TestRunKilledBeforeItsCurveWasWrittenStillEndsWithAWholeOne(t *testing.T) {
	j := calibrationRunIn(t, t.TempDir())
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), j, 1, func(Progress) {}))
	want, path := lastChain(t, j), filepath.Join(j.Dir, curveName)
	curve, err := ReadCurve(path)
	require.NoError(t, err)
	require.NoError(t, writeFile(path, curve[:10].csv()))
	require.NoError(t, os.Remove(filepath.Join(j.Dir, resultName)))
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), j, 1, func(Progress) {}))
	require.Equal(t, want, lastChain(t, j))
}

func TestFailedWriteIsOneErrorAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, writeFile(path, []byte("old")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "taken", "x"), nil, 0o644))
	err := writeFile(filepath.Join(dir, "taken"), []byte("new")) // a folder is in the way
	require.ErrorContains(t, err, "taken")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Error(t, writeFile(filepath.Join(dir, "no", "such", "folder"), nil))
}

// stops asks for an interruption at a step.
type stops struct {
	*fakeStepper
	at     int
	cancel func()
}

func (s stops) Step() (StepStats, error) {
	if s.step == s.at {
		s.cancel()
	}
	return s.fakeStepper.Step()
}

func TestDamagedCheckpointFallsBackToTheOneBefore(t *testing.T) {
	j := calibrationRunIn(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopLater := func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
		s, err := newFake(1.5)(rc, set, threads)
		return stops{s.(*fakeStepper), 100, cancel}, err
	}
	require.ErrorIs(t, inProcess(t, stopLater)(ctx, j, 1, func(Progress) {}), ErrInterrupted)
	steps, err := checkpoints(j.Dir)
	require.NoError(t, err)
	require.Len(t, steps, keptCheckpoints)
	require.NoError(t, os.Truncate(checkpointPath(j.Dir, steps[1]), 10))
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), j, 1, func(Progress) {}))
	events, err := os.ReadFile(filepath.Join(j.Dir, eventsName))
	require.NoError(t, err)
	require.Contains(t, string(events), fmt.Sprintf(`"key":"run_resume","value":%d,`, steps[0]))
	again := calibrationRunIn(t, t.TempDir())
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), again, 1, func(Progress) {}))
	require.Equal(t, lastChain(t, again), lastChain(t, j))
}
