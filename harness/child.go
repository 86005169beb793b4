package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/mtobench/mtobench/benchdata"
)

// A Child is what the process of one run is told on its command line; the rest lies in its folder.
type Child struct {
	Kind    string `help:"Kind of job."`
	Dir     string `help:"Folder of the run, or of the study."`
	Seed    int    `help:"Seed."`
	Arm     string `help:"Arm: off or on."`
	Threads int    `help:"Worker threads."`

	clock clock // zero: the machine's
}

// Main is the life of a child: it carries out its job, reports to out, and stops at a checkpoint when
// ctx or in ends. It returns the exit status.
func (c Child) Main(ctx context.Context, in io.Reader, out io.Writer) int {
	return c.main(untilClosed(ctx, in), out, os.Stderr, openData, newRealStepper)
}

// newRealStepper is the newStepper of real runs.
func newRealStepper(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
	t, err := NewTrainer(rc, set, threads)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (c Child) main(ctx context.Context, out, log io.Writer, open openSet, make newStepper) (status int) {
	tell := newMessenger(out)
	defer func() {
		if p := recover(); p != nil {
			err := fmt.Errorf("%w: panic: %v; the stack is at the end of %s", ErrBug, p, filepath.Join(c.Dir, logName))
			fmt.Fprintf(log, "panic: %v\n%s\n", p, debug.Stack())
			tell.enc.Encode(failure(err))
			status = ExitStatus(err)
		}
	}()
	err := c.work(ctx, tell, log, open, make)
	if err != nil {
		tell.enc.Encode(failure(err))
	}
	return ExitStatus(err)
}

func (c Child) work(ctx context.Context, tell messenger, log io.Writer, open openSet, build newStepper) error {
	config, err := readResolved(filepath.Join(c.Dir, configName))
	if err != nil {
		return err
	}
	set, test, err := openUnless(ctx, open, &config)
	if err != nil {
		return err
	}
	if c.Kind == jobSelfcheck {
		return selfcheckStates(ctx, c.Dir, config, set, c.Threads, build)
	}
	r := run{
		dir: c.Dir, rc: RunConfig{Config: config, Seed: uint64(c.Seed), Arm: c.Arm, Measure: c.Kind == jobZero},
		kind: c.Kind, set: set, test: test, threads: c.Threads, make: build, report: tell.progress, clock: c.clock,
		log: slog.New(slog.NewTextHandler(log, nil)),
	}
	if !unlocked(c.Kind) {
		if r.lock, err = ReadLock(filepath.Join(c.Dir, LockName)); err != nil {
			return err
		}
		own := r.lock
		if completeKind(c.Kind) {
			if own, err = r.lock.completed(c.Kind); err != nil {
				return err
			}
		}
		if err := own.Fits(config, set); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(c.Dir, configName), err)
		}
	}
	return r.execute(ctx)
}

// openUnless opens the data, or returns ErrInterrupted once ctx ends: nothing is lost then.
func openUnless(ctx context.Context, open openSet, config *Config) (*benchdata.Set, *benchdata.SealedTest, error) {
	type opened struct {
		set  *benchdata.Set
		test *benchdata.SealedTest
		err  error
	}
	whole := make(chan opened, 1)
	go func() {
		set, test, err := open(config)
		whole <- opened{set, test, err}
	}()
	select {
	case o := <-whole:
		return o.set, o.test, o.err
	case <-ctx.Done():
		return nil, nil, ErrInterrupted
	}
}

// readResolved reads config.resolved.toml.
func readResolved(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("%w; %s", err, remedy(filepath.Dir(path)))
	}
	if err != nil {
		return Config{}, err
	}
	if err := checkHead(path, text, configHead); err != nil {
		return Config{}, withRemedy(path, err)
	}
	c, err := Load(path, text, nil)
	if err != nil && !strings.Contains(err.Error(), path) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		err = fmt.Errorf("%w; %s", err, remedy(filepath.Dir(path)))
	}
	return c, err
}
