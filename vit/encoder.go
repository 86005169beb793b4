package vit

import (
	"fmt"

	"github.com/mtobench/mtobench/nn"
)

// Stack returns the encoder's blocks.
func (c Config) Stack() Stack {
	return Stack{
		Blocks: "blocks", Norm: "norm",
		Width: c.Width, Depth: c.Depth, Heads: c.Heads, Hidden: c.MLPRatio * c.Width,
		Eps: c.Eps, GELU: c.GELU,
	}
}

// Specs lists the encoder's parameters in forward order, starting by the rule.
// The class token comes first where there is one; position is no parameter.
func (c Config) Specs(r Rule) []nn.ParamSpec {
	var specs []nn.ParamSpec
	if c.ClassToken {
		specs = append(specs, r.TokenSpec("cls_token", c.Width))
	}
	kernel := []int{c.Width, c.Channels, c.Patch, c.Patch}
	specs = append(specs, linearSpecs("patch_embed.proj", kernel, r.Linear(c.Width, c.PatchLen()))...)
	return append(specs, c.Stack().Specs(r)...)
}

// Embed appends the patch embedding of images [B,S,S,C] without position:
// [B,N,D]. Patches are flattened as (channel, row, column), the order of a
// convolution's kernel.
func (c Config) Embed(p *nn.Program, images nn.Tensor) nn.Tensor {
	return linear(p, "patch_embed.proj", p.Patchify(images, c.Patch, nn.ChannelFirst))
}

// Place appends the addition of position to patch tokens in image order
// [B,N,D].
func (c Config) Place(p *nn.Program, x nn.Tensor) nn.Tensor {
	return p.AddTable(x, table(p, "pos_embed", func() []float32 { return SinCos(c.Grid(), c.Width) }, c.Patches(), c.Width))
}

// table returns the constant of that name, made once a program.
func table(p *nn.Program, name string, data func() []float32, shape ...int) nn.Tensor {
	if t, ok := p.Lookup(name); ok {
		return t
	}
	return p.Const(name, data(), shape...)
}

// Features appends what probes see of intact images [B,S,S,C] at the given
// layers, one tensor [B,D] for each: the residual stream after block l (0 to
// Depth; 0 is the embedding with position), LayerNorm without gain and shift,
// and the mean over the N patch tokens. Blocks past the deepest layer asked for
// aren't recorded. Standardising over a bank of images is the probe's part.
func (c Config) Features(p *nn.Program, images nn.Tensor, layers ...int) []nn.Tensor {
	deepest := 0
	for _, l := range layers {
		if l < 0 || l > c.Depth {
			panic(fmt.Sprintf("vit: features of layer %d asked for, layers are 0 to %d", l, c.Depth))
		}
		deepest = max(deepest, l)
	}
	x := c.Prepend(p, c.Place(p, c.Embed(p, images)))
	tokens := c.Stack().Record(p, x, deepest, Hooks{}).Tokens
	features := make([]nn.Tensor, len(layers))
	for i, l := range layers {
		features[i] = p.MeanTokens(c.bare(p, tokens[l]))
	}
	return features
}

// Tokens appends what Features averages: the normalised patch tokens [B,N,D]
// behind block layer, 1 to Depth.
func (c Config) Tokens(p *nn.Program, images nn.Tensor, layer int) nn.Tensor {
	if layer < 1 || layer > c.Depth {
		panic(fmt.Sprintf("vit: tokens of layer %d asked for, layers are 1 to %d", layer, c.Depth))
	}
	x := c.Prepend(p, c.Place(p, c.Embed(p, images)))
	return c.bare(p, c.Stack().Record(p, x, layer, Hooks{}).Last())
}

// bare appends the patch tokens under a LayerNorm without gain and shift.
func (c Config) bare(p *nn.Program, x nn.Tensor) nn.Tensor {
	return p.LayerNorm(c.Patchwise(p, x), nn.Tensor{}, nn.Tensor{}, c.Eps)
}
