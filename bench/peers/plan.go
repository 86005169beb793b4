package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// setup is what measure was told: where things lie and what to run.
type setup struct {
	build, drivers              string
	debianPython, currentPython string // empty: not there
	threads, cpus               []int
	quick                       bool
}

// A row is one benchmark, the same for all competitors.
type row struct {
	name    string // without "Benchmark"
	threads int
	args    map[string]string // the keys of the name
}

// A competitor runs rows. Several with one peer are settings of that peer, of which the best counts on each row.
type competitor struct {
	peer, setting string
	env           []string
	command       func(r row, seconds float64) []string
	worker        bool // the process stays and takes the seconds to measure for from its standard input
}

// A group is a set of rows that the same competitors run. Workers live as long as their group.
type group struct {
	name        string
	rows        []row
	competitors []competitor
	seconds     float64 // of one block
}

// ours is the peer that the others are compared with: it comes first, so that benchstat takes it as base.
const ours = "mtobench"

// newRow reads a benchmark's name.
func newRow(name string) (row, error) {
	r := row{name: name, args: map[string]string{}}
	for _, part := range strings.Split(name, "/")[1:] {
		key, value, _ := strings.Cut(part, "=")
		r.args[key] = value
	}
	var err error
	if r.threads, err = strconv.Atoi(r.args["threads"]); err != nil {
		return r, fmt.Errorf("benchmark %s: its name has no number of threads", name)
	}
	return r, nil
}

// plan lists the groups to measure. only is gemm, attention, step, memory, or empty for all; memory is the step on
// which memory is compared, and the steps hold it.
func (s *setup) plan(ctx context.Context, only string) ([]group, error) {
	kinds := []string{"gemm", "attention", "step"}
	if only == "memory" {
		return s.steps(ctx, func(model, method string) bool { return model == "vit_tiny" && method == "simmim" })
	}
	if only != "" && !slices.Contains(kinds, only) {
		return nil, fmt.Errorf("-only %s: known: %s, memory", only, strings.Join(kinds, ", "))
	}
	var groups []group
	for _, kind := range kinds {
		if only != "" && only != kind {
			continue
		}
		var more []group
		var err error
		switch kind {
		case "gemm":
			more, err = s.gemm()
		case "attention":
			more, err = s.attention(ctx)
		case "step":
			more, err = s.steps(ctx, func(model, method string) bool { return !s.quick || model == "vit_micro" })
		}
		if err != nil {
			return nil, err
		}
		groups = append(groups, more...)
	}
	return groups, nil
}

// products are the matrix products of the linear layers of blocks: widths 192 and 96, batches of 64 images of 49 and
// 65 tokens, three forms: 48 rows, the ones of simd.BenchmarkGEMM.
func products() []string {
	var names []string
	for _, width := range []int{192, 96} {
		for _, tokens := range []int{3136, 4160} {
			for _, layer := range [][2]int{{width, 3 * width}, {width, width}, {width, 4 * width}, {4 * width, width}} { // qkv, proj, fc1, fc2
				in, out := layer[0], layer[1]
				names = append(names,
					fmt.Sprintf("GEMM/op=nt/m=%d/k=%d/n=%d", tokens, in, out), // forward, x·Wᵀ
					fmt.Sprintf("GEMM/op=nn/m=%d/k=%d/n=%d", tokens, out, in), // gradient of the input, dy·W
					fmt.Sprintf("GEMM/op=tn/m=%d/k=%d/n=%d", out, tokens, in)) // gradient of the weights, dyᵀ·x
			}
		}
	}
	return names
}

func (s *setup) gemm() ([]group, error) {
	g := group{name: "matrix products", seconds: 0.1}
	names := products()
	if s.quick {
		names = names[:3]
	}
	for _, threads := range s.threads {
		for _, name := range names {
			r, err := newRow(fmt.Sprintf("%s/threads=%d", name, threads))
			if err != nil {
				return nil, err
			}
			g.rows = append(g.rows, r)
		}
	}
	g.competitors = append(s.own("simd"), s.library("oneDNN", "onednn", []string{"OMP_WAIT_POLICY=active"}, "libdnnl.so.3", "libdnnl.so.2")...)
	g.competitors = append(g.competitors, s.library("OpenBLAS", "cblas", s.openBLAS(), debianLibrary("openblas-pthread", "libopenblas.so.0"))...)
	return []group{g}, nil
}

// debianLibrary is the path of a library of Debian's, of which several packages have one by the same name.
func debianLibrary(folder, name string) string {
	found, _ := filepath.Glob(filepath.Join("/usr/lib/*-linux-gnu", folder, name))
	if len(found) == 0 {
		return filepath.Join("/usr/lib", folder, name)
	}
	return found[0]
}

// openBLAS is the environment that OpenBLAS needs to be fast on a CPU it doesn't know: Debian's takes kernels for SSE3 there (18
// GFLOP/s on a Xeon that reaches 130 with those for AVX-512), and so does Debian's PyTorch.
func (s *setup) openBLAS() []string {
	probe := exec.Command(filepath.Join(s.build, "gemm"), "cblas", debianLibrary("openblas-pthread", "libopenblas.so.0"), "nn", "16", "16", "16", "1", "0.001", "Probe")
	probe.Env = append(os.Environ(), "OPENBLAS_VERBOSE=2")
	said, _ := probe.CombinedOutput()
	if !bytes.Contains(said, []byte("Core: Prescott")) {
		return nil
	}
	switch {
	case hasCPUFlag("avx512_bf16"):
		return []string{"OPENBLAS_CORETYPE=Cooperlake"}
	case hasCPUFlag("avx512f"):
		return []string{"OPENBLAS_CORETYPE=SkylakeX"}
	case hasCPUFlag("avx2"):
		return []string{"OPENBLAS_CORETYPE=Haswell"}
	}
	return nil
}

// library is a C library by the first of its file names that loads, or nobody.
func (s *setup) library(peer, kind string, env []string, names ...string) []competitor {
	driver := filepath.Join(s.build, "gemm")
	for _, name := range names {
		if exec.Command(driver, kind, name, "nn", "16", "16", "16", "1", "0.001", "Probe").Run() != nil {
			continue
		}
		return []competitor{{peer: peer, env: append([]string{hugePages}, env...), command: func(r row, seconds float64) []string {
			return []string{driver, kind, name, r.args["op"], r.args["m"], r.args["k"], r.args["n"], r.args["threads"], fmt.Sprint(seconds), r.name}
		}}}
	}
	fmt.Fprintf(os.Stderr, "%s: none of %s loads: left out\n", peer, strings.Join(names, ", "))
	return nil
}

// own is mtobench itself, with the instruction set it chooses, and with AVX2 where that is another one.
func (s *setup) own(pkg string) []competitor {
	binary := filepath.Join(s.build, pkg+".test")
	command := func(r row, seconds float64) []string {
		return []string{binary, "-test.run=^$", "-test.bench=" + exactly(r.name), fmt.Sprintf("-test.benchtime=%gs", seconds)}
	}
	list := []competitor{{peer: ours, command: command}}
	if pkg == "simd" && hasCPUFlag("avx512f") {
		list = append(list, competitor{peer: ours + "-avx2", env: []string{"MTOBENCH_ISA=avx2"}, command: command})
	}
	return list
}

// exactly is the pattern of go test's -bench that takes one benchmark.
func exactly(name string) string {
	parts := strings.Split("Benchmark"+name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

func hasCPUFlag(flag string) bool {
	info, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && regexp.MustCompile(`(?m)^flags\s*:.*\b`+flag+`\b`).Match(info)
}

// attention is what simd.BenchmarkAttention has, of this program alone.
func (s *setup) attention(ctx context.Context) ([]group, error) {
	command := exec.CommandContext(ctx, filepath.Join(s.build, "simd.test"), "-test.run=^$", "-test.bench=^BenchmarkAttention$", "-test.benchtime=1x")
	listing, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("list of attention benchmarks: %w", err)
	}
	g := group{name: "attention", seconds: 0.1, competitors: s.own("simd")}
	for lines := bufio.NewScanner(bytes.NewReader(listing)); lines.Scan(); {
		name, ok := strings.CutPrefix(strings.Fields(lines.Text() + " -")[0], "Benchmark")
		if !ok {
			continue
		}
		r, err := newRow(withoutProcs(name))
		if err != nil {
			return nil, err
		}
		if slices.Contains(s.threads, r.threads) && !(s.quick && len(g.rows) > 0) {
			g.rows = append(g.rows, r)
		}
	}
	if len(g.rows) == 0 {
		fmt.Fprintln(os.Stderr, "attention: simd has no BenchmarkAttention: left out")
		return nil, nil
	}
	return []group{g}, nil
}

// steps are whole optimizer steps, a group each, so that one model is in memory at a time.
func (s *setup) steps(ctx context.Context, want func(model, method string) bool) ([]group, error) {
	torch, err := s.torch(ctx)
	if err != nil {
		return nil, err
	}
	var groups []group
	for _, model := range []struct{ name, image string }{{"vit_micro", "28x28x1"}, {"vit_mini", "28x28x1"}, {"vit_tiny", "32x32x3"}} {
		for _, method := range []string{"simmim", "mae"} {
			for _, threads := range s.threads {
				if !want(model.name, method) {
					continue
				}
				r, err := newRow(fmt.Sprintf("Step/model=%s/image=%s/patch=4/batch=64/mim=%s/mto=off/threads=%d", model.name, model.image, method, threads))
				if err != nil {
					return nil, err
				}
				g := group{name: r.name, rows: []row{r}, seconds: 1, competitors: append(s.own("harness"), torch...)}
				if s.quick {
					g.seconds = 0.2
				}
				groups = append(groups, g)
			}
		}
	}
	return groups, nil
}

// hugePages makes glibc ask the system for huge pages, as mtobench does for its large arrays: oneDNN gains 3 % from it.
const hugePages = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"

// torch lists the settings of PyTorch. Debian's build loads whatever BLAS is preloaded; with its default, OpenBLAS on
// threads of its own, two thread pools fight for the CPUs unless OpenMP's waits are passive.
func (s *setup) torch(ctx context.Context) ([]competitor, error) {
	step := filepath.Join(s.drivers, "step.py")
	var list []competitor
	add := func(python, suffix string, settings map[string][]string, extra ...string) error {
		version, err := exec.CommandContext(ctx, python, step, "version").Output()
		if err != nil {
			return fmt.Errorf("%s %s version: %w", python, step, err)
		}
		for _, setting := range slices.Sorted(maps.Keys(settings)) {
			list = append(list, competitor{
				peer: "PyTorch-" + strings.TrimSpace(string(version)) + suffix, setting: setting, env: append([]string{hugePages}, settings[setting]...), worker: true,
				command: func(r row, _ float64) []string {
					return append([]string{python, step, r.name, r.args["mim"], r.args["model"], r.args["threads"]}, extra...)
				},
			})
		}
		return nil
	}
	if s.debianPython != "" {
		settings := map[string][]string{
			"passive":         {"OMP_WAIT_POLICY=passive"},
			"openblas-openmp": {"LD_PRELOAD=" + debianLibrary("openblas-openmp", "libopenblas.so.0")},
			"blis-openmp":     {"LD_PRELOAD=" + debianLibrary("blis-openmp", "libblas.so.3")},
		}
		openBLAS := s.openBLAS()
		for name, env := range settings {
			settings[name] = append(env, openBLAS...)
			library, preloaded := strings.CutPrefix(env[0], "LD_PRELOAD=")
			if _, err := os.Stat(library); preloaded && (err != nil || s.quick) {
				fmt.Fprintf(os.Stderr, "PyTorch with %s: left out\n", library)
				delete(settings, name)
			}
		}
		if err := add(s.debianPython, "", settings); err != nil {
			return nil, err
		}
	}
	if s.currentPython != "" {
		if err := add(s.currentPython, "", map[string][]string{"": nil}); err != nil {
			return nil, err
		}
		compiler := []string{"CXX=" + filepath.Join(s.build, "torch-g++"), "TORCHINDUCTOR_CACHE_DIR=" + filepath.Join(s.build, "torch-compiled")}
		if err := add(s.currentPython, "-compiled", map[string][]string{"": compiler}, "compile"); err != nil {
			return nil, err
		}
	}
	return list, nil
}
