package modelfile

import (
	"fmt"
	"strings"
)

// timmName is the entry point of timm whose every size an argument replaces.
const timmName = "vit_tiny_patch16_224"

// Timm returns the model under the names of timm and of the official MAE code. With strict it has the
// tensors of timm's VisionTransformer alone, so that load_state_dict(strict=True) takes it; else mask
// token, decoder and head come too, MTO's own under "mto.".
func (m *Model) Timm(strict bool) *File {
	v := m.Config.Model
	f := &File{}
	var ts tensors
	shape, table := position(v, v.Width)
	ts.add("pos_embed", shape, table)
	for _, e := range m.Tensors {
		switch name := e.Name; {
		case m.encoder(name):
			ts.add(name, e.Shape, e.Float32)
		case strict:
			f.Dropped = append(f.Dropped, name)
		case own(name):
			ts.add(name, e.Shape, e.Float32)
		default:
			ts.add("mto."+name, e.Shape, e.Float32)
		}
	}
	if m.Method == "mae" && !strict {
		shape, table := position(v, m.Config.DecoderWidth)
		ts.add("decoder_pos_embed", shape, table)
	}
	f.Tensors.Tensors = ts
	f.Tensors.Metadata = m.metadata()
	arguments := m.timmArguments()
	f.Tensors.Metadata["architecture"] = "timm.models.vision_transformer.VisionTransformer"
	f.Tensors.Metadata["timm"] = compact(arguments)
	f.Usage = timmUsage(arguments, v.Eps, strict)
	return f
}

// timmArguments are those of timm.create_model. The norm stays in its place before the pooling
// (fc_norm false), as in pre-training. LayerNorm's epsilon isn't JSON to timm: it stands in the metadata.
func (m *Model) timmArguments() map[string]any {
	v := m.Config.Model
	activation := "gelu_tanh"
	if geluForm(v) == "erf" {
		activation = "gelu"
	}
	return map[string]any{
		"model_name": timmName, "num_classes": 0,
		"img_size": v.Side, "patch_size": v.Patch, "in_chans": v.Channels,
		"embed_dim": v.Width, "depth": v.Depth, "num_heads": v.Heads, "mlp_ratio": v.MLPRatio,
		"class_token": v.ClassToken, "global_pool": "avg", "fc_norm": false, "act_layer": activation,
	}
}

// timmUsage writes Python that builds the model and loads the file. timm's LayerNorm has 1e-6.
func timmUsage(arguments map[string]any, eps float32, strict bool) string {
	order := []string{"img_size", "patch_size", "in_chans", "num_classes", "embed_dim", "depth", "num_heads", "mlp_ratio", "class_token", "global_pool", "fc_norm", "act_layer"}
	words := []string{fmt.Sprintf("%q", arguments["model_name"])}
	for _, name := range order {
		words = append(words, name+"="+pythonValue(arguments[name]))
	}
	var b strings.Builder
	if eps != 1e-6 {
		b.WriteString("import functools, torch\n")
		words = append(words, fmt.Sprintf("norm_layer=functools.partial(torch.nn.LayerNorm, eps=%s)", single(eps)))
	}
	b.WriteString("import timm, safetensors.torch\n")
	fmt.Fprintf(&b, "model = timm.create_model(%s)\n", strings.Join(words, ", "))
	b.WriteString("weights = safetensors.torch.load_file(%s)\n")
	if !strict {
		b.WriteString("weights = {k: v for k, v in weights.items() if k in model.state_dict()}  # not needed after export --strict-timm\n")
	}
	b.WriteString("model.load_state_dict(weights, strict=True)\n")
	return b.String()
}

// pythonValue writes a string, number or boolean as Python does.
func pythonValue(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	}
	return fmt.Sprint(v)
}
