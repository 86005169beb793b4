//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSignalChild is the other process of TestSignalsAskOnceAndEndTheSecondTime.
func TestSignalChild(t *testing.T) {
	if os.Getenv("MTOBENCH_TEST_SIGNALS") == "" {
		return
	}
	ctx := untilSignal()
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("asked")
	time.Sleep(20 * time.Second)
}

func TestSignalsAskOnceAndEndTheSecondTime(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGHUP} {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestSignalChild$")
		cmd.Env = append(os.Environ(), "MTOBENCH_TEST_SIGNALS=1")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var line string
		_, err = fmt.Fscanln(out, &line)
		require.NoError(t, err)
		require.Equal(t, "ready", line)
		require.NoError(t, cmd.Process.Signal(s))
		require.NoError(t, cmd.Process.Signal(s)) // timeout(1) signals twice: one request
		_, err = fmt.Fscanln(out, &line)
		require.NoError(t, err)
		require.Equal(t, "asked", line, s)
		ended := make(chan error)
		go func() { ended <- cmd.Wait() }()
		for waiting := true; waiting; { // until one comes after that request's time
			cmd.Process.Signal(s)
			select {
			case err = <-ended:
				waiting = false
			case <-time.After(sameRequest / 2):
			}
		}
		require.ErrorContains(t, err, "exit status 75", s)
	}
}
