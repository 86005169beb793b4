package main

import (
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/gate"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// shownReasons is how many reasons not to compare are printed.
const shownReasons = 10

type gateCommand struct {
	Old    string  `arg:"" help:"Results of the older code: results.txt of a study, or other benchmarks of at least four repetitions."`
	New    string  `arg:"" help:"Results of the newer code: the same benchmarks, the same number of runs."`
	Margin float64 `default:"0.05" help:"A change up to this fraction never fails. For seconds it is at least what repeating a run changed on the host."`
	Epochs bool    `help:"Judge only what carries no machine: epochs, accuracies, FLOPs. Files of different machines compare."`
}

func (g *gateCommand) Help() string {
	return "Exit status: 0 pass, 1 a figure is worse, 2 the files can't be compared (unlike studies, machines or numbers of runs, broken lines)."
}

func (g *gateCommand) Run() error {
	if math.IsNaN(g.Margin) || g.Margin < 0 || g.Margin >= 1 {
		return fmt.Errorf("%w: --margin %v: want a fraction from 0 to below 1, like 0.05", harness.ErrConfig, g.Margin)
	}
	var files [2]*resultfile.File
	for i, path := range []string{g.Old, g.New} {
		f, err := resultfile.Read(path)
		if err != nil {
			return fmt.Errorf("%w: %w", harness.ErrNotInterpretable, err)
		}
		files[i] = f
	}
	report := gate.Compare(files[0], files[1], gate.Options{Margin: g.Margin, Epochs: g.Epochs})
	if err := report.WriteText(os.Stdout); err != nil {
		return err
	}
	if reasons := report.Unclear; len(reasons) > 0 {
		if more := len(reasons) - shownReasons; more > 0 {
			reasons = append(reasons[:shownReasons:shownReasons], fmt.Sprintf("and %d more", more))
		}
		return fmt.Errorf("%w:\n  %s", harness.ErrNotInterpretable, strings.Join(reasons, "\n  "))
	}
	if n := report.Regressions(); n > 0 {
		return fmt.Errorf("gate: %d of %d figures are worse", n, len(report.Rows)+report.Equal)
	}
	fmt.Printf("gate: pass: none of %d figures is worse\n", len(report.Rows)+report.Equal)
	return nil
}
