package vit

import (
	"math"

	"github.com/mtobench/mtobench/nn"
)

// Rule says how weights start (methods.md 1.4). Under every rule biases start
// at 0 and LayerNorm at gain 1 and shift 0.
type Rule uint8

const (
	// RuleMAE: each matrix Xavier-uniform (query, key and value as one
	// matrix, as in MAE's code), tokens Normal(0, 0.02²).
	RuleMAE Rule = iota

	// RuleBEiT: each matrix and token Normal(0, 0.02²), not truncated; then
	// the attention's output projection and the MLP's second matrix of block
	// l (from 1) divided by sqrt(2l).
	RuleBEiT
)

const initStd = 0.02

// Linear returns the start of a matrix [out, in].
func (r Rule) Linear(out, in int) nn.Init {
	if r == RuleBEiT {
		return nn.InitNormal(initStd)
	}
	return nn.InitXavierUniform(in, out)
}

// residual returns the start of a matrix [out, in] that ends a branch of block
// l, counted from 1.
func (r Rule) residual(out, in, l int) nn.Init {
	if r == RuleBEiT {
		return nn.InitNormal(initStd / math.Sqrt(float64(2*l)))
	}
	return r.Linear(out, in)
}

// Token returns the start of a mask token or class token.
func (r Rule) Token() nn.Init { return nn.InitNormal(initStd) }

// LinearSpecs returns the weight [out, in] and the bias [out] of a linear layer
// called name.
func (r Rule) LinearSpecs(name string, out, in int) []nn.ParamSpec {
	return linearSpecs(name, []int{out, in}, r.Linear(out, in))
}

// TokenSpec returns a token [1, 1, width]; weight decay spares it (methods.md
// 1.6), as it does biases and norms.
func (r Rule) TokenSpec(name string, width int) nn.ParamSpec {
	return nn.ParamSpec{Name: name, Shape: []int{1, 1, width}, Init: r.Token()}
}

func linearSpecs(name string, shape []int, weight nn.Init) []nn.ParamSpec {
	return []nn.ParamSpec{
		{Name: name + ".weight", Shape: shape, Init: weight, Decay: true},
		{Name: name + ".bias", Shape: shape[:1], Init: nn.InitZeros()},
	}
}

func normSpecs(name string, width int) []nn.ParamSpec {
	return []nn.ParamSpec{
		{Name: name + ".weight", Shape: []int{width}, Init: nn.InitOnes()},
		{Name: name + ".bias", Shape: []int{width}, Init: nn.InitZeros()},
	}
}
