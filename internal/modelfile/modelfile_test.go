package modelfile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/internal/atomicfile"
	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/vit"
)

// model is a fresh one: 16x16 images of one channel in patches of 4, width 8, one block.
func model(t *testing.T, method string, classToken bool) *Model {
	t.Helper()
	c := mim.Config{
		Model:        vit.Config{Side: 16, Channels: 1, Patch: 4, Width: 8, Depth: 1, Heads: 2, MLPRatio: 2, Eps: 1e-6, ClassToken: classToken},
		Batch:        2,
		DecoderWidth: 4, DecoderDepth: 1, DecoderHeads: 1,
	}
	m, err := mim.New(method, c)
	require.NoError(t, err)
	ps, err := nn.NewParams(m.Specs())
	require.NoError(t, err)
	flat := ps.Initial(1)
	out := &Model{Method: method, Config: m.Config(), Mean: []float32{0.1}, Std: []float32{0.3}, Origin: map[string]string{"run": "abc"}}
	for _, name := range ps.Names() {
		spec, _ := ps.Spec(name)
		out.Tensors = append(out.Tensors, nn.TensorEntry{Name: name, Shape: spec.Shape, Float32: ps.Slice(flat, name)})
	}
	return out
}

// module lists weight and bias of each name.
func module(names ...string) []string {
	var all []string
	for _, n := range names {
		all = append(all, n+".weight", n+".bias")
	}
	return all
}

func names(f *File) []string {
	var all []string
	for _, e := range f.Tensors.Tensors {
		all = append(all, e.Name)
	}
	return all
}

// timm 1.0.31: VisionTransformer(class_token=False, global_pool="avg", fc_norm=False, num_classes=0).state_dict().
func TestStrictTimmHasTheTensorsOfVisionTransformer(t *testing.T) {
	want := append([]string{"pos_embed"}, module("patch_embed.proj", "blocks.0.norm1", "blocks.0.attn.qkv", "blocks.0.attn.proj", "blocks.0.norm2", "blocks.0.mlp.fc1", "blocks.0.mlp.fc2", "norm")...)
	for _, method := range []string{"mae", "simmim"} {
		require.ElementsMatch(t, want, names(model(t, method, false).Timm(true)), method)
		require.ElementsMatch(t, append([]string{"cls_token"}, want...), names(model(t, method, true).Timm(true)), method)
	}
}

// facebookresearch/mae, models_mae.py: MaskedAutoencoderViT's state_dict.
func TestTimmHasTheTensorsOfTheOfficialMAE(t *testing.T) {
	f := model(t, "mae", true).Timm(false)
	require.Subset(t, names(f), append([]string{"cls_token", "pos_embed", "mask_token", "decoder_pos_embed"},
		module("decoder_embed", "decoder_blocks.0.attn.qkv", "decoder_blocks.0.mlp.fc2", "decoder_norm", "decoder_pred")...))
	require.Empty(t, f.Dropped)
	shape := func(name string) []int { e, _ := f.Tensors.Lookup(name); return e.Shape }
	require.Equal(t, []int{1, 17, 8}, shape("pos_embed"))
	require.Equal(t, []int{1, 17, 4}, shape("decoder_pos_embed"))
	require.Equal(t, []int{8, 1, 4, 4}, shape("patch_embed.proj.weight"))
	require.Equal(t, []int{24, 8}, shape("blocks.0.attn.qkv.weight"))
}

func TestTensorsThatOnlyMTOHas(t *testing.T) {
	m := model(t, "mae", true)
	m.Tensors = append(m.Tensors, nn.TensorEntry{Name: "scale", Shape: []int{1}, Float32: []float32{1}})
	require.Contains(t, names(m.Timm(false)), "mto.scale")
	require.NotContains(t, names(m.Timm(true)), "mto.scale")
	f, err := m.HF()
	require.NoError(t, err)
	require.Equal(t, []string{"scale"}, f.Dropped)
	require.False(t, slices.ContainsFunc(names(f), func(n string) bool { return strings.Contains(n, "scale") }))
}

// The names are those of the published checkpoints, as huggingface/transformers'
// models/vit_mae/convert_vit_mae_to_pytorch.py makes them.
func TestHFNames(t *testing.T) {
	layer := func(prefix string) []string {
		return module(prefix+"attention.attention.query", prefix+"attention.attention.key", prefix+"attention.attention.value", prefix+"attention.output.dense",
			prefix+"layernorm_before", prefix+"layernorm_after", prefix+"intermediate.dense", prefix+"output.dense")
	}
	check := func(method string, classToken bool, architecture string, want ...string) {
		t.Helper()
		f, err := model(t, method, classToken).HF()
		require.NoError(t, err)
		require.ElementsMatch(t, want, names(f))
		var config struct{ Architectures []string }
		require.NoError(t, json.Unmarshal(f.Beside["config.json"], &config))
		require.Equal(t, []string{architecture}, config.Architectures)
		require.Equal(t, classToken, f.Note == "")
	}
	encoder := append(layer("vit.encoder.layer.0."), append(module("vit.embeddings.patch_embeddings.projection", "vit.layernorm"), "vit.embeddings.cls_token", "vit.embeddings.position_embeddings")...)
	check("mae", true, "ViTMAEForPreTraining", slices.Concat(encoder, layer("decoder.decoder_layers.0."),
		module("decoder.decoder_embed", "decoder.decoder_norm", "decoder.decoder_pred"), []string{"decoder.mask_token", "decoder.decoder_pos_embed"})...)
	check("simmim", true, "ViTForMaskedImageModeling", slices.Concat(encoder, module("decoder.0"), []string{"vit.embeddings.mask_token"})...)
	plain := slices.Concat(layer("encoder.layer.0."), module("embeddings.patch_embeddings.projection", "layernorm"), []string{"embeddings.position_embeddings"})
	check("mae", false, "IJepaModel", plain...)
	check("simmim", false, "IJepaModel", plain...)
}

func TestQueryKeyAndValueAreTheThirdsInThatOrder(t *testing.T) {
	m := model(t, "simmim", true)
	f, err := m.HF()
	require.NoError(t, err)
	for _, part := range []string{"weight", "bias"} {
		i := slices.IndexFunc(m.Tensors, func(e nn.TensorEntry) bool { return e.Name == "blocks.0.attn.qkv."+part })
		var joined []float32
		for _, third := range []string{"query", "key", "value"} {
			e, ok := f.Tensors.Lookup("vit.encoder.layer.0.attention.attention." + third + "." + part)
			require.True(t, ok)
			require.Equal(t, 8, e.Shape[0])
			joined = append(joined, e.Float32...)
		}
		require.Equal(t, m.Tensors[i].Float32, joined)
	}
	head, _ := f.Tensors.Lookup("decoder.0.weight")
	require.Equal(t, []int{16, 8, 1, 1}, head.Shape)
}

func TestMetadataSayWhatTensorsDoNot(t *testing.T) {
	m := model(t, "mae", false)
	f := m.Timm(false)
	for key, want := range map[string]string{
		"format": "pt", "gelu": "tanh", "layer_norm_eps": "1e-06", "image_size": "16", "patch_size": "4", "channels": "1", "class_token": "false",
		"mean": "[0.1]", "std": "[0.3]", "pooling": "mean of the patch tokens", "run": "abc",
	} {
		require.Equal(t, want, f.Tensors.Metadata[key], key)
	}
	require.JSONEq(t, `{"model_name": "vit_tiny_patch16_224", "num_classes": 0, "img_size": 16, "patch_size": 4, "in_chans": 1, "embed_dim": 8, "depth": 1,
		"num_heads": 2, "mlp_ratio": 2, "class_token": false, "global_pool": "avg", "fc_norm": false, "act_layer": "gelu_tanh"}`, f.Tensors.Metadata["timm"])
	require.NotContains(t, f.Usage, "LayerNorm")
	m.Config.Model.Eps = 1e-5
	require.Contains(t, m.Timm(false).Usage, "LayerNorm, eps=1e-05")
}

// What is exported can be read back as initial weights.
func TestExportedModelIsAnInit(t *testing.T) {
	m := model(t, "mae", true)
	path := filepath.Join(t.TempDir(), "folder", "model.safetensors")
	f := m.Timm(false)
	f.Beside = map[string][]byte{"config.json": []byte("{}\n")}
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o755))
	for _, name := range []string{".model.safetensors.123.tmp", ".mine.tmp"} { // of an export that was killed; the user's
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), name), nil, 0o644))
	}
	require.NoError(t, f.Write(path))
	require.NoFileExists(t, filepath.Join(filepath.Dir(path), ".model.safetensors.123.tmp"))
	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(path), ".mine.tmp")))
	method, err := mim.New("mae", m.Config)
	require.NoError(t, err)
	ps, err := nn.NewParams(method.Specs())
	require.NoError(t, err)
	weights := make([]float32, ps.Len())
	_, err = m.Config.Model.LoadInto(weights, ps, path)
	require.NoError(t, err)
	require.Equal(t, ps.Initial(1), weights)
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 2)
}

// A file beside the tensors that can't be made durable: nothing is written, and nothing is left lying about.
func TestExportThatFailsLeavesNothing(t *testing.T) {
	f := model(t, "mae", true).Timm(false)
	f.Beside = map[string][]byte{"config.json": []byte("{}\n")}
	dir := filepath.Join(t.TempDir(), "folder")
	atomicfile.Fault = func(op atomicfile.Op, _ string) error {
		if op == atomicfile.OpSync {
			return syscall.ENOSPC
		}
		return nil
	}
	defer func() { atomicfile.Fault = nil }()
	err := f.Write(filepath.Join(dir, "model.safetensors"))
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, filepath.Join(dir, "config.json"))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestListed(t *testing.T) {
	require.Equal(t, "mask_token, decoder_embed.*", Listed([]string{"mask_token", "decoder_embed.weight", "decoder_embed.bias"}))
}
