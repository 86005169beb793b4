package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mtobench/mtobench/harness"
)

type selftestCommand struct {
	Threads int    `help:"Worker threads of a run; changes no result. 0: all processors."`
	Out     string `placeholder:"FOLDER" help:"Keep the trial runs in this folder. Default: a temporary one, removed at the end."`
}

// errSelfTest is a self-test that failed: the program or the machine isn't to be trusted.
var errSelfTest = errors.New("self-test: a check failed: results of this program on this machine aren't to be trusted")

// told says of an interruption that there is nothing to continue, where the trial runs aren't kept.
func (c *selftestCommand) told(err error) error {
	if c.Out == "" && errors.Is(err, harness.ErrInterrupted) {
		return errors.New("self-test: interrupted, and its trial runs are removed; with --out FOLDER it goes on where it stopped")
	}
	return err
}

func (c *selftestCommand) Run(ctx context.Context) (err error) {
	out := c.Out
	if out == "" {
		if out, err = os.MkdirTemp("", "mtobench-selftest-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(out)) }()
	}
	config, err := harness.Quick([]string{fmt.Sprintf("study.threads=%d", c.Threads)})
	if err != nil {
		return err
	}
	s, err := openStudy(config, harness.Options{Out: out})
	if err != nil {
		return err
	}
	test, err := s.SelfTest(ctx)
	if err != nil {
		return c.told(err)
	}
	if err := test.WriteText(os.Stdout); err != nil {
		return err
	}
	if !test.OK() {
		return errSelfTest
	}
	return nil
}
