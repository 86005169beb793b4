package harness

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Nothing is lost: whatever happens to a run at whatever moment, given again it ends with the same bits, or
// there is one clear error. Each TestLost... does one thing to the process of a run at random moments:
//
//	go test ./harness -run Lost -v -args -moments 1000 -seed 7
//
// docs/robustness.md has what came of the long form.
var (
	momentsFlag = flag.Int("moments", 0, "random moments of each TestLost; 0: 20 where CI is set, else 3")
	seedFlag    = flag.Uint64("seed", 0, "of the random moments; 0: by the clock")
)

// moments calls at for each random moment and logs what came of them.
func moments(t *testing.T, at func(t *testing.T, random *rand.Rand) (outcome string)) {
	n := *momentsFlag
	if n == 0 {
		n = 3
		if os.Getenv("CI") != "" && !testing.Short() {
			n = 20
		}
	}
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	name := fnv.New64()
	io.WriteString(name, t.Name())
	outcomes, moment := map[string]int{}, 0
	defer func() {
		if t.Failed() {
			t.Logf("moment %d of seed %d", moment, seed)
		}
	}()
	for ; moment < n && !t.Failed(); moment++ {
		random := rand.New(rand.NewPCG(seed, name.Sum64()+uint64(moment)))
		outcomes[at(t, random)]++
	}
	for _, outcome := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%s: seed %d: %4d of %d: %s", t.Name(), seed, outcomes[outcome], n, outcome)
	}
}

// A lostRun is a run that faults befall, with what it must end with.
type lostRun struct {
	config     Config
	lock       *Lock
	want       outcomeOf
	operations int           // on files, of a run without faults
	takes      time.Duration // from the start of its process to its end
}

// outcomeOf is everything of a run that may not change: not its clocks.
type outcomeOf struct {
	Result string // the epochs block
	Curve  Curve  // without its clocks
	State  string // of the last checkpoint
	Digest string // of its tensors
	Final  string
}

var theLostRun lostRun

// lost makes the study that the faults befall, once.
func lost(t *testing.T) *lostRun {
	t.Helper()
	l := &theLostRun
	lostOnce.Do(func() {
		out, err := os.MkdirTemp(fastDir(), "lost")
		require.NoError(t, err)
		defer os.RemoveAll(out)
		s, _ := fakeStudy(t, out, 1.5)
		_, err = s.Run(context.Background())
		require.NoError(t, err)
		l.config, l.lock = s.Config, s.Lock
		l.config.Probe.Layer = s.Lock.Calibration.Layer
		for range 2 { // the second time everything is in the page cache
			j := l.folder(t)
			begin := time.Now()
			status, text := l.start(t, childSpec{Count: true}, j).end()
			require.Zero(t, status, text)
			l.takes = time.Since(begin)
			l.operations = operationsIn(t, text)
			l.want = l.outcome(t, j)
		}
		require.Equal(t, l.want.Curve, curveOf(t, runDir(s.Root, 1, ArmOff)), "as in the study")
	})
	return l
}

var lostOnce sync.Once

// operationsIn reads the number that a child with Count printed.
func operationsIn(t *testing.T, text string) (n int) {
	t.Helper()
	_, err := fmt.Sscanf(text[strings.LastIndex(text, "operations "):], "operations %d", &n)
	require.NoError(t, err)
	require.Greater(t, n, 50)
	return n
}

// fastDir is a folder in memory where there is one: a kill doesn't care.
func fastDir() string {
	const shm = "/dev/shm"
	if f, err := os.CreateTemp(shm, "try"); err == nil {
		f.Close()
		os.Remove(f.Name())
		return shm
	}
	return os.TempDir()
}

// folder prepares a fresh folder for the run.
func (l *lostRun) folder(t *testing.T) Job { return l.folderIn(t, fastDir()) }

func (l *lostRun) folderIn(t *testing.T, where string) Job {
	t.Helper()
	out, err := os.MkdirTemp(where, "run")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(out) })
	j := Job{Kind: jobPair, Seed: 1, Arm: ArmOff, Dir: runDir(out, 1, ArmOff)}
	s := Study{Root: out, launch: processLauncher(nil)}
	require.NoError(t, s.prepare(j.Dir, l.config, l.lock))
	return j
}

// A process is a run's process, with what it writes.
type process struct {
	*exec.Cmd
	t     *testing.T
	out   bytes.Buffer
	stdin io.WriteCloser
}

func (l *lostRun) start(t *testing.T, spec childSpec, j Job) *process {
	t.Helper()
	return l.startWith(t, spec, j, nil)
}

func (l *lostRun) startWith(t *testing.T, spec childSpec, j Job, as *syscall.SysProcAttr) *process {
	t.Helper()
	p := l.prepared(t, spec, j)
	p.SysProcAttr = as
	require.NoError(t, p.Start())
	return p
}

// prepared is the run's process before it starts.
func (l *lostRun) prepared(t *testing.T, spec childSpec, j Job) *process {
	t.Helper()
	spec.Data = l.lock.Data.SHA256
	p := &process{Cmd: spec.command(t, j), t: t}
	p.Stdout, p.Stderr = &p.out, &p.out
	var err error
	p.stdin, err = p.StdinPipe()
	require.NoError(t, err)
	return p
}

// end waits for the process and returns its exit status, -1 for a signal, and what it wrote.
func (p *process) end() (status int, text string) {
	p.t.Helper()
	err := p.Wait()
	p.stdin.Close()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(p.t, err)
	}
	return p.ProcessState.ExitCode(), p.out.String()
}

// outcome reads a finished run.
func (l *lostRun) outcome(t *testing.T, j Job) outcomeOf {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(j.Dir, resultName))
	require.NoError(t, err)
	var o outcomeOf
	for _, line := range strings.Split(string(text), "\n") {
		if strings.Contains(line, "epochs-to-target") {
			o.Result += line + "\n"
		}
	}
	o.Curve = curveOf(t, j.Dir)
	require.Contains(t, string(text), "chain "+o.Curve[len(o.Curve)-1].Chain)
	steps, err := checkpoints(j.Dir)
	require.NoError(t, err)
	file, err := readCheckpoint(checkpointPath(j.Dir, steps[len(steps)-1]))
	require.NoError(t, err)
	o.State = file.Metadata["state"]
	file.Metadata = nil
	o.Digest, err = file.Digest()
	require.NoError(t, err)
	final, err := ReadFinal(filepath.Join(j.Dir, finalName))
	require.NoError(t, err)
	o.Final = final.Hash
	return o
}

// curveOf reads a finished run's curve, recomputes its hash chain and returns the curve without its clocks.
func curveOf(t *testing.T, dir string) Curve {
	t.Helper()
	curve, err := ReadCurve(filepath.Join(dir, curveName))
	require.NoError(t, err)
	var m Manifest
	require.NoError(t, readJSON(filepath.Join(dir, manifestName), &m))
	chain, before := m.Run, Point{}
	for i, p := range curve {
		chain = link(chain, p)
		require.Equal(t, chain, p.Chain)
		require.GreaterOrEqual(t, p.WallNS, before.WallNS, "clocks of the curve go forward only")
		require.GreaterOrEqual(t, p.TrainNS, before.TrainNS)
		require.GreaterOrEqual(t, p.CPUNS, before.CPUNS)
		before = p
		curve[i].TrainNS, curve[i].WallNS, curve[i].CPUNS = 0, 0, 0
	}
	require.NotEmpty(t, curve[len(curve)-1].Diagnostics)
	return curve
}

// finish gives the run again, without faults, and requires that it ends as it must and leaves nothing else.
func (l *lostRun) finish(t *testing.T, j Job) (log string) {
	t.Helper()
	log = l.complete(t, j)
	l.requireClean(t, j)
	return log
}

// complete is finish while another process may still be there; it waits for the folder as long as that takes.
func (l *lostRun) complete(t *testing.T, j Job) (log string) {
	t.Helper()
	status, text := l.start(t, childSpec{Patience: time.Hour}, j).end()
	require.Zero(t, status, text)
	require.Equal(t, l.want, l.outcome(t, j))
	return text
}

// requireClean requires that the run's folder holds what it should, each line of its events whole, and no more.
func (l *lostRun) requireClean(t *testing.T, j Job) {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(j.Dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, strings.TrimPrefix(path, j.Dir+string(filepath.Separator)))
		}
		return err
	}))
	steps, err := checkpoints(j.Dir)
	require.NoError(t, err)
	want := []string{configName, curveName, eventsName, finalName, manifestName, "overrides.txt", resultName, statusName, LockName, boardName}
	for _, step := range steps {
		want = append(want, filepath.Join(ckptName, filepath.Base(checkpointPath(j.Dir, step))))
	}
	slices.Sort(want)
	names = slices.DeleteFunc(names, func(name string) bool {
		return name == logName || strings.HasPrefix(name, "before"+string(filepath.Separator)) // a parent's; the lost disk's
	})
	require.Equal(t, want, names)
	require.LessOrEqual(t, len(steps), keptCheckpoints)
	events, err := os.ReadFile(filepath.Join(j.Dir, eventsName))
	require.NoError(t, err)
	require.Equal(t, len(events), wholeLines(events))
	for i, line := range strings.Split(strings.TrimSpace(string(events)), "\n") {
		require.True(t, strings.HasPrefix(line, `{"schema":1,`) && strings.HasSuffix(line, "}"), "line %d: %q", i+1, line)
	}
}

// moment is a random time within a run, a little before its start and after its end included.
func (l *lostRun) moment(random *rand.Rand) time.Duration {
	return time.Duration(random.Float64() * 1.05 * float64(l.takes))
}

// operation is a random operation on files of a run.
func (l *lostRun) operation(random *rand.Rand) int { return 1 + random.IntN(l.operations) }

// got says how far a run had come when something happened, in classes that are few.
func got(t *testing.T, j Job) string {
	t.Helper()
	if done(j.Dir) {
		return "after its end"
	}
	steps, err := checkpoints(j.Dir)
	require.NoError(t, err)
	if len(steps) == 0 {
		return "before its first checkpoint"
	}
	return "on the way"
}
