package vit

import (
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/nn"
)

// A Classifier is an encoder with a classification head, to be fine-tuned as a
// whole: the mean of the patch tokens behind the last block, LayerNorm, a linear
// layer. Names are timm's for global_pool="avg": fc_norm stands in for the norm
// behind the blocks.
type Classifier struct {
	Config
	Classes int
}

// Specs lists the parameters, starting by the MAE rule and the head by
// Normal(0, 0.02²) cut at two deviations. Learning rates have factors that fall
// with depth (Clark et al., ICLR 2020; methods.md 1.7): layerDecay^(L+1-k) where k
// is 0 for the embedding, l for block l and L+1 for the head.
func (c Classifier) Specs(layerDecay float64) []nn.ParamSpec {
	var specs []nn.ParamSpec
	for _, s := range c.Config.Specs(RuleMAE) {
		if !strings.HasPrefix(s.Name, c.Stack().Norm+".") {
			specs = append(specs, s)
		}
	}
	specs = append(specs, normSpecs("fc_norm", c.Width)...)
	specs = append(specs, linearSpecs("head", []int{c.Classes, c.Width}, nn.InitTruncNormal(initStd))...)
	factors := []float64{1} // of the head, block L, ..., block 1, the embedding
	for range c.Depth + 1 {
		factors = append(factors, float64(factors[len(factors)-1]*layerDecay))
	}
	for i := range specs {
		specs[i].LRScale = factors[c.Depth+1-c.layer(specs[i].Name)]
	}
	return specs
}

// layer is the k of the parameter called name.
func (c Classifier) layer(name string) int {
	if rest, ok := strings.CutPrefix(name, c.Stack().Blocks+"."); ok {
		number, _, _ := strings.Cut(rest, ".")
		if block, err := strconv.Atoi(number); err == nil {
			return block + 1
		}
	}
	if strings.HasPrefix(name, "fc_norm.") || strings.HasPrefix(name, "head.") {
		return c.Depth + 1
	}
	return 0
}

// Record appends the logits [B,K] of images [B,S,S,C].
func (c Classifier) Record(p *nn.Program, images nn.Tensor) nn.Tensor {
	x := c.Prepend(p, c.Place(p, c.Embed(p, images)))
	x = c.Stack().Record(p, x, c.Depth, Hooks{}).Last()
	x = p.MeanTokens(c.Patchwise(p, x))
	return linear(p, "head", norm(p, "fc_norm", x, c.Eps))
}

// An AttentiveHead is a classifier of an image's tokens: one learned query that
// attends to them, and a linear layer on what it gathers. As in CAPI's evaluation
// (Darcet et al., 2025), the tokens' keys and values are a linear map of theirs.
type AttentiveHead struct {
	Name    string // prefix of the parameters' names
	Width   int    // of the tokens, D
	Heads   int
	Classes int
}

// Specs lists the parameters: query, kv, fc.
func (h AttentiveHead) Specs() []nn.ParamSpec {
	specs := []nn.ParamSpec{RuleMAE.TokenSpec(h.Name+"query", h.Width)}
	specs = append(specs, RuleMAE.LinearSpecs(h.Name+"kv", 2*h.Width, h.Width)...)
	return append(specs, linearSpecs(h.Name+"fc", []int{h.Classes, h.Width}, nn.InitTruncNormal(initStd))...)
}

// Record appends the logits [B,K] of tokens [B,N,D].
func (h AttentiveHead) Record(p *nn.Program, tokens nn.Tensor) nn.Tensor {
	pooled := p.AttentionPool(p.Param(h.Name+"query"), linear(p, h.Name+"kv", tokens), h.Heads)
	return linear(p, h.Name+"fc", pooled)
}
