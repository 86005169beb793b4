package vit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
)

// methods.md 1.7: layer k of L+1 has the factor decay^(L+1-k), embeddings at k = 0, the head at 1.
func TestLayerDecayFallsTowardsTheInput(t *testing.T) {
	c := Classifier{Config{Side: 8, Channels: 1, Patch: 4, Width: 8, Depth: 3, Heads: 2, MLPRatio: 2, Eps: 1e-6, ClassToken: true}, 5}
	want := map[string]float64{
		"cls_token": 0.0625, "patch_embed.proj.weight": 0.0625, "patch_embed.proj.bias": 0.0625,
		"blocks.0.norm1.weight": 0.125, "blocks.1.attn.qkv.bias": 0.25, "blocks.2.mlp.fc2.weight": 0.5,
		"fc_norm.weight": 1, "head.weight": 1, "head.bias": 1,
	}
	found := 0
	for _, s := range c.Specs(0.5) {
		require.NotContains(t, []string{"norm.weight", "norm.bias"}, s.Name, "the norm behind the blocks isn't used")
		if factor, ok := want[s.Name]; ok {
			require.Equal(t, factor, s.LRScale, s.Name)
			found++
		}
	}
	require.Len(t, want, found)
}

func TestClassifierAndAttentiveHeadGiveALogitAClass(t *testing.T) {
	c := Classifier{Config{Side: 8, Channels: 1, Patch: 4, Width: 8, Depth: 1, Heads: 2, MLPRatio: 2, Eps: 1e-6, ClassToken: true}, 5}
	h := AttentiveHead{Name: "probe.", Width: 8, Heads: 2, Classes: 5}
	ps, err := nn.NewParams(append(c.Specs(0.75), h.Specs()...))
	require.NoError(t, err)
	p := nn.NewProgram(ps)
	images := p.Input("images", 3, 8, 8, 1)
	require.Equal(t, []int{3, 5}, c.Record(p, images).Shape())
	tokens := c.Tokens(p, images, 1)
	require.Equal(t, []int{3, 4, 8}, tokens.Shape(), "without the class token")
	require.Equal(t, []int{3, 5}, h.Record(p, tokens).Shape())
}
