// Command mtobench measures how many epochs a small vision transformer needs to reach a fixed quality
// by masked-image pre-training, with and without Masked Token Optimization.
//
//	mtobench run                               # the study that ships with it, a few minutes
//	mtobench run --data fashion-mnist          # a study of one's own: calibrates, then runs pairs
//	mtobench run study.toml -s train.epochs=20 # from a file, one key changed
//	mtobench run --data photos.zip --dry-run   # how long, how much memory and disk
//	mtobench tune study.toml train.base_lr=1e-3,2e-3,4e-3   # settings for both arms, by equally many trials
//	mtobench calibrate, lock                   # the first two parts of run by themselves
//	mtobench collect FOLDER, compare FOLDER    # result files and judgement of finished runs, again
//	mtobench report --trend t.html OLD NEW     # the ratio from commit to commit, as a page
//	benchstat -col /mto results.txt            # the table
//
// Interrupted work goes on where it stopped when the same command is given again. Exit status: 0 done
// (whatever the verdict), 1 failure, 70 a bug in mtobench, 75 interrupted and resumable, 78 bad
// configuration.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/simd"
)

// commandLine is the whole command line.
type commandLine struct {
	Run       runCommand       `cmd:"" help:"Run a study: calibrate if need be, train all pairs, judge. Without arguments: the study that ships with mtobench."`
	Calibrate calibrateCommand `cmd:"" help:"Train a study's calibration runs: baseline runs whose seeds serve nothing else."`
	Tune      tuneCommand      `cmd:"" help:"Choose settings for a study before it is calibrated: as many trials for each arm, of one search space."`
	Lock      lockCommand      `cmd:"" help:"Fix a study's target from its finished calibration runs, or check its lock against them; prints the guards."`
	Plan      planCommand      `cmd:"" help:"List a study's items, one a line of JSON: what shards of it consist of."`
	Collect   collectCommand   `cmd:"" help:"Write the result files of studies from their finished runs: results.txt and results.byseed.txt."`
	Compare   compareCommand   `cmd:"" help:"Print the judgement of studies: ratio, interval, tests, checks, verdict; of several, with p-values adjusted by Holm's method."`
	Report    reportCommand    `cmd:"" help:"Write a study's report.html: verdict, curves, pairs, checks, in one page that loads nothing."`
	Export    exportCommand    `cmd:"" help:"Write the model of a finished run for timm or for transformers; with --series the results of studies for benchseries."`
	Check     checkCommand     `cmd:"" help:"Check result files against the rules of the format: runs in each arm, units, figures, one study."`
	Reference referenceCommand `cmd:"" help:"Train the baseline with 20 seeds of their own and print its reference convergence points."`
	Selftest  selftestCommand  `cmd:"" help:"Check this program on this machine: baseline against itself, MTO at weight 0, the shipped bits and reference. Under two minutes."`
	Data      dataCommand      `cmd:"" help:"List, describe and fetch data sets."`
	Step      stepCommand      `cmd:"" help:"Write all tensors of one training step to a file, to compare with other programs."`
	Peak      peakCommand      `cmd:"" help:"Measure this CPU's arithmetic peak and bandwidths, and the share of them that each kernel reaches."`
	Replay    replayCommand    `cmd:"" help:"Train a finished run again and compare state and metrics of every evaluation, bit for bit."`
	Gate      gateCommand      `cmd:"" help:"Compare results of older and newer code: exit status 0 pass, 1 worse, 2 not interpretable."`
	Keys      keysCommand      `cmd:"" help:"List every configuration key with its value and its meaning."`
	Child     harness.Child    `cmd:"" name:"child" hidden:""`

	Version kong.VersionFlag `help:"Print which program this is: version, revision, numerics."`
}

func main() { os.Exit(guarded(run)) }

// guarded is run's exit status; a panic is a bug, with a status of its own, not the runtime's 2.
func guarded(run func() int) (status int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "mtobench: %v: panic: %v\n%s", harness.ErrBug, p, debug.Stack())
			status = harness.ExitBug
		}
	}()
	return run()
}

func run() int {
	if err := simd.Check(); err != nil { // before anything computes
		fmt.Fprintf(os.Stderr, "mtobench: %v\n", err)
		return harness.ExitConfig
	}
	var cli commandLine
	parser := kong.Must(&cli, kong.Name("mtobench"),
		kong.Description("Measures epochs-to-target of masked-image pre-training, with and without Masked Token Optimization."),
		kong.Vars{"version": version()}, kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	command, err := parser.Parse(polite(os.Args[1:]))
	if err != nil {
		fmt.Fprintf(os.Stderr, "mtobench: %v (mtobench help lists commands and flags)\n", err)
		return harness.ExitConfig
	}
	ctx := untilSignal()
	if command.Command() == "child" {
		return cli.Child.Main(ctx, os.Stdin, os.Stdout)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return finish(command.Run())
}

// finish prints an error, and how to go on where that is possible, and returns the exit status.
func finish(err error) int {
	if err == nil {
		return harness.ExitDone
	}
	status := harness.ExitStatus(err)
	fmt.Fprintf(os.Stderr, "mtobench: %v\n", err)
	switch {
	case errors.Is(err, harness.ErrHeld):
		fmt.Fprintln(os.Stderr, "mtobench: another process works on this study; when it has ended, give the command again:\n  "+again())
	case harness.DiskFull(err):
		fmt.Fprintln(os.Stderr, "mtobench: free some space (mtobench run --dry-run says how much a study takes), then continue:\n  "+again())
	case status == harness.ExitResumable:
		fmt.Fprintln(os.Stderr, "mtobench: nothing is lost but the time since the last checkpoint; to continue:\n  "+again())
	}
	return status
}

// again is the command line that was given, fit for a shell.
func again() string {
	words := []string{os.Args[0]}
	if strings.Contains(filepath.ToSlash(os.Args[0]), "/go-build") {
		words = []string{"go", "run", "./cmd/mtobench"}
	}
	for _, a := range os.Args[1:] {
		if a == "" || strings.ContainsAny(a, " \t\n\"'`$&|;<>()*?[]{}~#\\!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}
