package modelfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// A Model is a pre-trained model with what its tensors don't say.
type Model struct {
	Method  string           // simmim or mae
	Config  mim.Config       // of the method, defaults filled in
	Tensors []nn.TensorEntry // trained parameters under this repository's names; read only

	Mean, Std []float32         // per channel, of pixels in 0..1: inputs are (pixel - mean) / std
	Origin    map[string]string // further facts for the metadata: run, seed, arm, ...
}

// A File is a model as another program reads it.
type File struct {
	Tensors nn.TensorFile
	Beside  map[string][]byte // further files by name; empty for timm
	Usage   string            // Python that loads the file, %s standing for its quoted path
	Dropped []string          // this repository's names of the parameters that the program has no place for
	Note    string            // a line on what the program can't represent; empty where there is none
}

// metadata lists what every format says. All values are strings.
func (m *Model) metadata() map[string]string {
	v := m.Config.Model
	out := map[string]string{
		"format": "pt", "method": m.Method, "gelu": geluForm(v), "layer_norm_eps": single(v.Eps),
		"image_size": strconv.Itoa(v.Side), "patch_size": strconv.Itoa(v.Patch), "channels": strconv.Itoa(v.Channels),
		"class_token": strconv.FormatBool(v.ClassToken), "pooling": "mean of the patch tokens",
		"mean": list(m.Mean), "std": list(m.Std), "input": "(pixel / 255 - mean) / std",
	}
	if m.Method == "mae" {
		c := m.Config
		out["decoder_width"], out["decoder_depth"], out["decoder_heads"] = strconv.Itoa(c.DecoderWidth), strconv.Itoa(c.DecoderDepth), strconv.Itoa(c.DecoderHeads)
		out["norm_pix"], out["norm_pix_eps"] = strconv.FormatBool(!c.RawPixels), single(c.NormPixEps)
	}
	maps.Copy(out, m.Origin)
	return out
}

// tensors are those of the file under way.
type tensors []nn.TensorEntry

func (t *tensors) add(name string, shape []int, data []float32) {
	*t = append(*t, nn.TensorEntry{Name: name, Shape: slices.Clone(shape), Float32: data})
}

// position is the encoder's fixed table as other programs hold it, [1, ClassTokens+N, width].
func position(v vit.Config, width int) (shape []int, data []float32) {
	v.Width = width
	return []int{1, v.ClassTokens() + v.Patches(), width}, v.Position()
}

// encoder reports whether a parameter belongs to the encoder.
func (m *Model) encoder(name string) bool {
	return slices.ContainsFunc(m.Config.Model.Specs(vit.RuleMAE), func(s nn.ParamSpec) bool { return s.Name == name })
}

// own reports whether a parameter is of the pre-training method as published: the encoder's, the mask
// token, decoder and head.
func own(name string) bool {
	for _, prefix := range []string{"cls_token", "mask_token", "patch_embed.", "blocks.", "norm.", "decoder_", "decoder."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func geluForm(v vit.Config) string {
	if v.GELU == simd.GELUErf {
		return "erf"
	}
	return "tanh"
}

// single writes a float32 in the fewest digits that give back its bits.
func single(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }

// list writes numbers as JSON.
func list(xs []float32) string { return compact(numbers(xs)) }

// numbers are JSON's by their digits, so that a float32 isn't written with those of a float64.
func numbers(xs []float32) []json.Number {
	out := make([]json.Number, len(xs))
	for i, x := range xs {
		out[i] = json.Number(single(x))
	}
	return out
}

// encode writes v, made of strings, numbers and booleans, as a file of JSON.
func encode(v any) []byte {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("modelfile: encoding: %v", err))
	}
	return append(b, '\n')
}

// compact writes v as JSON on one line, for metadata.
func compact(v any) string {
	var b bytes.Buffer
	if err := json.Compact(&b, encode(v)); err != nil {
		panic(fmt.Sprintf("modelfile: encoding: %v", err))
	}
	return b.String()
}
