package harness

import "syscall"

// peakMemory is the largest resident set of this process so far, in bytes.
func peakMemory() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return runtimeMemory()
	}
	return usage.Maxrss // bytes on darwin
}

// processorModel is the name of the processor.
func processorModel() string {
	name, err := syscall.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return ""
	}
	return name
}
