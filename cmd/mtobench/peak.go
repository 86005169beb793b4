package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"time"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/atomicfile"
	"github.com/mtobench/mtobench/internal/peak"
)

type peakCommand struct {
	Threads []int   `placeholder:"N,..." help:"Numbers of threads. Default: one, and all processors."`
	Seconds float64 `default:"0.2" help:"Time for each row."`
	Only    string  `placeholder:"REGEXP" help:"Measure only rows whose name matches, for example fma, gemm or threads=1."`
	Out     string  `placeholder:"FILE" help:"Write the benchmark lines to a file rather than to standard output."`
}

func (c *peakCommand) Run() error {
	o := peak.Options{
		Config: harness.MachineConfig(), Threads: c.Threads, Row: time.Duration(c.Seconds * float64(time.Second)),
		Out: os.Stdout, Report: os.Stderr,
	}
	if c.Seconds <= 0 {
		return fmt.Errorf("%w: peak: --seconds %v: want more than 0", harness.ErrConfig, c.Seconds)
	}
	if len(o.Threads) == 0 {
		o.Threads = []int{1}
		if n := runtime.GOMAXPROCS(0); n > 1 {
			o.Threads = append(o.Threads, n)
		}
	}
	for _, n := range o.Threads {
		if n < 1 {
			return fmt.Errorf("%w: peak: --threads %d: want 1 or more", harness.ErrConfig, n)
		}
	}
	if c.Only != "" {
		only, err := regexp.Compile(c.Only)
		if err != nil {
			return fmt.Errorf("%w: peak: --only: %w", harness.ErrConfig, err)
		}
		o.Only = only
	}
	if c.Out == "" {
		return peak.Measure(o)
	}
	return atomicfile.WriteWith(c.Out, func(w io.Writer) error {
		o.Out = w
		return peak.Measure(o)
	})
}
