package harness

import "syscall"

// bootID identifies this boot of the machine.
func bootID() string {
	id, err := syscall.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}

// processStart is unknown here.
func processStart(pid int) string { return "" }

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
