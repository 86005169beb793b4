//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSignalChild is the other process of the tests below; the variable is its sameRequest.
func TestSignalChild(t *testing.T) {
	text := os.Getenv("MTOBENCH_TEST_SIGNALS")
	if text == "" {
		return
	}
	var err error
	sameRequest, err = time.ParseDuration(text)
	require.NoError(t, err)
	ctx := untilSignal()
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("asked")
	for range 2 {
		fmt.Scanln()
		fmt.Println("here")
	}
}

// A signaled is that process.
type signaled struct {
	*exec.Cmd
	in  io.Writer
	out io.Reader
}

func startSignaled(t *testing.T, sameRequest string) signaled {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestSignalChild$")
	cmd.Env = append(os.Environ(), "MTOBENCH_TEST_SIGNALS="+sameRequest)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	s := signaled{cmd, in, out}
	s.says(t, "ready")
	return s
}

func (s signaled) says(t *testing.T, want string) {
	t.Helper()
	var line string
	_, err := fmt.Fscanln(s.out, &line)
	require.NoError(t, err)
	require.Equal(t, want, line)
}

var allSignals = []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGHUP}

// timeout(1) signals twice: one request.
func TestSignalsRightAfterTheFirstAreTheSameRequest(t *testing.T) {
	for _, sig := range allSignals {
		s := startSignaled(t, "1h")
		require.NoError(t, s.Process.Signal(sig))
		s.says(t, "asked")
		for range 2 {
			require.NoError(t, s.Process.Signal(sig))
			fmt.Fprintln(s.in)
			s.says(t, "here")
		}
		io.Copy(io.Discard, s.out)
		require.NoError(t, s.Wait(), sig)
	}
}

func TestASecondRequestEndsTheProcess(t *testing.T) {
	for _, sig := range allSignals {
		s := startSignaled(t, "0s")
		require.NoError(t, s.Process.Signal(sig))
		s.says(t, "asked")
		require.NoError(t, s.Process.Signal(sig))
		require.ErrorContains(t, s.Wait(), "exit status 75", sig)
	}
}
