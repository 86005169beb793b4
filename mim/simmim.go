package mim

import (
	"fmt"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/vit"
)

// SimMIM (Xie et al., CVPR 2022; methods.md 2). The embeddings of masked patches
// are replaced by one learned vector e inside the encoder's input, the encoder
// runs over all patches, and a linear head predicts raw pixels:
//
//	x_i  = (1-w_i) z_i + w_i e + pos_i         w_i = 1 for masked patches
//	pred = head(norm(blocks(x)))
//	loss = sum over masked pixels and channels of |target - pred|
//	       / ((masked pixels + 1e-5) * C)
//
// The target is the standardised image, not normalised by patch.
//
// Ours: fixed sin-cos position added after the substitution (the paper's model
// has a relative bias), no class token by default, plain blocks, and the BEiT
// start with plain normal draws (vit.RuleBEiT). The head keeps the published
// name decoder.0, with a weight of (p*p*C, D) whose rows count channel, row,
// column as a pixel shuffle does; as a 1x1 convolution it is (p*p*C, D, 1, 1).
type simMIM struct {
	noAfterStep
	config Config
	masker Coarse
}

var _ Method = (*simMIM)(nil)

const (
	simMIMRatio = 0.6
	simMIMGuard = 1e-5 // added to the count of masked pixels
)

func init() { Register("simmim", newSimMIM) }

func newSimMIM(c Config) (Method, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c = Config{Model: c.Model, Batch: c.Batch, Ratio: c.Ratio, Unit: c.Unit}
	if c.Ratio == 0 {
		c.Ratio = simMIMRatio
	}
	v := c.Model
	if c.Unit == 0 {
		c.Unit = DefaultUnit(v.Grid()) * v.Patch
	}
	if c.Unit < 1 || c.Unit%v.Patch != 0 {
		return nil, fmt.Errorf("mask unit of %d px isn't a multiple of the patch, %d px", c.Unit, v.Patch)
	}
	masker, err := NewCoarse(v.Grid(), c.Unit/v.Patch, c.Ratio)
	if err != nil {
		return nil, err
	}
	return &simMIM{config: c, masker: masker}, nil
}

func (m *simMIM) Config() Config { return m.config }

func (m *simMIM) Specs() []nn.ParamSpec {
	v := m.config.Model
	specs := v.Specs(vit.RuleBEiT)
	specs = append(specs, vit.RuleBEiT.TokenSpec("mask_token", v.Width))
	return append(specs, vit.RuleBEiT.LinearSpecs("decoder.0", v.PatchLen(), v.Width)...)
}

func (m *simMIM) Layout() Layout {
	return m.config.layout(m.config.Model.Patches() - m.masker.MaskedPatches())
}

func (m *simMIM) Corrupt(b *Batch, i int, key Key) {
	var buffer [stackPatches]bool
	masked := maskBuffer(buffer[:], b.Layout.Patches)
	m.masker.Mask(masked, key)
	b.SetMask(i, masked)
}

func (m *simMIM) Record(p *nn.Program, o RecordOptions) *Forward {
	c := m.config
	images := p.Input("images", c.Batch, c.Model.Side, c.Model.Side, c.Model.Channels)
	f := m.record(p, images, images, o)
	f.Inputs.Images = images
	return f
}

// record takes the images that are corrupted and those that are predicted
// apart, so that tests can change one and not the other.
func (m *simMIM) record(p *nn.Program, images, targets nn.Tensor, o RecordOptions) *Forward {
	v, l := m.config.Model, m.Layout()
	f := &Forward{Inputs: Inputs{Mask: p.Input("mask", l.Images, l.Patches)}}

	token := p.Param("mask_token")
	z := v.Embed(p, images)
	x := v.Prepend(p, v.Place(p, p.SelectTokens(z, token, f.Inputs.Mask)))
	tap := &Tap{Network: "encoder", MaskToken: token, EntryVisible: z, ClassTokens: l.ClassTokens}
	x = o.RecordBlocks(p, v.Stack(), x, tap, l, f)
	x = v.Stack().Final(p, v.Patchwise(p, x))

	f.Pred = p.Linear(x, p.Param("decoder.0.weight"), p.Param("decoder.0.bias"))
	f.Target = p.Patchify(targets, v.Patch, nn.ChannelFirst)
	f.Weight = f.Inputs.Mask
	f.Terms = []Term{{Name: "pixels", Term: nn.Term{
		Value: p.MaskedL1(f.Pred, f.Target, f.Weight, v.Channels, simMIMGuard), Weight: 1,
	}}}
	return f
}

func (m *simMIM) Features(p *nn.Program, images nn.Tensor, layers ...int) []nn.Tensor {
	return m.config.Model.Features(p, images, layers...)
}

func (m *simMIM) Layers() int { return m.config.Model.Depth }
