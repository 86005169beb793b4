package mim

import (
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/vit"
)

// Method is one way of pre-training an encoder by corrupting images and asking
// for what is missing. Its settings are fixed when it is made; it holds no
// state that training changes: that lies in the program's tensors.
// Corrupt may be called from several goroutines at once for different images.
type Method interface {
	// Config returns the settings in force, every default filled in.
	Config() Config

	// Specs lists the parameters, encoder first.
	Specs() []nn.ParamSpec

	// Layout gives the sizes of the host buffers of a Batch.
	Layout() Layout

	// Corrupt draws the corruption of one image and writes image i of the
	// batch. The draws depend on the key alone.
	Corrupt(b *Batch, i int, key Key)

	// Record appends the forward pass of a batch to the program.
	Record(p *nn.Program, o RecordOptions) *Forward

	// AfterStep appends what follows the optimizer's update in every step
	// (averages of weights, codebooks), or nothing.
	AfterStep(p *nn.Program)

	// Features appends the encoder's view of intact images [B,S,S,C] for
	// probes, [B,D] for each of the given layers (0 to Layers): see
	// vit.Config.Features.
	Features(p *nn.Program, images nn.Tensor, layers ...int) []nn.Tensor

	// Layers returns the deepest layer of Features.
	Layers() int
}

// RecordOptions says what a recorded forward pass shows besides its loss.
type RecordOptions struct {
	// Tap asks for Forward.Taps.
	Tap bool

	// Gate, if set, is called while recording before each block of each
	// network that holds mask tokens, layer = 1..L, and returns a bias to add to
	// that block's attention logits, or the zero Tensor for none. The tap has
	// Tokens[:layer] by then. Gate implies Tap.
	Gate func(tap *Tap, layer int) nn.Tensor
}

// Forward is a recorded forward pass. B images, N patches, P = p*p*C.
type Forward struct {
	Inputs Inputs
	Terms  []Term // of the loss, in order; the total is their weighted sum

	Pred   nn.Tensor // [B,N,P] prediction
	Target nn.Tensor // [B,N,P] target, no gradient
	Weight nn.Tensor // [B,N] weight of a patch in the loss, 1 = masked

	Taps []*Tap // one a network that holds mask tokens; nil unless asked for
}

// Term is one named part of the loss.
type Term struct {
	Name string
	nn.Term
}

// Loss appends the weighted sum of the terms to the program and returns it, [1].
// The terms' values are kept: they can be downloaded after a step.
func (f *Forward) Loss(p *nn.Program) nn.Tensor {
	terms := make([]nn.Term, len(f.Terms))
	for i, t := range f.Terms {
		terms[i] = t.Term
		p.Keep(t.Value)
	}
	return p.WeightedSum(terms)
}

// taps reports whether the forward pass must show its taps.
func (o RecordOptions) taps() bool { return o.Tap || o.Gate != nil }

// RecordBlocks appends all blocks of a network that holds mask tokens, without
// the norm behind them, and returns the residual stream after the last one. x
// [B,ClassTokens+N,D] is what enters block 1. If taps are asked for, it completes
// the tap with Tokens, Attention, Visible and Masked, asks the gate before each
// block, and adds the tap to f.Taps and the index inputs to f.Inputs. Methods
// call it for each such network, so that taps and gates need no line in them.
func (o RecordOptions) RecordBlocks(p *nn.Program, s vit.Stack, x nn.Tensor, tap *Tap, l Layout, f *Forward) nn.Tensor {
	if !o.taps() {
		return s.Record(p, x, s.Depth, vit.Hooks{}).Last()
	}
	if !f.Inputs.Visible.Valid() {
		f.Inputs.Visible = p.IndexInput("visible", l.Images, l.Visible)
	}
	if !f.Inputs.Masked.Valid() {
		f.Inputs.Masked = p.IndexInput("masked", l.Images, l.Masked)
	}
	tap.Visible, tap.Masked = f.Inputs.Visible, f.Inputs.Masked
	f.Taps = append(f.Taps, tap)
	hooks := vit.Hooks{Tap: true}
	if o.Gate != nil {
		hooks.Gate = func(l int, x nn.Tensor) nn.Tensor {
			tap.Tokens = append(tap.Tokens, x)
			return o.Gate(tap, l)
		}
	}
	trace := s.Record(p, x, s.Depth, hooks)
	tap.Tokens, tap.Attention = trace.Tokens, trace.Attention
	return trace.Last()
}

// noAfterStep is embedded by methods without an after-step hook.
type noAfterStep struct{}

func (noAfterStep) AfterStep(*nn.Program) {}
