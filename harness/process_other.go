//go:build !linux && !darwin

package harness

// peakMemory is what the Go runtime has taken from the system: an upper bound of what was resident.
func peakMemory() int64 { return runtimeMemory() }

// processorModel is unknown here.
func processorModel() string { return "" }
