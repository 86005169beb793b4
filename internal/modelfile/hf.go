package modelfile

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/mtobench/mtobench/nn"
)

// hfLayer maps the parts of one transformer block; the fused qkv is split instead.
var hfLayer = map[string]string{
	"norm1": "layernorm_before", "attn.proj": "attention.output.dense",
	"norm2": "layernorm_after", "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
}

// hfThirds are the parts of a fused qkv, in their order.
var hfThirds = [...]string{"query", "key", "value"}

var blockName = regexp.MustCompile(`^(decoder_)?blocks\.(\d+)\.(.+)\.(weight|bias)$`)

// HF returns the model for Hugging Face's transformers, under the names of its published checkpoints:
//
//   - MAE with a class token: ViTMAEForPreTraining;
//   - SimMIM with a class token: ViTForMaskedImageModeling, whose head is SimMIM's;
//   - without a class token: IJepaModel, the one plain ViT there that has none. It has no place for a
//     mask token, a decoder or a head.
//
// Beside the tensors come config.json and preprocessor_config.json. MTO's own parameters are dropped.
func (m *Model) HF() (*File, error) {
	v := m.Config.Model
	f := &File{Beside: map[string][]byte{}}
	architecture, config := m.hfConfig()
	prefix := "vit."
	if !v.ClassToken {
		prefix = ""
		f.Note = m.hfMethodClass() + " needs a class token and this model has none, so it is written as an IJepaModel, encoder alone; for the former train with -s model.class_token=true"
	}
	var ts tensors
	shape, table := position(v, v.Width)
	ts.add(prefix+"embeddings.position_embeddings", shape, table)
	for _, e := range m.Tensors {
		if !own(e.Name) || !v.ClassToken && !m.encoder(e.Name) {
			f.Dropped = append(f.Dropped, e.Name)
			continue
		}
		if err := m.hfTensor(&ts, prefix, e); err != nil {
			return nil, err
		}
	}
	if m.Method == "mae" && v.ClassToken {
		shape, table := position(v, m.Config.DecoderWidth)
		ts.add("decoder.decoder_pos_embed", shape, table)
	}
	f.Tensors.Tensors = ts
	f.Tensors.Metadata = m.metadata()
	f.Tensors.Metadata["architecture"] = "transformers." + architecture
	f.Tensors.Metadata["hf"] = compact(config)
	f.Beside["config.json"] = encode(config)
	f.Beside["preprocessor_config.json"] = encode(m.hfProcessor())
	f.Usage = "import transformers\nmodel = transformers." + architecture + ".from_pretrained(%s)\n"
	return f, nil
}

// hfTensor adds one parameter under its name or names there.
func (m *Model) hfTensor(ts *tensors, prefix string, e nn.TensorEntry) error {
	if b := blockName.FindStringSubmatch(e.Name); b != nil {
		layer := prefix + "encoder.layer." + b[2] + "."
		if b[1] != "" {
			layer = "decoder.decoder_layers." + b[2] + "."
		}
		if b[3] == "attn.qkv" {
			addThirds(ts, layer+"attention.attention.", "."+b[4], e)
			return nil
		}
		part, ok := hfLayer[b[3]]
		if !ok {
			return fmt.Errorf("hf: %s: a block there has no such part", e.Name)
		}
		ts.add(layer+part+"."+b[4], e.Shape, e.Float32)
		return nil
	}
	name := e.Name
	switch {
	case name == "cls_token", name == "mask_token" && m.Method == "simmim":
		ts.add(prefix+"embeddings."+name, e.Shape, e.Float32)
	case strings.HasPrefix(name, "patch_embed.proj."):
		ts.add(prefix+"embeddings.patch_embeddings.projection."+strings.TrimPrefix(name, "patch_embed.proj."), e.Shape, e.Float32)
	case strings.HasPrefix(name, "norm."):
		ts.add(prefix+"layernorm."+strings.TrimPrefix(name, "norm."), e.Shape, e.Float32)
	case name == "decoder.0.weight": // a convolution of one pixel there
		ts.add(name, append(e.Shape[:2:2], 1, 1), e.Float32)
	case name == "decoder.0.bias":
		ts.add(name, e.Shape, e.Float32)
	case name == "mask_token", strings.HasPrefix(name, "decoder_"):
		ts.add("decoder."+name, e.Shape, e.Float32)
	default:
		return fmt.Errorf("hf: %s: a parameter without a name there", name)
	}
	return nil
}

// addThirds adds the query's, the key's and the value's share of a fused weight [3D,D] or bias [3D].
func addThirds(ts *tensors, prefix, suffix string, e nn.TensorEntry) {
	rows, size := e.Shape[0]/3, len(e.Float32)/3
	for i, part := range hfThirds {
		ts.add(prefix+part+suffix, append([]int{rows}, e.Shape[1:]...), e.Float32[i*size:(i+1)*size])
	}
}

// hfMethodClass is the class that holds the whole pre-trained model, given a class token.
func (m *Model) hfMethodClass() string {
	if m.Method == "mae" {
		return "ViTMAEForPreTraining"
	}
	return "ViTForMaskedImageModeling"
}

// hfConfig names the class and gives its config.json.
func (m *Model) hfConfig() (architecture string, config map[string]any) {
	v := m.Config.Model
	activation := "gelu_pytorch_tanh"
	if geluForm(v) == "erf" {
		activation = "gelu"
	}
	config = map[string]any{
		"hidden_size": v.Width, "num_hidden_layers": v.Depth, "num_attention_heads": v.Heads, "intermediate_size": v.MLPRatio * v.Width,
		"hidden_act": activation, "layer_norm_eps": json.Number(single(v.Eps)),
		"image_size": v.Side, "patch_size": v.Patch, "num_channels": v.Channels, "qkv_bias": true,
		"torch_dtype": "float32",
	}
	switch {
	case !v.ClassToken:
		architecture, config["model_type"] = "IJepaModel", "ijepa"
	case m.Method == "mae":
		architecture, config["model_type"] = m.hfMethodClass(), "vit_mae"
		c := m.Config
		config["decoder_hidden_size"], config["decoder_num_hidden_layers"], config["decoder_num_attention_heads"] = c.DecoderWidth, c.DecoderDepth, c.DecoderHeads
		config["decoder_intermediate_size"] = v.MLPRatio * c.DecoderWidth
		config["mask_ratio"], config["norm_pix_loss"] = c.Ratio, !c.RawPixels
	default:
		architecture, config["model_type"] = m.hfMethodClass(), "vit"
		config["encoder_stride"] = v.Patch
	}
	config["architectures"] = []string{architecture}
	return architecture, config
}

// hfProcessor is the preprocessor_config.json of images of this size and normalisation.
func (m *Model) hfProcessor() map[string]any {
	v := m.Config.Model
	return map[string]any{
		"image_processor_type": "ViTImageProcessor",
		"do_resize":            true, "size": map[string]int{"height": v.Side, "width": v.Side}, "resample": 2,
		"do_rescale": true, "rescale_factor": json.Number("0.00392156862745098"),
		"do_normalize": true, "image_mean": numbers(m.Mean), "image_std": numbers(m.Std),
	}
}
