//go:build unix

package main

import (
	"os"
	"syscall"
)

// stopSignals ask to save and end. Schedulers send SIGTERM, or SIGUSR1 some time before their limit;
// SIGHUP means that the terminal is gone.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGHUP}
