package vit

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
)

// checkpoint returns a small encoder with one parameter more, its weights, and
// the arrays of a file that has them all.
func checkpoint(t *testing.T) (Config, *nn.Params, []float32, []nn.TensorEntry) {
	c := Config{Side: 4, Channels: 1, Patch: 2, Width: 8, Depth: 1, Heads: 2, MLPRatio: 2, Eps: 1e-6}
	ps, err := nn.NewParams(append(c.Specs(RuleMAE), RuleMAE.TokenSpec("mask_token", 8)))
	require.NoError(t, err)
	weights := ps.Initial(1)
	var entries []nn.TensorEntry
	for _, name := range ps.Names() {
		spec, _ := ps.Spec(name)
		entries = append(entries, nn.TensorEntry{Name: name, Shape: spec.Shape, Float32: slices.Clone(ps.Slice(weights, name))})
	}
	return c, ps, weights, entries
}

func write(t *testing.T, entries []nn.TensorEntry) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "init.safetensors")
	require.NoError(t, nn.WriteTensors(path, &nn.TensorFile{Tensors: entries}))
	return path
}

func TestLoadIntoListsWhatItDidntUse(t *testing.T) {
	c, ps, weights, entries := checkpoint(t)
	position := append(make([]float32, c.Width), c.Position()...) // with a class token's row
	file := append([]nn.TensorEntry{
		{Name: "pos_embed", Shape: []int{1, 5, 8}, Float32: position},
		{Name: "head.weight", Shape: []int{1}, Float32: []float32{1}},
	}, entries[:len(entries)-1]...)
	fresh := ps.Initial(2)
	token := slices.Clone(ps.Slice(fresh, "mask_token"))
	loaded, err := c.LoadInto(fresh, ps, write(t, file))
	require.NoError(t, err)
	require.Equal(t, ps.Names()[:len(ps.Names())-1], loaded.Names)
	require.Equal(t, []string{"mask_token"}, loaded.Missing)
	require.Equal(t, []string{"head.weight"}, loaded.Extra)
	for _, name := range loaded.Names {
		require.Equal(t, ps.Slice(weights, name), ps.Slice(fresh, name), name)
	}
	require.Equal(t, token, ps.Slice(fresh, "mask_token"))
}

func TestLoadIntoRefusesOtherModels(t *testing.T) {
	check := func(change func(c Config, entries []nn.TensorEntry) []nn.TensorEntry, want string) {
		t.Helper()
		c, ps, weights, entries := checkpoint(t)
		path := write(t, change(c, entries))
		before := slices.Clone(weights)
		weights[0], before[0] = 5, 5
		_, err := c.LoadInto(weights, ps, path)
		require.EqualError(t, err, "vit: load weights: "+path+": "+want)
		require.Equal(t, before, weights, "nothing is written on an error")
	}
	check(func(c Config, entries []nn.TensorEntry) []nn.TensorEntry {
		entries[3].Shape = []int{2, 4}
		return entries
	}, "blocks.0.norm1.bias has shape [2 4], need [8]; give a checkpoint of the same model")
	check(func(c Config, entries []nn.TensorEntry) []nn.TensorEntry {
		entries[2].Float32 = nil
		entries[2].Int32 = make([]int32, 8)
		return entries
	}, "blocks.0.norm1.weight has elements of type I32, need F32; give a checkpoint of the same model")
	check(func(c Config, entries []nn.TensorEntry) []nn.TensorEntry {
		entries[2].Float32[7] = float32(math.NaN())
		return entries
	}, "blocks.0.norm1.weight holds NaN at element 7; give a checkpoint of the same model")
	check(func(c Config, entries []nn.TensorEntry) []nn.TensorEntry {
		entries[0].Name = "patch_embed.weight"
		return slices.Delete(entries, 1, 2)
	}, "2 of the encoder's tensors are missing: patch_embed.proj.weight, patch_embed.proj.bias; arrays that have no place: patch_embed.weight")
	check(func(c Config, entries []nn.TensorEntry) []nn.TensorEntry {
		position := c.Position()
		position[9] += 0.5
		return append(entries, nn.TensorEntry{Name: "pos_embed", Shape: []int{1, 4, 8}, Float32: position})
	}, "pos_embed isn't the fixed sin-cos table: 0.5099998 at element 9, need 0.009999833; give a checkpoint of the same model")
	check(func(c Config, entries []nn.TensorEntry) []nn.TensorEntry {
		return append(entries, nn.TensorEntry{Name: "pos_embed", Shape: []int{1, 1, 8}, Float32: make([]float32, 8)})
	}, "pos_embed has shape [1 1 8], need [1 4 8] or one row more; give a checkpoint of the same model")
	c, ps, weights, _ := checkpoint(t)
	_, err := c.LoadInto(weights, ps, filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "vit: load weights: safetensors: ")
}
