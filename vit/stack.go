package vit

import (
	"fmt"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
)

// Stack is a run of pre-norm transformer blocks with a norm behind it:
//
//	x = x + proj(attention(norm1(x)))
//	x = x + fc2(gelu(fc1(norm2(x))))
//
// with biases everywhere, no layer scale and no dropped paths (methods.md 1.2). An
// encoder is one, and so is MAE's decoder.
type Stack struct {
	Blocks string // prefix of the blocks' names: "blocks", "decoder_blocks"
	Norm   string // name of the norm behind them: "norm", "decoder_norm"

	Width, Depth, Heads, Hidden int // Hidden is the width inside the MLP

	Eps  float32
	GELU simd.GELUForm
}

// Check says which field can't be.
func (s Stack) Check() error {
	if s.Depth < 1 {
		return fmt.Errorf("%s: depth %d; it must be at least 1", s.Blocks, s.Depth)
	}
	return checkWidth(s.Blocks, s.Width, s.Heads)
}

// Specs lists the parameters in forward order, starting by the rule.
func (s Stack) Specs(r Rule) []nn.ParamSpec {
	var specs []nn.ParamSpec
	d, hidden := s.Width, s.Hidden
	for l := range s.Depth {
		b := s.block(l + 1)
		specs = append(specs, normSpecs(b+"norm1", d)...)
		specs = append(specs, r.LinearSpecs(b+"attn.qkv", 3*d, d)...)
		specs = append(specs, linearSpecs(b+"attn.proj", []int{d, d}, r.residual(d, d, l+1))...)
		specs = append(specs, normSpecs(b+"norm2", d)...)
		specs = append(specs, r.LinearSpecs(b+"mlp.fc1", hidden, d)...)
		specs = append(specs, linearSpecs(b+"mlp.fc2", []int{d, hidden}, r.residual(d, hidden, l+1))...)
	}
	return append(specs, normSpecs(s.Norm, d)...)
}

// block returns the prefix of the names in block l, counted from 1.
func (s Stack) block(l int) string { return fmt.Sprintf("%s.%d.", s.Blocks, l-1) }

// Hooks lets others see into a stack and bias its attention.
type Hooks struct {
	// Tap asks for Trace.Attention.
	Tap bool

	// Gate, if set, is called before block l = 1..L is recorded, with the
	// tokens entering it, and returns a bias to add to the block's attention
	// logits, or the zero Tensor for none.
	Gate func(l int, x nn.Tensor) nn.Tensor
}

// Trace is what recording a stack leaves behind.
type Trace struct {
	Tokens    []nn.Tensor       // l = 0..depth: the input, then the residual stream after block l
	Attention []nn.AttentionTap // l-1 = 0..depth-1: of block l; nil unless tapped
}

// Last returns the residual stream after the last block recorded.
func (t Trace) Last() nn.Tensor { return t.Tokens[len(t.Tokens)-1] }

// Record appends the first depth blocks, without the norm behind them. x is
// [B, tokens, D].
func (s Stack) Record(p *nn.Program, x nn.Tensor, depth int, h Hooks) Trace {
	if depth < 0 || depth > s.Depth {
		panic(fmt.Sprintf("vit: %s: %d blocks asked for, there are %d", s.Blocks, depth, s.Depth))
	}
	t := Trace{Tokens: []nn.Tensor{x}}
	for l := 1; l <= depth; l++ {
		o := nn.AttentionOptions{Tap: h.Tap}
		if h.Gate != nil {
			o.Bias = h.Gate(l, x)
		}
		b := s.block(l)
		y := norm(p, b+"norm1", x, s.Eps)
		a, tap := p.Attention(linear(p, b+"attn.qkv", y), s.Heads, o)
		if h.Tap {
			t.Attention = append(t.Attention, tap)
		}
		x = p.LinearAdd(a, p.Param(b+"attn.proj.weight"), p.Param(b+"attn.proj.bias"), x)
		y = norm(p, b+"norm2", x, s.Eps)
		y = p.LinearGELU(y, p.Param(b+"mlp.fc1.weight"), p.Param(b+"mlp.fc1.bias"), s.GELU)
		x = p.LinearAdd(y, p.Param(b+"mlp.fc2.weight"), p.Param(b+"mlp.fc2.bias"), x)
		t.Tokens = append(t.Tokens, x)
	}
	return t
}

// Final appends the norm behind the blocks.
func (s Stack) Final(p *nn.Program, x nn.Tensor) nn.Tensor { return norm(p, s.Norm, x, s.Eps) }

func norm(p *nn.Program, name string, x nn.Tensor, eps float32) nn.Tensor {
	return p.LayerNorm(x, p.Param(name+".weight"), p.Param(name+".bias"), eps)
}

func linear(p *nn.Program, name string, x nn.Tensor) nn.Tensor {
	return p.Linear(x, p.Param(name+".weight"), p.Param(name+".bias"))
}
