package harness

import (
	"runtime"
	"runtime/metrics"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// A machine is what the time block of a result says about where it was measured.
type machine struct {
	GOOS        string `json:"goos"`
	GOARCH      string `json:"goarch"`
	CPU         string `json:"cpu"`
	Processors  int    `json:"processors"`
	Accelerator string `json:"accelerator"`
}

func thisMachine() machine {
	cpu := strings.Join(strings.Fields(processorModel()), " ")
	if cpu == "" {
		cpu = "unknown"
	}
	return machine{GOOS: runtime.GOOS, GOARCH: runtime.GOARCH, CPU: cpu, Processors: runtime.NumCPU(), Accelerator: "none"}
}

// MachineConfig returns the configuration lines that say where a figure was measured: goos, goarch, cpu and isa.
func MachineConfig() []benchfmt.Config {
	m := thisMachine()
	return []benchfmt.Config{line("goos", m.GOOS), line("goarch", m.GOARCH), line("cpu", m.CPU), line("isa", isa())}
}

// runtimeMemory is the memory that the Go runtime has mapped, in bytes.
func runtimeMemory() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
