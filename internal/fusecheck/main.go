// Command fusecheck finds compiled float arithmetic whose bits depend on the machine: it cross-builds the packages
// that results come from for linux/arm64 and for linux/amd64 with GOAMD64=v3, reads the compiler's listing, and
// fails on
//
//   - a fused multiply-add that the source doesn't ask for with math.FMA (the compiler fuses x*y ± z on these
//     targets; numerics rule 11), and
//   - a call of a function of package math that is another algorithm on another architecture (rule 10).
//
// Each offence is a line `file:line: package.function: what was compiled (target); what to do`. Assembly files
// are not looked at: their fused instructions are meant. Functions of test files aren't compiled, so not checked, and
// those of other modules aren't ours, even where a generic one is compiled for a type of ours.
//
// Usage:
//
//	go run ./internal/fusecheck [package directories]
//
// Without arguments it checks the packages of resultBearing that exist. Exit status: 0 clean, 1 offences, 2 not checked.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// resultBearing are the packages whose floats reach weights, metrics or reports, as directories below the module's root.
// nn/cuda is outside the contract; the generator's floats are checked through what it generates.
var resultBearing = []string{
	"internal/detmath", "simd", "simd/internal/kernel", "nn", "vit", "mim", "mto", "benchdata", "harness",
}

// targets are the builds in which the compiler may fuse.
var targets = []target{
	{"linux/arm64", []string{"GOOS=linux", "GOARCH=arm64"}},
	{"linux/amd64 v3", []string{"GOOS=linux", "GOARCH=amd64", "GOAMD64=v3"}},
}

type target struct {
	name string
	env  []string // added to the environment of go build
}

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(dirs []string) int {
	m, err := thisModule()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if len(dirs) == 0 {
		dirs = existing(m.root, resultBearing)
	}
	offences, err := check(m, dirs)
	for _, o := range offences {
		fmt.Println(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if len(offences) > 0 {
		fmt.Fprintf(os.Stderr, "fusecheck: %d places in %d packages compile to arithmetic that differs between machines\n", len(offences), len(dirs))
		return 1
	}
	return 0
}

// check builds the packages in dirs (relative to the module's root, or absolute) for every target and returns the offences in them,
// ordered by target, package and place, each place once a target. Where a package doesn't build there is an error too.
func check(m module, dirs []string) ([]offence, error) {
	var all []offence
	var failed error
	for _, t := range targets {
		text, err := compile(m.root, t, dirs)
		failed = errors.Join(failed, err)
		found, err := offences(text, m, t.name)
		failed = errors.Join(failed, err)
		all = append(all, found...)
	}
	return all, failed
}

// compile returns the compiler's listing (go build -gcflags=-S) of the packages in dirs, and an error if one of them
// doesn't build.
func compile(root string, t target, dirs []string) (string, error) {
	args := []string{"build", "-trimpath=false", "-gcflags=-S", "-o", os.DevNull}
	for _, d := range dirs {
		if filepath.IsAbs(d) {
			args = append(args, d)
		} else {
			args = append(args, "./"+filepath.ToSlash(filepath.Clean(d)))
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="), t.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("fusecheck: go %s for %s: %w\n%s", strings.Join(args, " "), t.name, err, buildErrors(string(out)))
	}
	return string(out), err
}

// A module is where its sources lie, and what the paths of its packages begin with.
type module struct{ root, path string }

func thisModule() (module, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}\n{{.Path}}").Output()
	if err != nil {
		return module{}, fmt.Errorf("fusecheck: go list -m: %w; run it inside the module", err)
	}
	root, path, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return module{root, path}, nil
}

// owns reports whether a function, as the linker names it, is of the module: "path.F" or "path/package.F".
func (m module) owns(function string) bool {
	rest, ok := strings.CutPrefix(function, m.path)
	return ok && rest != "" && (rest[0] == '.' || rest[0] == '/')
}

// existing are the dirs below root that hold Go files.
func existing(root string, dirs []string) []string {
	var have []string
	for _, d := range dirs {
		if m, _ := filepath.Glob(filepath.Join(root, d, "*.go")); len(m) > 0 {
			have = append(have, d)
		}
	}
	return have
}
