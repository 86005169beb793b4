package mim

import (
	"fmt"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/vit"
)

// MAE (He et al., CVPR 2022; methods.md 3). The encoder sees the visible patches
// only; a light decoder sees their encodings and mask tokens and predicts the
// masked patches, each normalised by its own mean and deviation:
//
//	x_v  = z_v + pos_v                     for the visible patches
//	y_v  = decoder_embed(norm(blocks(x)))_v
//	pred = decoder_pred(decoder_norm(decoder_blocks([y, e] in image order + pos)))
//	t_i  = (patch_i - mean) / sqrt(var + eps)         var unbiased
//	loss = mean over masked patches of mean over numbers of (pred - t)^2
//
// Ours: visible patches stay in image order (MAE's are shuffled, which attention
// doesn't see), no class token by default. Patches of the target count row,
// column, channel, as MAE's do.
type mae struct {
	noAfterStep
	config Config
	masker Uniform
}

var _ Method = (*mae)(nil)

const (
	maeRatio      = 0.75
	maeNormPixEps = 1e-6
)

func init() { Register("mae", newMAE) }

func newMAE(c Config) (Method, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.Unit = 0
	if c.Ratio == 0 {
		c.Ratio = maeRatio
	}
	switch {
	case c.RawPixels:
		c.NormPixEps = 0
	case c.NormPixEps == 0:
		c.NormPixEps = maeNormPixEps
	case !(c.NormPixEps > 0):
		return nil, fmt.Errorf("norm-pix eps %g; it must be positive (1e-6 is the paper's)", c.NormPixEps)
	}
	if !c.RawPixels && c.Model.PatchLen() < 2 {
		return nil, fmt.Errorf("patches of %d number have no deviation to normalise by; ask for raw pixels", c.Model.PatchLen())
	}
	masker, err := NewUniform(c.Model.Patches(), c.Ratio)
	if err != nil {
		return nil, err
	}
	m := &mae{config: c, masker: masker}
	return m, m.decoder().Check()
}

func (m *mae) Config() Config { return m.config }

// decoder returns the decoder's blocks.
func (m *mae) decoder() vit.Stack {
	c := m.config
	return vit.Stack{
		Blocks: "decoder_blocks", Norm: "decoder_norm",
		Width: c.DecoderWidth, Depth: c.DecoderDepth, Heads: c.DecoderHeads,
		Hidden: c.Model.MLPRatio * c.DecoderWidth,
		Eps:    c.Model.Eps, GELU: c.Model.GELU,
	}
}

func (m *mae) Specs() []nn.ParamSpec {
	v, d := m.config.Model, m.decoder()
	specs := v.Specs(vit.RuleMAE)
	specs = append(specs, vit.RuleMAE.LinearSpecs("decoder_embed", d.Width, v.Width)...)
	specs = append(specs, vit.RuleMAE.TokenSpec("mask_token", d.Width))
	specs = append(specs, d.Specs(vit.RuleMAE)...)
	return append(specs, vit.RuleMAE.LinearSpecs("decoder_pred", v.PatchLen(), d.Width)...)
}

func (m *mae) Layout() Layout { return m.config.layout(m.masker.Keep) }

func (m *mae) Corrupt(b *Batch, i int, key Key) {
	var buffer [stackPatches]bool
	masked := maskBuffer(buffer[:], b.Layout.Patches)
	m.masker.Mask(masked, key)
	b.SetMask(i, masked)
}

func (m *mae) Record(p *nn.Program, o RecordOptions) *Forward {
	v, d, l := m.config.Model, m.decoder(), m.Layout()
	f := &Forward{}
	f.Inputs.Images = p.Input("images", l.Images, l.Side, l.Side, l.Channels)
	f.Inputs.Mask = p.Input("mask", l.Images, l.Patches)
	f.Inputs.Visible = p.IndexInput("visible", l.Images, l.Visible)
	f.Inputs.Restore = p.IndexInput("restore", l.Images, l.ClassTokens+l.Patches)

	x := v.Place(p, v.Embed(p, f.Inputs.Images))
	x = v.Prepend(p, p.Gather(x, f.Inputs.Visible))
	x = v.Stack().Record(p, x, v.Depth, vit.Hooks{}).Last()
	x = v.Stack().Final(p, x)

	token := p.Param("mask_token")
	y := p.Linear(x, p.Param("decoder_embed.weight"), p.Param("decoder_embed.bias"))
	tap := &Tap{Network: "decoder", MaskToken: token, ClassTokens: l.ClassTokens}
	if o.taps() {
		tap.EntryVisible = v.Patchwise(p, y)
	}
	x = m.place(p, p.Restore(y, token, f.Inputs.Restore))
	x = o.RecordBlocks(p, d, x, tap, l, f)
	x = d.Final(p, v.Patchwise(p, x))

	f.Pred = p.Linear(x, p.Param("decoder_pred.weight"), p.Param("decoder_pred.bias"))
	f.Target = p.Patchify(f.Inputs.Images, v.Patch, nn.ChannelLast)
	if !m.config.RawPixels {
		f.Target = p.NormalizePatches(f.Target, m.config.NormPixEps)
	}
	f.Weight = f.Inputs.Mask
	f.Terms = []Term{{Name: "pixels", Term: nn.Term{
		Value: p.MaskedMSE(f.Pred, f.Target, f.Weight), Weight: 1,
	}}}
	return f
}

// place adds the decoder's position to all tokens, zero for a class token.
func (m *mae) place(p *nn.Program, x nn.Tensor) nn.Tensor {
	v := m.config.Model
	v.Width = m.config.DecoderWidth
	return p.AddTable(x, p.Const("decoder_pos_embed", v.Position(), v.ClassTokens()+v.Patches(), v.Width))
}

func (m *mae) Features(p *nn.Program, images nn.Tensor, layers ...int) []nn.Tensor {
	return m.config.Model.Features(p, images, layers...)
}

func (m *mae) Layers() int { return m.config.Model.Depth }
