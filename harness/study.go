package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/atomicfile"
)

// A Study is a resolved configuration with its folder and, once there is one, its lock.
type Study struct {
	Config    Config
	Root      string   // out/<study>/<workload>
	Lock      *Lock    // nil before calibration
	Overrides []string // as given, for overrides.txt
	Also      []string // other folders with finished runs of the study, of machines that shared it; Collect reads them too
	Quick     bool     // the study that ships with the program: a demonstration

	data    LockedData
	launch  launcher
	monitor Monitor
}

// A launcher carries out one job in a process of its own and passes its progress on.
type launcher func(ctx context.Context, j Job, threads int, report func(Progress)) error

// A Monitor is told how a study goes. It is called from one goroutine.
type Monitor interface {
	Say(line string) // something worth a line
	Update(u Update) // progress of the present run
	Finish(u Update) // a run has ended, or was found finished
	Clear()          // nothing runs: take down what Update shows
}

// An Update is the state of a study.
type Update struct {
	Job      Job
	Index    int // of the job, from 0
	Total    int // jobs
	Progress Progress
	Left     time.Duration // estimated, for all jobs; 0: not known yet
	Skipped  bool          // it was finished before
	Err      error
}

// Options of NewStudy beside the configuration.
type Options struct {
	Out       string // folder of all studies; "runs" by default
	Lock      *Lock  // nil: the folder's, the one that ships, or calibrate
	Overrides []string
	Monitor   Monitor  // nil: none
	Command   []string // program and arguments that run a child; the job's arguments are appended. Empty: runs share this process
}

// NewStudy opens the data, resolves the configuration and finds the lock. It writes nothing.
func NewStudy(c Config, o Options) (*Study, error) {
	set, _, err := openData(&c)
	if err != nil {
		return nil, err
	}
	if err := c.Resolve(set); err != nil {
		return nil, of(ErrConfig, err)
	}
	workload := fmt.Sprintf("%s-%s-%s-%.8s", plain(c.Data.Name), c.Model.Name, c.Method.Name, c.PlanHash(set.SHA256))
	s := &Study{
		Config: c, Root: filepath.Join(o.Out, c.Study.Name, workload), Overrides: o.Overrides,
		data: LockedData{set.Name, set.SHA256, c.Data.TrainImages, c.Probe.Validation}, monitor: o.Monitor,
	}
	s.launch = ownProcess
	if len(o.Command) > 0 {
		s.launch = processLauncher(o.Command)
	}
	if s.monitor == nil {
		s.monitor = silent{}
	}
	if err := s.findLock(o.Lock, set); err != nil {
		return nil, err
	}
	return s, nil
}

// findLock takes the given lock, or the folder's, or the one that ships where it fits.
func (s *Study) findLock(given *Lock, set *benchdata.Set) error {
	present, err := ReadLock(s.LockPath())
	switch {
	case errors.Is(err, os.ErrNotExist):
		present = nil
	case err != nil:
		return err
	}
	if present != nil && given != nil && present.Hash != given.Hash {
		return fmt.Errorf("%w: %s holds lock %s, not %s (%s): choose another --out", ErrLock, s.Root, present.Study(), given.Study(), present.Difference(given))
	}
	shipped := quickLock()
	s.Lock = given
	if s.Lock == nil {
		s.Lock = present
	}
	if s.Lock != nil {
		s.Quick = shipped != nil && shipped.Hash == s.Lock.Hash
		return s.Lock.Fits(s.Config, set)
	}
	if shipped != nil && shipped.Fits(s.Config, set) == nil {
		s.Lock, s.Quick = shipped, true
	}
	return nil
}

// threads is the number of worker threads of a run.
func (s *Study) threads() int {
	if s.Config.Study.Threads > 0 {
		return s.Config.Study.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// Run carries out the whole study: it calibrates and locks where there is no lock yet, runs all pairs,
// writes the results and returns the report. Whatever the verdict, the error is nil where all runs are
// finished.
func (s *Study) Run(ctx context.Context) (*Report, error) {
	if err := s.lockFirst(ctx); err != nil {
		return nil, err
	}
	if err := s.selfcheck(ctx); err != nil {
		return nil, err
	}
	jobs := s.jobs(s.Lock.Seeds)
	failed, err := s.runJobs(ctx, s.Config, jobs)
	if err != nil {
		return nil, err
	}
	report, err := s.Collect()
	if err != nil && report != nil {
		return nil, err // it couldn't be written
	}
	if len(failed) > 0 { // the reason, too, where there is nothing to collect
		err = fmt.Errorf("%d of %d runs failed; the first: %w", len(failed), len(jobs), failed[0])
	}
	return report, err
}

// jobs lists the runs under the lock, in order: seed by seed, the pair and then its whole schedules.
func (s *Study) jobs(seeds []int) []Job {
	var jobs []Job
	for i, seed := range seeds {
		jobs = append(jobs, pairJobs(s.Root, []int{seed}, i == 0 && s.Config.Study.Repeat)...)
		if s.Config.Complete.Run {
			jobs = append(jobs, completeJobs(s.Root, []int{seed})...)
		}
	}
	return jobs
}

// runConfig is the configuration of a job of a study with configuration c.
func (s *Study) runConfig(c Config, j Job) Config {
	if !unlocked(j.Kind) {
		c.Probe.Layer = s.Lock.Calibration.Layer
	}
	if completeKind(j.Kind) {
		c = c.completed(j.Kind)
	}
	return c
}

// lockFirst puts the lock into the study's folder, after calibrating where there is none yet.
func (s *Study) lockFirst(ctx context.Context) error {
	if s.Lock != nil {
		if err := s.begunUnder(s.Lock); err != nil {
			return err
		}
		return s.prepare(s.Root, s.Config, s.Lock)
	}
	if err := s.Calibrate(ctx); err != nil {
		return err
	}
	if _, err := s.MakeLock(); err != nil {
		return err
	}
	if refused := s.Lock.primary().Refused; len(refused) > 0 {
		s.monitor.Say("not measurable: " + join(refused) + "; the pairs run all the same, for the record, but their verdict will be that. To change the study, interrupt it now.")
	}
	return nil
}

// LockPath is where the study's lock lies.
func (s *Study) LockPath() string { return filepath.Join(s.Root, LockName) }

// Calibrate carries out the calibration runs that aren't finished: baseline runs with seeds that serve
// nothing else. It makes no lock, and does so whether there is one or not.
func (s *Study) Calibrate(ctx context.Context) error { return s.CalibrateShard(ctx, Shard{0, 1}) }

// CalibrateShard is Calibrate of one shard of the calibration runs.
func (s *Study) CalibrateShard(ctx context.Context, shard Shard) error {
	c := s.calibrationConfig()
	if err := s.prepare(s.Root, c, nil); err != nil {
		return err
	}
	jobs := shard.share(calibrationJobs(s.Root, c))
	s.monitor.Say("calibrating: baseline runs that fix the target: " + seedsOf(jobs))
	failed, err := s.runJobs(ctx, c, jobs)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		return failed[0]
	}
	return nil
}

// calibrationConfig is that of the calibration runs.
func (s *Study) calibrationConfig() Config {
	c := s.Config
	if s.Lock != nil && len(s.Lock.Calibration.Layers) > 1 {
		c.Probe.Layer = 0 // the lock holds the choice, not what it was chosen from
	}
	return c
}

// prepare makes a folder with the files that say what belongs into it.
func (s *Study) prepare(dir string, c Config, lock *Lock) error {
	if s.launch == nil {
		return fmt.Errorf("%w: %s was opened without its data: it can be judged, not trained", ErrBug, s.Root)
	}
	if err := atomicfile.MkdirAll(dir); err != nil {
		return fmt.Errorf("results folder: %w; choose another with --out", err)
	}
	if err := atomicfile.Sweep(dir); err != nil {
		return err
	}
	files := map[string][]byte{
		configName:      append(fmt.Appendf(nil, "%s%d\n", configHead, Schema), c.TOML()...),
		"overrides.txt": fmt.Appendf(nil, "# mtobench overrides, schema %d\n%s\n", Schema, strings.Join(s.Overrides, "\n")),
	}
	if lock != nil {
		files[LockName] = lock.Bytes()
	}
	for name, data := range files {
		if old, err := os.ReadFile(filepath.Join(dir, name)); err == nil && bytes.Equal(old, data) {
			continue
		}
		if err := writeFile(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	return nil
}

// configHead begins config.resolved.toml.
const configHead = "# mtobench configuration, schema "

// runJobs carries out jobs in order. It returns the runs whose training failed; any other failure ends it.
// A seed that another live process works on is skipped, which is an error, ErrHeld, at the end.
func (s *Study) runJobs(ctx context.Context, config Config, jobs []Job) (failed []error, err error) {
	defer s.monitor.Clear()
	steps := make([]int, len(jobs))
	for i, j := range jobs {
		c := s.runConfig(config, j)
		steps[i] = c.Steps()
	}
	clock := newEstimate(steps)
	held := itemHold{root: s.Root}
	defer held.end()
	watch := s.watch(jobs)
	defer func() { watch.end(err) }()
	for i, j := range jobs {
		u := Update{Job: j, Index: i, Total: len(jobs)}
		if done(j.Dir) {
			if err := tidy(j.Dir); err != nil {
				return failed, err
			}
			u.Skipped = true
			clock.skip()
			s.monitor.Finish(u)
			continue
		}
		if ctx.Err() != nil {
			return failed, ErrInterrupted
		}
		switch mine, err := held.take(j); {
		case err != nil:
			return failed, err
		case !mine:
			clock.skip()
			continue
		}
		lock := s.Lock
		if unlocked(j.Kind) {
			lock = nil
		}
		if err := s.prepare(j.Dir, s.runConfig(config, j), lock); err != nil {
			return failed, err
		}
		clock.begin()
		u.Err = s.launch(ctx, j, s.threads(), func(p Progress) {
			if p.Note != "" {
				s.monitor.Say(fmt.Sprintf("%s: %s", j, p.Note))
			}
			u.Progress, u.Left = p, clock.left(p)
			s.monitor.Update(u)
			watch.tick(u.Left)
		})
		clock.end()
		switch {
		case u.Err == nil:
			s.monitor.Finish(u)
		case errors.Is(u.Err, ErrDiverged):
			s.monitor.Finish(u)
			failed = append(failed, fmt.Errorf("%s: %w", j, u.Err))
			if unlocked(j.Kind) {
				return failed, nil // no target, or no self-test, without it
			}
		case errors.Is(u.Err, ErrHeld):
			held.skip(j, u.Err)
		default:
			return failed, fmt.Errorf("%s: %w", j, u.Err)
		}
	}
	return failed, held.err()
}

// ErrDiverged marks a run whose training or evaluation failed: its numbers aren't finite, say.
var ErrDiverged = errors.New("training failed")
