package main

import (
	"context"
	"os"
	"os/signal"
	"time"

	"github.com/mtobench/mtobench/harness"
)

// sameRequest is how long after the first signal others count as the same request: timeout(1) and some
// schedulers signal the process and its group, one right after the other.
var sameRequest = 500 * time.Millisecond

// untilSignal returns a context that ends at the first signal that asks to stop. At the second the process
// ends at once: what is lost is what came after the last checkpoint.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 8)
	for _, s := range stopSignals {
		if !signal.Ignored(s) || s == os.Interrupt { // nohup asks to ignore one
			signal.Notify(signals, s)
		}
	}
	go func() {
		<-signals
		cancel()
		for first := time.Now(); time.Since(first) < sameRequest; {
			select {
			case <-signals:
			case <-time.After(sameRequest - time.Since(first)):
			}
		}
		<-signals
		os.Exit(harness.ExitResumable)
	}()
	return ctx
}
