package nn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// From a constant to a trained network, each test a step up. Read this file
// first.

func newDevice(t testing.TB, threads int) *CPU {
	pool := simd.NewPool(threads)
	t.Cleanup(pool.Close)
	return NewCPU(pool)
}

func download(t testing.TB, d Device, x Tensor) []float32 {
	t.Helper()
	v := make([]float32, x.Len())
	require.NoError(t, d.Download(v, x))
	return v
}

func TestTinyConstant(t *testing.T) {
	p := NewProgram(mustParams(t))
	c := p.Const("c", []float32{1, 2, 3}, 3)
	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	require.NoError(t, d.Step(p))
	require.Equal(t, []float32{1, 2, 3}, download(t, d, c))
}

func TestTinySum(t *testing.T) {
	p := NewProgram(mustParams(t))
	x := p.Input("x", 3)
	y := p.Add(p.Scale(x, 2), p.Const("c", []float32{1, 2, 3}, 3))
	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	require.NoError(t, d.Upload(x, []float32{10, 20, 30}))
	require.NoError(t, d.Step(p))
	require.Equal(t, []float32{21, 42, 63}, download(t, d, y))
}

func TestTinyLinear(t *testing.T) {
	p := NewProgram(mustParams(t,
		ParamSpec{Name: "weight", Shape: []int{2, 3}, Init: InitTable([]float32{1, 2, 3, 4, 5, 6})},
		ParamSpec{Name: "bias", Shape: []int{2}, Init: InitTable([]float32{0.5, -0.5})}))
	x := p.Input("x", 1, 3)
	y := p.Linear(x, p.Param("weight"), p.Param("bias"))
	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	require.NoError(t, d.UploadState(p.Params(), Weights, p.Params().Initial(0)))
	require.NoError(t, d.Upload(x, []float32{1, 0, -1}))
	require.NoError(t, d.Step(p))
	require.Equal(t, []float32{-1.5, -2.5}, download(t, d, y))
}

func TestTinyGradient(t *testing.T) {
	// loss = (3w - 6)²/1 at w = 1: gradient 2·(3-6)·3 = -18.
	p := NewProgram(mustParams(t, ParamSpec{Name: "w", Shape: []int{1, 1}, Init: InitOnes()}))
	x := p.Const("x", []float32{3}, 1, 1)
	target := p.Const("target", []float32{6}, 1, 1)
	mask := p.Const("mask", []float32{1}, 1)
	loss := p.MaskedMSE(p.Linear(x, p.Param("w"), Tensor{}), target, mask)
	p.Backward(loss)
	dw, ok := p.Gradient(p.Param("w"))
	require.True(t, ok)
	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	require.NoError(t, d.UploadState(p.Params(), Weights, p.Params().Initial(0)))
	require.NoError(t, d.Step(p))
	require.Equal(t, []float32{9}, download(t, d, loss))
	require.Equal(t, []float32{-18}, download(t, d, dw))
}

// Exclusive or needs a hidden layer, so forward, backward and AdamW all work.
func TestTinyExclusiveOr(t *testing.T) {
	ps := mustParams(t,
		ParamSpec{Name: "fc1.weight", Shape: []int{8, 2}, Init: InitNormal(1), Decay: true},
		ParamSpec{Name: "fc1.bias", Shape: []int{8}},
		ParamSpec{Name: "fc2.weight", Shape: []int{1, 8}, Init: InitNormal(1), Decay: true},
		ParamSpec{Name: "fc2.bias", Shape: []int{1}})
	p := NewProgram(ps)
	x := p.Const("x", []float32{-1, -1, -1, 1, 1, -1, 1, 1}, 4, 2)
	target := p.Const("target", []float32{-1, 1, 1, -1}, 4, 1)
	ones := p.Const("ones", []float32{1, 1, 1, 1}, 4)
	h := p.LinearGELU(x, p.Param("fc1.weight"), p.Param("fc1.bias"), simd.GELUTanh)
	y := p.Linear(h, p.Param("fc2.weight"), p.Param("fc2.bias"))
	p.Keep(y)
	loss := p.MaskedMSE(y, target, ones)
	p.Backward(loss)
	p.ClipNorm(1)
	c := AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8}
	p.AdamW(c, p.Hyper())

	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	require.NoError(t, d.UploadState(ps, Weights, ps.Initial(1)))
	clock := NewAdamWClock(c, 0)
	for range 200 {
		c1, c2 := clock.Next()
		require.NoError(t, d.Upload(p.Hyper(), []float32{HyperLR: 0.02, HyperCorrect1: c1, HyperCorrect2: c2, HyperAverage: 0}))
		require.NoError(t, d.Step(p))
	}
	require.Less(t, download(t, d, loss)[0], float32(1e-3))
	for i, v := range download(t, d, y) {
		require.InDelta(t, []float64{-1, 1, 1, -1}[i], float64(v), 0.1)
	}
}

// tinyNet is a masked autoencoder of one block on four images of 8x8x3 in which
// every operation of the package has a part. It is small enough for differences
// and large enough to learn.
type tinyNet struct {
	ps                         *Params
	p                          *Program
	images, mask               Tensor
	keep, order                Tensor
	loss, l1, mse, probs, mean Tensor
	config                     AdamWConfig
}

const (
	tinyBatch = 4
	tinySide  = 8
	tinyPatch = 2
	tinyN     = 16
	tinyKeep  = 6
	tinyD     = 24
	tinyP     = tinyPatch * tinyPatch * 3
)

func tinySpecs() []ParamSpec {
	weight := func(name string, out, in int) ParamSpec {
		return ParamSpec{Name: name, Shape: []int{out, in}, Init: InitXavierUniform(in, out), Decay: true}
	}
	bias := func(name string, n int) ParamSpec { return ParamSpec{Name: name, Shape: []int{n}} }
	gain := func(name string, n int) ParamSpec { return ParamSpec{Name: name, Shape: []int{n}, Init: InitOnes()} }
	token := func(name string) ParamSpec {
		return ParamSpec{Name: name, Shape: []int{1, 1, tinyD}, Init: InitNormal(0.02)}
	}
	return []ParamSpec{
		{Name: "patch_embed.proj.weight", Shape: []int{tinyD, 3, tinyPatch, tinyPatch}, Init: InitXavierUniform(tinyP, tinyD), Decay: true},
		bias("patch_embed.proj.bias", tinyD), token("mask_token"), token("decoder_token"), token("extra_token"),
		gain("norm1.weight", tinyD), bias("norm1.bias", tinyD),
		weight("attn.qkv.weight", 3*tinyD, tinyD), bias("attn.qkv.bias", 3*tinyD),
		weight("attn.proj.weight", tinyD, tinyD), bias("attn.proj.bias", tinyD),
		gain("norm2.weight", tinyD), bias("norm2.bias", tinyD),
		weight("mlp.fc1.weight", 2*tinyD, tinyD), bias("mlp.fc1.bias", 2*tinyD),
		weight("mlp.fc2.weight", tinyD, 2*tinyD), bias("mlp.fc2.bias", tinyD),
		weight("head.weight", tinyP, tinyD), bias("head.bias", tinyP),
	}
}

func (n *tinyNet) block(x Tensor, o AttentionOptions) (Tensor, AttentionTap) {
	p := n.p
	h := p.LayerNorm(x, p.Param("norm1.weight"), p.Param("norm1.bias"), 1e-6)
	h, tap := p.Attention(p.Linear(h, p.Param("attn.qkv.weight"), p.Param("attn.qkv.bias")), 3, o)
	x = p.LinearAdd(h, p.Param("attn.proj.weight"), p.Param("attn.proj.bias"), x)
	h = p.LayerNorm(x, p.Param("norm2.weight"), p.Param("norm2.bias"), 1e-6)
	h = p.LinearGELU(h, p.Param("mlp.fc1.weight"), p.Param("mlp.fc1.bias"), simd.GELUTanh)
	return p.LinearAdd(h, p.Param("mlp.fc2.weight"), p.Param("mlp.fc2.bias"), x), tap
}

func newTinyNet(t testing.TB) *tinyNet {
	n := &tinyNet{ps: mustParams(t, tinySpecs()...), config: AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05}}
	n.p = NewProgram(n.ps)
	p := n.p
	n.images = p.Input("images", tinyBatch, tinySide, tinySide, 3)
	n.mask = p.Input("mask", tinyBatch, tinyN)
	n.keep = p.IndexInput("keep", tinyBatch, tinyKeep)
	n.order = p.IndexInput("order", tinyBatch, tinyN)
	position := make([]float32, tinyN*tinyD)
	for i := range position {
		position[i] = float32(i%7-3) / 6
	}
	table := p.Const("pos_embed", position, tinyN, tinyD)

	target := p.Patchify(n.images, tinyPatch, ChannelLast)
	z := p.Linear(p.Patchify(n.images, tinyPatch, ChannelFirst), p.Param("patch_embed.proj.weight"), p.Param("patch_embed.proj.bias"))

	// SimMIM: mask tokens in the encoder, L1 on raw pixels.
	x, tap := n.block(p.AddTable(p.SelectTokens(z, p.Param("mask_token"), n.mask), table), AttentionOptions{Tap: true})
	n.probs = tap.Probs
	n.l1 = p.MaskedL1(p.Linear(x, p.Param("head.weight"), p.Param("head.bias")), target, n.mask, 3, 1e-5)

	// MAE: visible rows only, mask tokens behind the encoder, MSE on normalised patches.
	bias := p.Const("gate", make([]float32, tinyN*tinyN), 1, 1, tinyN, tinyN)
	v, _ := n.block(p.Gather(p.AddTable(z, table), n.keep), AttentionOptions{})
	v = p.Add(v, p.Broadcast(p.Param("extra_token"), tinyBatch, tinyKeep))
	u, _ := n.block(p.AddTable(p.Restore(v, p.Param("decoder_token"), n.order), table), AttentionOptions{Bias: bias})
	pred := p.Linear(p.GELU(u, simd.GELUErf), p.Param("head.weight"), p.Param("head.bias"))
	n.mse = p.MaskedMSE(pred, p.NormalizePatches(target, 1e-6), n.mask)
	n.mean = p.MeanTokens(p.LayerNorm(p.Detach(u), Tensor{}, Tensor{}, 1e-6))

	p.Keep(n.probs, n.l1, n.mse)
	n.loss = p.WeightedSum([]Term{{Value: n.l1, Weight: 1}, {Value: n.mse, Weight: 0.5}})
	p.Backward(n.loss)
	p.ClipNorm(1)
	p.AdamW(n.config, p.Hyper())
	p.Average(p.Hyper())
	return n
}

// feed uploads images, masks and indices for the given epoch: smooth images, so
// that masked patches can be told from the visible ones.
func (n *tinyNet) feed(t testing.TB, d Device, epoch uint32) {
	images := make([]float32, n.images.Len())
	mask := make([]float32, n.mask.Len())
	keep := make([]int32, n.keep.Len())
	order := make([]int32, n.order.Len())
	for b := range tinyBatch {
		crop := NewStream(1, "crop").At(0, uint32(b)) // the same images every epoch
		for i := range tinySide * tinySide {
			y, x := float32(i/tinySide), float32(i%tinySide)
			for c := range 3 {
				slope := float32(float32(b)*(y-3.5)) - float32(float32(c+1)*(x-3.5)) // numerics rule 11
				images[(b*tinySide*tinySide+i)*3+c] = slope/6 + float32(0.1*crop.Uniform())
			}
		}
		perm := Permutation(NewStream(1, "mask"), epoch*tinyBatch+uint32(b), tinyN)
		for i, j := range perm {
			if i < tinyKeep {
				keep[b*tinyKeep+i] = j
			} else {
				mask[b*tinyN+int(j)] = 1
			}
			order[b*tinyN+int(j)] = int32(i)
		}
	}
	require.NoError(t, d.Upload(n.images, images))
	require.NoError(t, d.Upload(n.mask, mask))
	require.NoError(t, d.UploadIndex(n.keep, keep))
	require.NoError(t, d.UploadIndex(n.order, order))
}

// start loads the net with its initial weights.
func (n *tinyNet) start(t testing.TB, d Device) {
	require.NoError(t, d.Load(n.p))
	w := n.ps.Initial(1)
	require.NoError(t, d.UploadState(n.ps, Weights, w))
	require.NoError(t, d.UploadState(n.ps, Averaged, w))
}

// train runs steps steps and returns the losses.
func (n *tinyNet) train(t testing.TB, d Device, steps int, lr float32) []float32 {
	clock := NewAdamWClock(n.config, 0)
	losses := make([]float32, 0, steps)
	for i := range steps {
		n.feed(t, d, uint32(i))
		c1, c2 := clock.Next()
		require.NoError(t, d.Upload(n.p.Hyper(), []float32{HyperLR: lr, HyperCorrect1: c1, HyperCorrect2: c2, HyperAverage: 0.9}))
		require.NoError(t, d.Step(n.p))
		losses = append(losses, download(t, d, n.p.Stats())[StatLoss])
	}
	return losses
}

func TestTinyNetLearns(t *testing.T) {
	n := newTinyNet(t)
	d := newDevice(t, 2)
	n.start(t, d)
	losses := n.train(t, d, 150, 3e-3)
	require.Less(t, losses[149], 0.6*losses[0])
	require.False(t, math.IsNaN(float64(losses[149])))
	for r := range 3 { // attention rows are distributions
		sum := 0.0
		for _, v := range download(t, d, n.probs)[r*tinyN:][:tinyN] {
			sum += float64(v)
		}
		require.InDelta(t, 1, sum, 1e-5)
	}
}
