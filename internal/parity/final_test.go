package parity

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
)

// Steps of fine-tuning and of the attentive probe, at the start and later on, behind both methods.
func TestFinalStepsAgreeWithPyTorch(t *testing.T) {
	needTorch(t)
	step := mtobench(t)
	var files []string
	for _, evaluation := range []string{"finetune", "attentive"} {
		for _, method := range []string{"simmim", "mae"} {
			for _, at := range []string{"1", "40"} {
				files = append(files, step(evaluation+"-"+method+"-"+at, "--final", evaluation, "--method", method, "--at", at, "-s", "final.finetune_lr=0.064", "-s", "final.finetune_epochs=1", "-s", "final.attentive_epochs=1"))
			}
		}
	}
	lines, ok := runCheck(t, "check_final.py", files)
	for _, file := range files {
		if len(failures(lines[file])) > 0 {
			t.Errorf("%s:\n%s", filepath.Base(file), lines[file])
		}
	}
	require.True(t, ok)
}

// A step with one thing wrong fails in the quantity that shows it.
func TestWrongFinalStepsAreFound(t *testing.T) {
	needTorch(t)
	step := mtobench(t)
	finetune, attentive := step("finetune", "--final", "finetune", "--at", "20"), step("attentive", "--final", "attentive", "--at", "20", "-s", "final.attentive_epochs=1")
	spoil := []struct {
		right, quantity string
		wrong           func(f *nn.TensorFile)
	}{
		{finetune, "loss", func(f *nn.TensorFile) { f.Metadata["smoothing"] = "0.11" }},
		{finetune, "grad", scale("grad/fc_norm.weight", 1.001)},
		{finetune, "gradient norm", func(f *nn.TensorFile) { f.Metadata["grad_norm"] = "1" }},
		{finetune, "optimizer arithmetic / lr", func(f *nn.TensorFile) { f.Metadata["lr_scale"] = "{}" }},
		{finetune, "param_after / lr", shift("param_after/head.weight", 0.03)},
		{attentive, "tokens", scale("tokens", 1.001)},
		{attentive, "loss", func(f *nn.TensorFile) { f.Metadata["heads"] = "1" }},
		{attentive, "grad", scale("grad/candidate.3.query", 1.001)},
		{attentive, "m_after", scale("m_after/candidate.7.kv.weight", 1.001)},
		{attentive, "optimizer arithmetic / lr", func(f *nn.TensorFile) { f.Metadata["decay"] = "[]" }},
	}
	files := map[string]string{}
	for i, s := range spoil {
		f, err := nn.ReadTensors(s.right)
		require.NoError(t, err)
		s.wrong(f)
		path := filepath.Join(t.TempDir(), fmt.Sprintf("wrong-%d.safetensors", i))
		require.NoError(t, nn.WriteTensors(path, f))
		files[path] = s.quantity
	}
	lines, ok := runCheck(t, "check_final.py", slices.Collect(maps.Keys(files)))
	require.False(t, ok)
	for file, quantity := range files {
		require.Contains(t, failures(lines[file]), quantity, lines[file])
	}
}
