package harness

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kill -9, up to three times in one run: at any time, or right before any operation on files.
func TestLostKill(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		for range 1 + random.IntN(3) {
			spec := childSpec{}
			if random.IntN(2) == 0 {
				spec.Crash = l.operation(random)
			}
			p := l.start(t, spec, j)
			if spec.Crash == 0 {
				time.Sleep(l.moment(random))
				p.Process.Kill()
			}
			p.end()
		}
		how := got(t, j)
		l.finish(t, j)
		requireEvaluations(t, j)
		return "killed " + how + ": same bits"
	})
}

// The machine goes down: the process is gone, and so may be everything that wasn't synced.
func TestLostPower(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		for range 1 + random.IntN(2) {
			status, text := l.start(t, childSpec{Crash: l.operation(random), Power: true, Seed: random.Uint64()}, j).end()
			if status != 0 { // a later one may be over before the operation comes
				require.Equal(t, -1, status, text)
			}
		}
		how := got(t, j)
		l.finish(t, j)
		requireEvaluations(t, j)
		return "down " + how + ": same bits"
	})
}

// SIGTERM: a checkpoint at the present step and exit status 75, at once.
func TestLostTerm(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		p := l.start(t, childSpec{}, j)
		time.Sleep(l.moment(random))
		p.Process.Signal(syscall.SIGTERM)
		status, text := p.end()
		if status == -1 {
			require.NoDirExists(t, filepath.Join(j.Dir, ckptName), text)
			l.finish(t, j)
			return "terminated before the process could listen: same bits"
		}
		if status == 0 {
			l.finish(t, j)
			return "terminated after its end: same bits"
		}
		require.Equal(t, ExitResumable, status, text)
		how := got(t, j)
		if how == "on the way" {
			var s Status
			require.NoError(t, readJSON(filepath.Join(j.Dir, statusName), &s))
			require.Equal(t, "interrupted", s.State)
			var m Manifest
			require.NoError(t, readJSON(filepath.Join(j.Dir, manifestName), &m))
			steps, err := checkpoints(j.Dir)
			require.NoError(t, err)
			require.Equal(t, steps[len(steps)-1], *m.Workers[0].To, "not a step is lost")
		}
		l.finish(t, j)
		return "terminated " + how + ", status 75: same bits"
	})
}

// The parent is killed: its child saves a checkpoint and ends by itself. The child is killed: its parent says so.
func TestLostParent(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		p, orphaned := l.startParent(t, j)
		time.Sleep(l.moment(random))
		pid := l.holderOf(j)
		if pid == 0 || random.IntN(2) == 0 {
			p.Process.Kill()
			p.end()
			how := got(t, j)
			l.complete(t, j) // beside the child, which may hold the folder, or find it done
			orphaned()
			l.requireClean(t, j)
			return "parent killed " + how + ": same bits"
		}
		killProcess(pid)
		status, text := p.end()
		how := got(t, j)
		if status != 0 {
			require.Equal(t, ExitResumable, status, text)
			require.Contains(t, text, "its last checkpoint is kept")
		}
		l.finish(t, j)
		return fmt.Sprintf("child killed %s, parent's status %d: same bits", how, status)
	})
}

// startParent starts a process that runs the job in a child. orphaned waits until both have ended: each holds the
// end of a pipe that is handed down.
func (l *lostRun) startParent(t *testing.T, j Job) (p *process, orphaned func()) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	p = l.prepared(t, childSpec{Parent: true}, j)
	p.ExtraFiles = []*os.File{w}
	require.NoError(t, p.Start())
	w.Close()
	t.Cleanup(func() { r.Close() })
	return p, func() { io.Copy(io.Discard, r) }
}

// holderOf is the process that works in the folder, 0 without one.
func (l *lostRun) holderOf(j Job) int {
	f, err := os.Open(filepath.Join(j.Dir, holdName))
	if err != nil {
		return 0
	}
	defer f.Close()
	return readHolder(f).PID
}

// Several processes are started on one folder: one works, the others wait, leave it alone or find it done.
func TestLostTwo(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		var started []*process
		for range 3 {
			started = append(started, l.start(t, childSpec{Patience: time.Duration(random.Int64N(int64(l.takes)))}, j))
			time.Sleep(time.Duration(random.Int64N(int64(l.takes) / 4)))
		}
		if random.IntN(2) == 0 {
			started[random.IntN(3)].Process.Kill()
		}
		count := map[string]int{}
		for _, p := range started {
			switch status, text := p.end(); {
			case status == ExitResumable:
				require.Contains(t, text, "works there")
				count["held"]++
			case status == 0:
				count["done"]++
			default:
				require.Equal(t, -1, status, text)
				count["killed"]++
			}
		}
		var m Manifest
		if readJSON(filepath.Join(j.Dir, manifestName), &m) == nil {
			for i, w := range m.Workers[1:] {
				require.LessOrEqual(t, m.Workers[i].From, w.From, "one after the other")
			}
		}
		l.finish(t, j)
		return fmt.Sprintf("three at once, %d held off, %d killed: same bits", count["held"], count["killed"])
	})
}

// A lock that a dead machine, a dead process or another host left behind doesn't keep anybody out.
func TestLostStaleLock(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		l.start(t, childSpec{Crash: l.operation(random), Power: random.IntN(2) == 0, Seed: random.Uint64()}, j).end()
		left := []string{
			`{"schema":1,"host":"another","pid":1}`,                   // of another host
			`{"schema":1,"host":"` + thisHolder().Host + `","pid":1}`, // its id is another process's by now
			`{"schema":1,"hos`, "", "\x00\x00\x00\x00", // torn
		}[random.IntN(5)]
		require.NoError(t, os.WriteFile(filepath.Join(j.Dir, holdName), []byte(left), 0o644))
		unfinished := !done(j.Dir)
		log := l.finish(t, j)
		if unfinished && strings.HasPrefix(left, `{"schema":1,"host"`) {
			require.Contains(t, log, "taken over from a process that was killed")
		}
		return "stale lock: taken over, same bits"
	})
}

// Of many takers, also while others let go and die, one at a time gets the folder.
func TestLostTakers(t *testing.T) {
	dir := t.TempDir()
	var inside atomic.Int32
	moments(t, func(t *testing.T, random *rand.Rand) string {
		require.NoError(t, os.WriteFile(filepath.Join(dir, holdName), []byte(`{"schema":1,"host":"x","pid":1}`), 0o644))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for left := 3; left > 0; {
					release, _, err := hold(dir)
					if errors.Is(err, ErrHeld) {
						time.Sleep(time.Microsecond)
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if inside.Add(1) != 1 {
						t.Error("two hold it")
					}
					runtime.Gosched()
					inside.Add(-1)
					release()
					left--
				}
			})
		}
		wg.Wait()
		require.NoFileExists(t, filepath.Join(dir, holdName))
		return "eight takers: one at a time"
	})
}

// The time of day jumps by years at every look: durations don't, and the process is killed besides.
func TestLostClock(t *testing.T) {
	l := lost(t)
	moments(t, func(t *testing.T, random *rand.Rand) string {
		j := l.folder(t)
		begin := time.Now()
		for i := range 3 {
			spec := childSpec{Jumps: true, Seed: random.Uint64()}
			if i < 2 {
				spec.Crash = l.operation(random)
			}
			l.start(t, spec, j).end()
		}
		require.Equal(t, l.want, l.outcome(t, j))
		l.requireClean(t, j)
		curve, err := ReadCurve(filepath.Join(j.Dir, curveName))
		require.NoError(t, err)
		require.Less(t, time.Duration(curve[len(curve)-1].WallNS), time.Since(begin))
		requireForwardEvents(t, j)
		return "the clock jumps: same bits, durations grow"
	})
}

// requireEvaluations requires that each evaluation of the curve stands in the events.
func requireEvaluations(t *testing.T, j Job) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(j.Dir, eventsName))
	require.NoError(t, err)
	logged := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		var e event
		require.NoError(t, decodeJSON(eventsName, []byte(line), &e))
		if e.Key == eventEval {
			logged[fmt.Sprint(e.Metadata["chain"])] = true
		}
	}
	curve, err := ReadCurve(filepath.Join(j.Dir, curveName))
	require.NoError(t, err)
	for _, p := range curve {
		require.True(t, logged[p.Chain], "the evaluation of step %d", p.Step)
	}
}

// requireForwardEvents requires that the monotonic clock of each process's events goes forward.
func requireForwardEvents(t *testing.T, j Job) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(j.Dir, eventsName))
	require.NoError(t, err)
	last := int64(0)
	for line := range strings.Lines(string(text)) {
		var e event
		require.NoError(t, decodeJSON(eventsName, []byte(line), &e))
		if e.Key == eventInitStart {
			last = 0
		}
		require.GreaterOrEqual(t, e.MonoNS, last)
		require.Less(t, e.MonoNS, int64(time.Hour))
		last = e.MonoNS
	}
}
