package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// pinned is a competitor's command for a row, bound to the row's CPUs, with its number of threads in the environment.
func pinned(ctx context.Context, c competitor, r row, cpus []int, seconds float64) *exec.Cmd {
	list := make([]string, r.threads)
	for i := range list {
		list[i] = strconv.Itoa(cpus[i])
	}
	command := exec.CommandContext(ctx, "taskset", append([]string{"-c", strings.Join(list, ",")}, c.command(r, seconds)...)...)
	threads := strconv.Itoa(r.threads)
	command.Env = append(os.Environ(), "OMP_NUM_THREADS="+threads, "OPENBLAS_NUM_THREADS="+threads, "BLIS_NUM_THREADS="+threads)
	command.Env = append(command.Env, c.env...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 2 * time.Second
	return command
}

// once runs a fresh process and returns the one result that it prints.
func once(command *exec.Cmd) (*benchfmt.Result, error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", command, err, tail(stderr.Bytes()))
	}
	return parse(&stdout, command.String())
}

// parse returns the one result in the benchmark format that r holds.
func parse(r io.Reader, from string) (*benchfmt.Result, error) {
	var found []*benchfmt.Result
	reader := benchfmt.NewReader(r, from)
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			found = append(found, rec.Clone())
		case *benchfmt.SyntaxError:
			return nil, rec
		}
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%s: printed %d benchmark results, not 1", from, len(found))
	}
	return found[0], nil
}

// tail is the end of what a program complained.
func tail(text []byte) string {
	return strings.TrimSpace(string(text[max(0, len(text)-600):]))
}

// A worker is a process that measures on request.
type worker struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	stderr  bytes.Buffer
}

// start starts a worker and waits until it is ready.
func start(command *exec.Cmd) (*worker, error) {
	w := &worker{command: command}
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.in, w.out, command.Stderr = in, bufio.NewReader(out), &w.stderr
	if err := command.Start(); err != nil {
		return nil, err
	}
	if line, err := w.out.ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
		w.close()
		return nil, fmt.Errorf("%s: said %q instead of ready: %s", command, line, tail(w.stderr.Bytes()))
	}
	return w, nil
}

// block has the worker measure for about so many seconds.
func (w *worker) block(seconds float64) (*benchfmt.Result, error) {
	fmt.Fprintln(w.in, seconds)
	line, err := w.out.ReadString('\n')
	if err != nil {
		w.close()
		return nil, fmt.Errorf("%s: ended: %w: %s", w.command, err, tail(w.stderr.Bytes()))
	}
	return parse(strings.NewReader(line), w.command.String())
}

// close lets the worker end.
func (w *worker) close() {
	w.in.Close()
	w.command.Wait()
}
