package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// processLauncher runs each job as a child process: command with the arguments of ParseChild behind it.
//
// The child's standard output carries one message a line, its standard error goes to the run's log.
// Its standard input is a pipe that holds nothing: when it closes, because the parent asks or because
// the parent is gone, the child saves a checkpoint and ends.
func processLauncher(command []string) launcher {
	return func(ctx context.Context, j Job, threads int, report func(Progress)) error {
		log, err := os.OpenFile(filepath.Join(j.Dir, logName), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		defer log.Close()
		args := append(command[1:len(command):len(command)],
			"--kind", j.Kind, "--dir", j.Dir, "--seed", strconv.Itoa(j.Seed), "--arm", j.Arm, "--threads", strconv.Itoa(threads))
		return runChild(ctx, exec.Command(command[0], args...), log, report)
	}
}

// runChild starts the process, follows it to its end and returns how it ended.
func runChild(ctx context.Context, cmd *exec.Cmd, log *os.File, report func(Progress)) error {
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting a run: %w", err)
	}
	defer context.AfterFunc(ctx, func() { stdin.Close() })()
	told := follow(stdout, report)
	waited := cmd.Wait()
	switch {
	case told != nil:
		return told
	case waited == nil:
		return nil
	case ctx.Err() != nil:
		return ErrInterrupted
	}
	return describeExit(waited, log.Name())
}

// follow reads messages until the child closes its output, and returns the failure among them.
func follow(from io.Reader, report func(Progress)) (failed error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var m message
		switch err := json.Unmarshal(lines.Bytes(), &m); {
		case err != nil:
			failed = fmt.Errorf("%w: a run wrote %q to its parent", ErrBug, lines.Text())
		case m.Progress != nil:
			report(*m.Progress)
		case m.Failed != "":
			failed = m.err()
		}
	}
	io.Copy(io.Discard, from) // after a line too long: let the child end
	return failed
}

// describeExit explains a child that failed without a message: killed, or dead by a panic.
func describeExit(waited error, log string) error {
	var exit *exec.ExitError
	if errors.As(waited, &exit) && exit.ExitCode() == 2 { // a panic that nothing caught
		return fmt.Errorf("%w: the run ended by a panic; its stack is at the end of %s", ErrBug, log)
	}
	return fmt.Errorf("%w: the run's process ended without a word (%w); the end of %s may say why, its last checkpoint is kept", ErrInterrupted, waited, log)
}

// untilClosed returns a context that ends when r does: for the standard input of a child.
func untilClosed(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		io.Copy(io.Discard, r)
		cancel()
	}()
	return ctx
}

// messenger writes messages, one a line.
type messenger struct{ enc *json.Encoder }

func newMessenger(w io.Writer) messenger { return messenger{json.NewEncoder(w)} }

// progress passes progress on. A parent that has gone shows on standard input, not here.
func (m messenger) progress(p Progress) { m.enc.Encode(message{Progress: &p}) }

// ownProcess runs a job in this process, for programs that have no command to run a child with.
func ownProcess(ctx context.Context, j Job, threads int, report func(Progress)) error {
	log, err := os.OpenFile(filepath.Join(j.Dir, logName), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	out, in := io.Pipe()
	go func() {
		Child{Kind: j.Kind, Dir: j.Dir, Seed: j.Seed, Arm: j.Arm, Threads: threads}.main(ctx, in, log, openData, newRealStepper)
		in.Close()
	}()
	return follow(out, report)
}
