package vit

import (
	"fmt"
	"math"
	"testing"

	"github.com/mtobench/mtobench/nn"
	"github.com/stretchr/testify/require"
)

// The names and shapes of timm's VisionTransformer state_dict, one block.
func TestNamesAreTimms(t *testing.T) {
	c := Config{Side: 32, Channels: 3, Patch: 16, Width: 192, Depth: 1, Heads: 3, MLPRatio: 4, Eps: 1e-6, ClassToken: true}
	var got []string
	for _, s := range c.Specs(RuleMAE) {
		got = append(got, fmt.Sprintf("%s %v decay=%t", s.Name, s.Shape, s.Decay))
	}
	require.Equal(t, []string{
		"cls_token [1 1 192] decay=false",
		"patch_embed.proj.weight [192 3 16 16] decay=true",
		"patch_embed.proj.bias [192] decay=false",
		"blocks.0.norm1.weight [192] decay=false",
		"blocks.0.norm1.bias [192] decay=false",
		"blocks.0.attn.qkv.weight [576 192] decay=true",
		"blocks.0.attn.qkv.bias [576] decay=false",
		"blocks.0.attn.proj.weight [192 192] decay=true",
		"blocks.0.attn.proj.bias [192] decay=false",
		"blocks.0.norm2.weight [192] decay=false",
		"blocks.0.norm2.bias [192] decay=false",
		"blocks.0.mlp.fc1.weight [768 192] decay=true",
		"blocks.0.mlp.fc1.bias [768] decay=false",
		"blocks.0.mlp.fc2.weight [192 768] decay=true",
		"blocks.0.mlp.fc2.bias [192] decay=false",
		"norm.weight [192] decay=false",
		"norm.bias [192] decay=false",
	}, got)
}

// timm's parameter counts at 224 px with 1,000 classes, less the head
// (1000*(D+1)) and the position table (197*D), which isn't trained here.
func TestParameterCountsAreTimms(t *testing.T) {
	for name, timm := range map[string]int{"tiny": 5_717_416, "small": 22_050_664, "base": 86_567_656} {
		c, err := Preset(name, 224, 3)
		require.NoError(t, err)
		c.ClassToken = true
		ps, err := nn.NewParams(c.Specs(RuleMAE))
		require.NoError(t, err)
		require.Equal(t, timm-1000*(c.Width+1)-197*c.Width, ps.Count(), name)
	}
}

func TestRulesStartAsStated(t *testing.T) {
	c := Config{Side: 8, Channels: 1, Patch: 4, Width: 64, Depth: 3, Heads: 2, MLPRatio: 4, Eps: 1e-6, ClassToken: true}
	spread := func(r Rule, name string) (std, largest float64) {
		ps, err := nn.NewParams(c.Specs(r))
		require.NoError(t, err)
		for _, v := range ps.Slice(ps.Initial(1), name) {
			std += float64(v) * float64(v)
			largest = max(largest, math.Abs(float64(v)))
		}
		return math.Sqrt(std / float64(len(ps.Slice(ps.Initial(1), name)))), largest
	}
	check := func(r Rule, name string, want float64) {
		t.Helper()
		std, _ := spread(r, name)
		require.InEpsilon(t, want, std, 0.05)
	}
	check(RuleBEiT, "blocks.0.attn.qkv.weight", 0.02)
	check(RuleBEiT, "blocks.0.attn.proj.weight", 0.02/math.Sqrt(2))
	check(RuleBEiT, "blocks.2.mlp.fc2.weight", 0.02/math.Sqrt(6))
	check(RuleBEiT, "blocks.2.mlp.fc1.weight", 0.02)

	// Uniform on [-a, a) has deviation a/sqrt(3); a = sqrt(6/(in+out)), the
	// three thirds of qkv being one matrix.
	check(RuleMAE, "blocks.0.attn.qkv.weight", math.Sqrt(2./(64+192)))
	check(RuleMAE, "blocks.2.mlp.fc2.weight", math.Sqrt(2./(64+256)))
	check(RuleMAE, "patch_embed.proj.weight", math.Sqrt(2./(16+64)))
	_, largest := spread(RuleMAE, "blocks.0.mlp.fc1.weight")
	require.LessOrEqual(t, largest, math.Sqrt(6./(64+256)))

	for _, r := range []Rule{RuleMAE, RuleBEiT} {
		std, _ := spread(r, "cls_token")
		require.InEpsilon(t, 0.02, std, 0.3) // of 64 draws only
		check(r, "norm.weight", 1)
		_, largest = spread(r, "blocks.1.attn.qkv.bias")
		require.Zero(t, largest)
	}
}
