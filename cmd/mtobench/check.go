package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/resultcheck"
	"github.com/mtobench/mtobench/internal/resultfile"
)

// shownProblems is how many problems of a file are printed; the rest is counted.
const shownProblems = 20

type checkCommand struct {
	Files []string `arg:"" name:"file" help:"Result files of studies: results.txt, results.byseed.txt or results.complete.txt."`
	Pairs int      `help:"Runs that each arm must have. 0: as the study.lock.json beside the file says, or as many in one arm as in the other."`
}

func (c *checkCommand) Help() string {
	return "Exit status: 0 every file keeps the rules, 2 a file breaks one and should not be interpreted, 1 a file can't be read."
}

func (c *checkCommand) Run() error {
	broken := 0
	for _, path := range c.Files {
		f, err := resultfile.Read(path)
		if err != nil {
			return err
		}
		expect := resultcheck.Expect{Pairs: c.Pairs}
		lock, err := harness.ReadLock(filepath.Join(filepath.Dir(path), harness.LockName))
		switch {
		case err == nil:
			expect.Lock = lock
		case !errors.Is(err, os.ErrNotExist):
			f.Problems = append(f.Problems, resultfile.Problem{Path: path, Found: err.Error(), Do: "check it without its lock: copy it elsewhere and give --pairs"})
		}
		problems := resultcheck.Check(f, expect)
		if len(problems) > 0 {
			broken++
		}
		printProblems(os.Stdout, problems)
	}
	if broken > 0 {
		return fmt.Errorf("%w: %d of %d files break rules of the format", harness.ErrNotInterpretable, broken, len(c.Files))
	}
	return nil
}

// printProblems prints one line each.
func printProblems(w io.Writer, problems []resultfile.Problem) {
	for i, p := range problems {
		if i == shownProblems {
			fmt.Fprintf(w, "%s: %d more problems\n", p.Path, len(problems)-i)
			return
		}
		fmt.Fprintln(w, p)
	}
}
