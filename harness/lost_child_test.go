package harness

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/atomicfile"
)

// childVariable makes the test binary another process; its value is a childSpec.
const childVariable = "MTOBENCH_TEST_CHILD"

// A childSpec says what befalls the process of a run. Zero: nothing.
type childSpec struct {
	Data     string        // SHA-256 of a stand-in for the images; empty: the embedded set
	Real     bool          // the real stepper, not the fake one
	Crash    int           // the operation on files, from 1, before which the process is killed
	Power    bool          // the machine goes down with it: what wasn't synced may be lost
	Fail     int           // the operation from which on all fail with Errno
	Errno    int           //
	Seed     uint64        // of what is lost, and of the clock's jumps
	Jumps    bool          // the time of day jumps, by up to years
	Patience time.Duration // how long it waits for a folder in use
	Count    bool          // print the number of operations
	Parent   bool          // be the parent of such a child instead

	Program string `json:"-"` // a copy of this binary; empty: itself
}

// programPath is a copy of this binary that any user may run; TestMain removes it.
var programPath string

func TestMain(m *testing.M) {
	text, isChild := os.LookupEnv(childVariable)
	if !isChild {
		os.Setenv("TMPDIR", fastDir()) // hundreds of files a study, each synced: in memory that costs nothing
		status := m.Run()
		if programPath != "" {
			os.RemoveAll(filepath.Dir(programPath))
		}
		os.Exit(status)
	}
	var spec childSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		panic(err)
	}
	os.Exit(spec.main())
}

func (spec childSpec) main() int {
	var c Child
	f := flag.NewFlagSet("child", flag.ExitOnError)
	f.StringVar(&c.Kind, "kind", "", "")
	f.StringVar(&c.Dir, "dir", "", "")
	f.IntVar(&c.Seed, "seed", 0, "")
	f.StringVar(&c.Arm, "arm", "", "")
	f.IntVar(&c.Threads, "threads", 0, "")
	f.Parse(os.Args[1:])
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM) // to the end, which under the race detector takes a second
	if spec.Parent {
		return spec.parent(ctx, c)
	}
	disk := &disk{spec: spec, random: rand.New(rand.NewPCG(spec.Seed, 1)), unsynced: map[string]*replaced{}, logs: map[string]int64{}}
	atomicfile.Fault = disk.ask
	if spec.Jumps {
		systemClock.day = disk.jumpingDay
	}
	statedEach = time.Hour // a status by the clock would make the number of operations depend on the machine's speed
	if spec.Patience > 0 {
		holdPatience = spec.Patience
	}
	build, open := unhurriedFake, openData
	if spec.Real {
		build = newRealStepper
	}
	if spec.Data != "" {
		open = standInFor(spec.Data)
	}
	status := c.main(untilClosed(ctx, os.Stdin), os.Stdout, os.Stderr, open, build)
	if spec.Count {
		fmt.Fprintf(os.Stderr, "operations %d\n", disk.operations)
	}
	return status
}

// unhurried is a fake with time for something to happen: about a twentieth of a second for a run.
type unhurried struct{ *fakeStepper }

func unhurriedFake(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
	s, err := newFake(1.5)(rc, set, threads)
	return unhurried{s.(*fakeStepper)}, err
}

func (u unhurried) Step() (StepStats, error) {
	if u.step%8 == 0 {
		select {
		case <-time.After(time.Millisecond):
		case <-u.ctx.Done():
			return StepStats{}, ErrInterrupted
		}
	}
	return u.fakeStepper.Step()
}

// parent runs the child as a study does.
func (spec childSpec) parent(ctx context.Context, c Child) int {
	spec.Parent = false
	text, err := json.Marshal(spec)
	if err != nil {
		panic(err)
	}
	os.Setenv(childVariable, string(text))
	j := Job{Kind: c.Kind, Seed: c.Seed, Arm: c.Arm, Dir: c.Dir}
	err = processLauncher([]string{os.Args[0]})(ctx, j, c.Threads, func(Progress) {})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return ExitStatus(err)
}

// standInFor is an openSet that draws nothing: a set with the hash that the lock asks for.
func standInFor(hash string) openSet {
	return func(*Config) (*benchdata.Set, *benchdata.SealedTest, error) {
		labels := make([]int32, 4096)
		set := &benchdata.Set{Name: "glyphs", SHA256: hash, Side: 32, Channels: 1, Classes: 10, Mean: []float32{100}, Std: []float32{50}}
		set.Train.Labels, set.Val.Labels = labels, labels
		set.Test = benchdata.Split{Images: []uint8{1, 2, 3, 4}, Labels: []int32{0}}
		return set, set.Seal(), nil
	}
}

// command is the command of one run's process.
func (spec childSpec) command(t testing.TB, j Job) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	cmd := childCommand(t, j)
	if spec.Program != "" {
		cmd.Path = spec.Program
	}
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	return cmd
}

// A disk counts operations, fails them, ends the process before one of them, and loses what wasn't synced.
type disk struct {
	spec       childSpec
	random     *rand.Rand
	operations int

	temporary string               // the file being written
	synced    bool                 // and whether it is
	unsynced  map[string]*replaced // by target: renames that the machine may forget
	logs      map[string]int64     // synced size of logs
	syncing   string               // a sync that has completed when the next operation comes
}

// A replaced is a rename that isn't durable.
type replaced struct {
	before string // a link to what stood there; empty: nothing did
	synced bool   // the content is durable
}

func (d *disk) ask(op atomicfile.Op, path string) error {
	if d.syncing != "" {
		if info, err := os.Stat(d.syncing); err == nil {
			d.logs[d.syncing] = info.Size()
		}
		d.syncing = ""
	}
	d.operations++
	if d.operations == d.spec.Crash {
		if d.spec.Power {
			d.lose()
		}
		killProcess(os.Getpid())
		select {}
	}
	if d.spec.Fail > 0 && d.operations >= d.spec.Fail {
		return syscall.Errno(d.spec.Errno)
	}
	if d.spec.Power {
		d.follow(op, path)
	}
	return nil
}

// killProcess is kill -9.
func killProcess(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}

// follow notes what would be lost now.
func (d *disk) follow(op atomicfile.Op, path string) {
	switch op {
	case atomicfile.OpCreate:
		d.temporary, d.synced = path, false
	case atomicfile.OpSync:
		if path == d.temporary {
			d.synced = true // by the time of the rename
		} else {
			d.syncing = path
		}
	case atomicfile.OpRename:
		r := d.unsynced[path]
		if r == nil {
			r = &replaced{}
			link := filepath.Join(os.TempDir(), fmt.Sprintf("before-%d-%d", os.Getpid(), d.operations))
			if os.MkdirAll(filepath.Join(filepath.Dir(path), "..", "before"), 0o755) == nil {
				link = filepath.Join(filepath.Dir(path), "..", "before", filepath.Base(link))
			}
			if os.Link(path, link) == nil {
				r.before = link
			}
			d.unsynced[path] = r
		}
		r.synced, d.temporary = d.synced, ""
	case atomicfile.OpDone:
		for target, r := range d.unsynced { // the folder was synced, if this write was durable
			if r.synced && filepath.Dir(target) == filepath.Dir(path) && d.unsynced[path].synced {
				delete(d.unsynced, target)
			}
		}
	case atomicfile.OpAppend:
		if _, ok := d.logs[path]; !ok {
			d.logs[path] = 0
		}
	}
}

// lose does to the files what a machine that goes down may do.
func (d *disk) lose() {
	targets := make([]string, 0, len(d.unsynced))
	for target := range d.unsynced {
		targets = append(targets, target)
	}
	slices.Sort(targets)
	for _, target := range targets {
		r := d.unsynced[target]
		switch d.random.IntN(3) {
		case 0: // the rename is forgotten
			os.Remove(target)
			if r.before != "" {
				os.Rename(r.before, target)
			}
		case 1:
			if !r.synced {
				d.tear(target, 0)
			}
		}
	}
	if d.temporary != "" && !d.synced {
		d.tear(d.temporary, 0)
	}
	for path, size := range d.logs {
		d.tear(path, size)
	}
}

// tear shortens a file to any length from keep on, or makes zeros of its end.
func (d *disk) tear(path string, keep int64) {
	info, err := os.Stat(path)
	if err != nil || info.Size() <= keep {
		return
	}
	at := keep + d.random.Int64N(info.Size()-keep+1)
	os.Truncate(path, at)
	if d.random.IntN(2) == 0 {
		os.Truncate(path, info.Size())
	}
}

// jumpingDay is a time of day that someone keeps setting.
func (d *disk) jumpingDay() time.Time {
	return time.Now().Add(time.Duration(d.random.Int64N(int64(20*365*24*time.Hour))) - 10*365*24*time.Hour)
}
