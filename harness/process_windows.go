package harness

import "syscall"

// cpuTime is the processor time that this process has taken so far, in nanoseconds: all its threads, user and kernel.
func cpuTime() int64 {
	var created, ended, kernel, user syscall.Filetime
	process, err := syscall.GetCurrentProcess()
	if err == nil {
		err = syscall.GetProcessTimes(process, &created, &ended, &kernel, &user)
	}
	if err != nil {
		panic("harness: GetProcessTimes: " + err.Error()) // of oneself: can't fail
	}
	ticks := func(t syscall.Filetime) int64 { return int64(t.HighDateTime)<<32 | int64(t.LowDateTime) } // of 100 ns
	return 100 * (ticks(kernel) + ticks(user))
}
