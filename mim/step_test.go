package mim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// tiny returns settings that every method runs in a few milliseconds: 16
// patches of 2x2 pixels and 2 channels.
func tiny(t testing.TB) Config {
	t.Helper()
	c := Config{
		Model: vit.Config{Side: 8, Channels: 2, Patch: 2, Width: 16, Depth: 2, Heads: 2, MLPRatio: 2, Eps: 1e-6},
		Batch: 3, DecoderWidth: 8, DecoderDepth: 2, DecoderHeads: 2,
	}
	require.NoError(t, c.Model.Check())
	return c
}

// withClassToken is tiny with the settings that aren't the default.
func withClassToken(t testing.TB) Config {
	c := tiny(t)
	c.Model.ClassToken = true
	c.Model.GELU = simd.GELUErf
	return c
}

func blockName(prefix string, l int) string { return fmt.Sprintf("%s.%d", prefix, l) }

// ours returns the registered methods without the example's.
func ours() []string {
	return slices.DeleteFunc(Methods(), func(name string) bool { return name == "halves" })
}

// step is a method on a device with a batch and weights far from their start,
// forward and backward.
type step struct {
	t     testing.TB
	m     Method
	ps    *nn.Params
	p     *nn.Program
	f     *Forward
	loss  nn.Tensor
	dev   nn.Device
	w     []float32 // flat weights
	batch *Batch
}

func newStep(t testing.TB, name string, c Config, o RecordOptions, threads int) *step {
	t.Helper()
	m, err := New(name, c)
	require.NoError(t, err)
	return newStepOf(t, m, threads, func(p *nn.Program) *Forward { return m.Record(p, o) })
}

// newStepOf appends the given rests of a step behind the gradients.
func newStepOf(t testing.TB, m Method, threads int, record func(p *nn.Program) *Forward, rest ...func(p *nn.Program)) *step {
	t.Helper()
	ps, err := nn.NewParams(m.Specs())
	require.NoError(t, err)
	s := &step{t: t, m: m, ps: ps, p: nn.NewProgram(ps), batch: NewBatch(m)}
	s.f = record(s.p)
	s.loss = s.f.Loss(s.p)
	s.p.Backward(s.loss)
	s.keep()
	for _, f := range rest {
		f(s.p)
	}
	pool := simd.NewPool(threads)
	t.Cleanup(pool.Close)
	s.dev = nn.NewCPU(pool)
	require.NoError(t, s.dev.Load(s.p))

	r := rand.New(rand.NewPCG(7, 11))
	s.w = ps.Initial(3)
	for _, n := range ps.Names() {
		for i, v := range ps.Slice(s.w, n) {
			ps.Slice(s.w, n)[i] = v + float32(0.1*r.NormFloat64())
		}
	}
	for i := range s.batch.Images {
		s.batch.Images[i] = float32(r.NormFloat64())
	}
	for i := range m.Layout().Images {
		m.Corrupt(s.batch, i, Key{Seed: 5, Epoch: 1, Image: uint32(100 + i)})
	}
	return s
}

// keep asks for what tests download: what the forward pass shows, and gradients
// of the prediction and of what enters the blocks.
func (s *step) keep() {
	shown := []nn.Tensor{s.f.Pred, s.f.Target}
	for _, tap := range s.f.Taps {
		shown = append(shown, tap.EntryVisible, tap.Tokens[0])
		for _, a := range tap.Attention {
			shown = append(shown, a.Probs)
		}
	}
	s.p.Keep(shown...)
	for _, t := range shown {
		if d, ok := s.p.Gradient(t); ok {
			s.p.Keep(d)
		}
	}
}

// run uploads weights and batch, replays, and returns the loss.
func (s *step) run() float32 {
	s.t.Helper()
	require.NoError(s.t, s.dev.UploadState(s.ps, nn.Weights, s.w))
	require.NoError(s.t, s.batch.Upload(s.dev, s.f.Inputs))
	require.NoError(s.t, s.dev.Step(s.p))
	return s.get(s.loss)[0]
}

func (s *step) get(x nn.Tensor) []float32 {
	s.t.Helper()
	data := make([]float32, x.Len())
	require.NoError(s.t, s.dev.Download(data, x))
	return data
}

func (s *step) gradients() []float32 {
	s.t.Helper()
	g := make([]float32, s.ps.Len())
	require.NoError(s.t, s.dev.DownloadState(g, s.ps, nn.Grads))
	return g
}

// pixel returns where in Batch.Images the pixel (y, x, channel) of patch j of
// image i is.
func (s *step) pixel(i, j, y, x, channel int) int {
	v := s.m.Config().Model
	y, x = j/v.Grid()*v.Patch+y, j%v.Grid()*v.Patch+x
	return ((i*v.Side+y)*v.Side+x)*v.Channels + channel
}
