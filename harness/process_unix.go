//go:build !windows

package harness

import "syscall"

// cpuTime is the processor time that this process has taken so far, in nanoseconds: all its threads, user and system.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic("harness: getrusage: " + err.Error()) // of oneself: can't fail
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
