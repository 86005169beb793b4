// Command peers measures mtobench's tensor core against the fastest other programs for the same work, interleaved, and
// judges the result. bench/peers/run builds what it needs and calls it; README.md says how to read what it writes.
//
//	peers measure -build DIR -out FILE ...   run everybody in turn, write one file in the Go benchmark format
//	peers summary [-targets FILE] FILE...    ratios, shares of the FMA peak, targets met and missed
//
// Exit status: 0 done, and with -targets all of them are met; 1 failure, or a target is missed; 2 wrong usage.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: peers measure|summary [flags]; -h behind either lists them")
		os.Exit(2)
	}
	var err error
	switch command, args := os.Args[1], os.Args[2:]; command {
	case "measure":
		err = measureCommand(ctx, args)
	case "summary":
		err = summaryCommand(args)
	default:
		fmt.Fprintf(os.Stderr, "peers: %s: no such command; commands: measure, summary\n", command)
		os.Exit(2)
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("interrupted")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "peers: %v\n", err)
		os.Exit(1)
	}
}

func measureCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("measure", flag.ExitOnError)
	var s setup
	flags.StringVar(&s.build, "build", "", "folder with calibrate, gemm, simd.test and harness.test")
	flags.StringVar(&s.drivers, "drivers", "bench/peers/drivers", "folder with step.py")
	flags.StringVar(&s.debianPython, "debian-python", "", "Python with Debian's torch; empty for none")
	flags.StringVar(&s.currentPython, "current-python", "", "Python with the current release of torch; empty for none")
	flags.BoolVar(&s.quick, "quick", false, "a few small rows, to see that everything works")
	only := flags.String("only", "", "gemm, attention, step or memory; empty for all")
	threads := flags.String("threads", "1 2", "thread counts")
	cpus := flags.String("cpus", "", "CPUs to run on, as many as the largest thread count; empty for the first ones allowed")
	rounds := flags.Int("rounds", 6, "rounds: each runs every competitor once on every row")
	out := flags.String("out", "", "file to write")
	flags.Parse(args)
	var err error
	if s.threads, err = integers(*threads); err != nil {
		return fmt.Errorf("-threads %q: %w", *threads, err)
	}
	if s.cpus, err = integers(*cpus); err != nil {
		return fmt.Errorf("-cpus %q: %w", *cpus, err)
	}
	if *cpus == "" {
		if s.cpus, err = allowedCPUs(); err != nil {
			return err
		}
	}
	switch {
	case s.build == "" || *out == "" || flags.NArg() > 0:
		return fmt.Errorf("measure: give -build and -out and nothing behind the flags")
	case len(s.threads) == 0 || slices.Min(s.threads) < 1 || slices.Max(s.threads) > 2:
		return fmt.Errorf("-threads %q: the benchmarks have rows for 1 and 2 threads", *threads)
	case len(s.cpus) < slices.Max(s.threads):
		return fmt.Errorf("measure: %v threads on CPUs %v: there must be a CPU for each thread", s.threads, s.cpus)
	case *rounds < 1:
		return fmt.Errorf("-rounds %d: it must be at least 1", *rounds)
	}
	groups, err := s.plan(ctx, *only)
	if err != nil {
		return err
	}
	m, err := newMeasurement(ctx, s)
	if err != nil {
		return err
	}
	begin := time.Now()
	for i, g := range groups {
		fmt.Fprintf(os.Stderr, "%6.0f s  group %d of %d: %s: %d rows, %d competitors, %d rounds\n",
			time.Since(begin).Seconds(), i+1, len(groups), g.name, len(g.rows), len(g.competitors), *rounds)
		if err := m.group(ctx, g, *rounds); err != nil {
			return err
		}
		if err := m.write(*out); err != nil {
			return err
		}
	}
	return nil
}

// integers reads numbers of at least 0 separated by blanks or commas.
func integers(s string) ([]int, error) {
	var numbers []int
	for _, field := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }) {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q isn't a number of at least 0", field)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// allowedCPUs are the CPUs that this process may run on.
func allowedCPUs() ([]int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, err
	}
	_, list, _ := strings.Cut(string(status), "Cpus_allowed_list:")
	list, _, _ = strings.Cut(list, "\n")
	return cpuList(list)
}

// cpuList reads numbers and ranges with commas between them, as 0-3,8.
func cpuList(list string) ([]int, error) {
	var cpus []int
	for _, part := range strings.Split(strings.TrimSpace(list), ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		first, err1 := strconv.Atoi(low)
		last, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil || last < first {
			return nil, fmt.Errorf("list of CPUs %q: %q is neither a number nor a range", list, part)
		}
		for cpu := first; cpu <= last; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}
