package harness

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
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

// TestKilledRunContinuesToTheSameBits kills a run at random moments. MTOBENCH_TEST_ROUNDS runs it that many times, with
// other moments each time.
func TestKilledRunContinuesToTheSameBits(t *testing.T) {
	rounds := 1
	if n, err := strconv.Atoi(os.Getenv("MTOBENCH_TEST_ROUNDS")); err == nil {
		rounds = n
	}
	for round := range rounds {
		killRound(t, uint64(round))
	}
}

func killRound(t *testing.T, round uint64) {
	t.Helper()
	whole := calibrationRunIn(t, t.TempDir())
	require.NoError(t, inProcess(t, newFake(1.5))(context.Background(), whole, 1, func(Progress) {}))
	want := lastChain(t, whole)

	t.Setenv("MTOBENCH_TEST_DELAY", "1ms")
	j := calibrationRunIn(t, t.TempDir())
	random := rand.New(rand.NewPCG(1, 2+round))
	kills := 0
	for !done(j.Dir) {
		kills += runAndKill(t, j, time.Duration(random.IntN(int(80*time.Millisecond))))
	}
	require.Equal(t, want, lastChain(t, j), "after %d kills", kills)
	events, err := os.ReadFile(filepath.Join(j.Dir, eventsName))
	require.NoError(t, err)
	require.Greater(t, kills, 2)
	require.Contains(t, string(events), `"key":"run_resume"`)
	for _, line := range strings.Split(strings.TrimSpace(string(events)), "\n") {
		require.True(t, strings.HasPrefix(line, `{"schema":1,`) && strings.HasSuffix(line, "}"), line)
	}
}

// runAndKill starts the run, waits until it has got further than it was, and kills it a moment later. It
// returns how often it killed: 0 where the run ended first.
func runAndKill(t *testing.T, j Job, moment time.Duration) int {
	t.Helper()
	before, err := checkpoints(j.Dir)
	require.NoError(t, err)
	cmd := childCommand(t, j)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close()
	require.NoError(t, cmd.Start())
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			require.NoError(t, err)
			return 0
		case <-time.After(moment):
		}
		if now, err := checkpoints(j.Dir); err == nil && len(now) > 0 && (len(before) == 0 || now[len(now)-1] > before[len(before)-1]) {
			cmd.Process.Kill()
			<-ended
			return 1
		}
	}
}

func TestChildStopsAtACheckpointWhenItsParentIsGone(t *testing.T) {
	t.Setenv("MTOBENCH_TEST_DELAY", "5ms")
	j := calibrationRunIn(t, t.TempDir())
	cmd := childCommand(t, j)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	var out bytes.Buffer
	cmd.Stdout = &out
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { steps, _ := checkpoints(j.Dir); return len(steps) > 0 }, 20*time.Second, 10*time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	stdin.Close()
	err = cmd.Wait()
	require.ErrorContains(t, err, "exit status 75")
	require.ErrorIs(t, follow(&out, func(Progress) {}), ErrInterrupted)
	steps, err := checkpoints(j.Dir)
	require.NoError(t, err)
	require.NotZero(t, steps[len(steps)-1]%32, "between grid points")
	var s Status
	require.NoError(t, readJSON(filepath.Join(j.Dir, statusName), &s))
	require.Equal(t, "interrupted", s.State)
}

func TestStudyRunsInProcessesOfItsOwnAndStopsOnRequest(t *testing.T) {
	t.Setenv(childVariable, "{}")
	t.Setenv("MTOBENCH_TEST_DELAY", "1ms")
	self, err := os.Executable()
	require.NoError(t, err)
	s, _ := fakeStudy(t, t.TempDir(), 1.5)
	s.launch = processLauncher([]string{self})
	ctx, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
	defer cancel()
	_, err = s.Run(ctx)
	require.ErrorIs(t, err, ErrInterrupted)
	require.Equal(t, ExitResumable, ExitStatus(err))
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
