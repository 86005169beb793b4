package parity

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
)

const python = "/usr/bin/python3" // Debian's: its packages are what python3-torch installs

// needTorch skips the test where Python or PyTorch is missing. In CI that is a
// failure: a check that isn't run there isn't run anywhere.
func needTorch(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a program and PyTorch: not in short mode")
	}
	out, err := exec.Command(python, "-c", "import torch, numpy").CombinedOutput()
	if err == nil {
		return
	}
	text := fmt.Sprintf("%s can't import torch and numpy: %v: %s; on Debian: apt-get install python3-torch python3-numpy", python, err, strings.TrimSpace(string(out)))
	if os.Getenv("CI") == "true" {
		t.Fatal(text)
	}
	t.Skip(text)
}

// mtobench builds the command and returns a function that writes one step with
// it and returns the file. The learning rate is 1e-3 from the first step on: the
// rounding of a float32 weight is far below 1 % of that.
func mtobench(t *testing.T) func(name string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	command := filepath.Join(dir, "mtobench")
	out, err := exec.Command("go", "build", "-o", command, "github.com/mtobench/mtobench/cmd/mtobench").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return func(name string, args ...string) string {
		t.Helper()
		path := filepath.Join(dir, name+".safetensors")
		args = append([]string{"step", "--model", "vit_nano", "--batch", "4", "--threads", "1", "--out", path, "-s", "train.warmup=0", "-s", "train.base_lr=0.064"}, args...)
		out, err := exec.Command(command, args...).CombinedOutput()
		require.NoError(t, err, "mtobench %s: %s", strings.Join(args, " "), out)
		return path
	}
}

// check runs check.py on the files and returns its lines by file, and whether it
// was content.
func check(t *testing.T, files []string) (map[string]string, bool) {
	t.Helper()
	return runCheck(t, "check.py", files)
}

func runCheck(t *testing.T, script string, files []string) (map[string]string, bool) {
	t.Helper()
	out, err := exec.Command(python, append([]string{script}, files...)...).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); err != nil && !(ok && exit.ExitCode() == 1) {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	lines := map[string]string{}
	file := ""
	for line := range strings.Lines(string(out)) {
		if name := strings.TrimSpace(line); slices.Contains(files, name) {
			file = name
			continue
		}
		lines[file] += line
	}
	require.Len(t, lines, len(files), "%s", out)
	return lines, err == nil
}

// failures are the names of the quantities that failed.
func failures(lines string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^FAIL ([^:]*):`).FindAllStringSubmatch(lines, -1) {
		names = append(names, m[1])
	}
	return names
}

func TestStepsAgreeWithPyTorch(t *testing.T) {
	needTorch(t)
	step := mtobench(t)
	var files []string
	for _, method := range []string{"simmim", "mae"} {
		for _, preset := range []string{"off", "on", "literal", "gated", "hard"} {
			name := method + "-" + preset
			for _, at := range []string{"1", "20"} {
				files = append(files, step(name+"-"+at, "--method", method, "--mto", preset, "--at", at))
			}
			// In the presets MTO's gradient is small beside the method's. Here it isn't.
			if preset == "on" || preset == "gated" {
				files = append(files, step(name+"-strong", "--method", method, "--mto", preset, "--at", "5",
					"-s", "mto.ramp=0", "-s", "mto.lambda_spa=3", "-s", "mto.lambda_e=3", "-s", "mto.lambda_r=3"))
			}
		}
	}
	lines, ok := check(t, files)
	for _, file := range files {
		if len(failures(lines[file])) > 0 {
			t.Errorf("%s:\n%s", filepath.Base(file), lines[file])
		}
	}
	require.True(t, ok)
}

// A step with one thing wrong fails in the quantity that shows it.
func TestWrongStepsAreFound(t *testing.T) {
	needTorch(t)
	right := mtobench(t)("right", "--method", "mae", "--mto", "on", "--at", "20")
	spoil := map[string]func(f *nn.TensorFile){
		"loss/mto_spa":              scale("loss/mto_spa", 1+1e-4),
		"loss/mim":                  scale("loss/mim", 1+1e-4),
		"loss/total":                func(f *nn.TensorFile) { f.Metadata["mto.lambda_e"] = "0.11" },
		"pred":                      scale("pred", 1.001),
		"grad":                      scale("grad/mask_token", 1.001),
		"gradient norm":             func(f *nn.TensorFile) { f.Metadata["grad_norm"] = "1" },
		"m_after":                   scale("m_after/blocks.0.attn.qkv.weight", 1.001),
		"v_after":                   scale("v_after/norm.bias", 1.001),
		"param_after / lr":          shift("param_after/decoder_blocks.1.mlp.fc1.weight", 0.03),
		"optimizer arithmetic / lr": shift("param_after/blocks.0.attn.qkv.bias", 0.03), // also where our gradient is undecided
		"index sets":                func(f *nn.TensorFile) { tensor(f, "masked").Int32[0] = tensor(f, "visible").Int32[0] },
		"mto/heterogeneity":         scale("mto/heterogeneity", 1.001),
		"mto/masked_mass":           scale("mto/masked_mass", 1.001),
	}
	files := map[string]string{}
	for quantity, wrong := range spoil {
		f, err := nn.ReadTensors(right)
		require.NoError(t, err)
		wrong(f)
		files[quantity] = filepath.Join(t.TempDir(), "wrong.safetensors")
		require.NoError(t, nn.WriteTensors(files[quantity], f))
	}
	lines, ok := check(t, slices.Collect(maps.Values(files)))
	require.False(t, ok)
	for quantity, file := range files {
		require.Contains(t, failures(lines[file]), quantity, lines[file])
	}
}

func tensor(f *nn.TensorFile, name string) nn.TensorEntry {
	e, ok := f.Lookup(name)
	if !ok {
		panic("no tensor " + name)
	}
	return e
}

func scale(name string, by float32) func(f *nn.TensorFile) {
	return func(f *nn.TensorFile) {
		for i, v := range tensor(f, name).Float32 {
			tensor(f, name).Float32[i] = v * by
		}
	}
}

// shift moves the middle element, for a qkv bias one of the keys', by so many
// learning rates.
func shift(name string, rates float64) func(f *nn.TensorFile) {
	return func(f *nn.TensorFile) {
		var lr float64
		fmt.Sscan(f.Metadata["lr"], &lr)
		x := tensor(f, name).Float32
		x[len(x)/2] += float32(rates * lr)
	}
}
