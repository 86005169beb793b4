package mto

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// settings are those of a method that runs in a few milliseconds: 16 patches of
// 2x2 pixels and 2 channels.
func settings() mim.Config {
	return mim.Config{
		Model: vit.Config{Side: 8, Channels: 2, Patch: 2, Width: 16, Depth: 2, Heads: 2, MLPRatio: 2, Eps: 1e-6},
		Batch: 3, DecoderWidth: 8, DecoderDepth: 2, DecoderHeads: 2,
	}
}

// battery runs a test for each method, with and without a class token.
func battery(t *testing.T, f func(t *testing.T, m mim.Method)) {
	for _, name := range mim.Methods() {
		for _, class := range []bool{false, true} {
			c := settings()
			c.Model.ClassToken = class
			m, err := mim.New(name, c)
			require.NoError(t, err)
			if class {
				name += "/class"
			}
			t.Run(name, func(t *testing.T) { f(t, m) })
		}
	}
}

// run is a method in training.
type run struct {
	t    testing.TB
	m    mim.Method
	ps   *nn.Params
	p    *nn.Program
	f    Recorded
	loss nn.Tensor
	dev  nn.Device
	w    []float32 // flat weights at start, away from the usual ones
	b    *mim.Batch

	hyper nn.Tensor
	clock *nn.AdamWClock
}

func newRun(t testing.TB, m mim.Method, threads int, record func(p *nn.Program) Recorded) *run {
	t.Helper()
	ps, err := nn.NewParams(m.Specs())
	require.NoError(t, err)
	r := &run{t: t, m: m, ps: ps, p: nn.NewProgram(ps), b: mim.NewBatch(m)}
	r.f = record(r.p)
	r.loss = r.f.Loss(r.p)
	for _, tap := range r.f.Taps { // tests download these
		r.p.Keep(tap.Tokens...)
		for _, a := range tap.Attention {
			r.p.Keep(a.Probs)
		}
	}
	r.p.Backward(r.loss)
	adamw := nn.AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05}
	r.hyper, r.clock = r.p.Hyper(), nn.NewAdamWClock(adamw, 0)
	r.p.ClipNorm(1)
	r.p.AdamW(adamw, r.hyper)
	pool := simd.NewPool(threads)
	t.Cleanup(pool.Close)
	r.dev = nn.NewCPU(pool)
	require.NoError(t, r.dev.Load(r.p))

	random := rand.New(rand.NewPCG(7, 11))
	r.w = ps.Initial(3)
	for _, n := range ps.Names() {
		for i, v := range ps.Slice(r.w, n) {
			ps.Slice(r.w, n)[i] = v + float32(0.1*random.NormFloat64())
		}
	}
	require.NoError(t, r.dev.UploadState(ps, nn.Weights, r.w))
	if r.f.Schedule.Valid() {
		require.NoError(t, r.dev.Upload(r.f.Schedule, []float32{1}))
	}
	r.draw(0)
	return r
}

func newRunOf(t testing.TB, m mim.Method, c Config) *run {
	return newRun(t, m, 1, func(p *nn.Program) Recorded { return Record(p, m, c, Options{}) })
}

// draw fills the batch of the given step.
func (r *run) draw(step int) {
	random := rand.New(rand.NewPCG(5, uint64(step)))
	for i := range r.b.Images {
		r.b.Images[i] = float32(random.NormFloat64())
	}
	for i := range r.m.Layout().Images {
		r.m.Corrupt(r.b, i, mim.Key{Seed: 5, Epoch: uint32(step), Image: uint32(100 + i)})
	}
}

// step replays one step on the batch as it stands, and returns the loss. rate 0
// leaves the weights alone.
func (r *run) step(rate float32) float32 {
	r.t.Helper()
	hyper := make([]float32, nn.NumHyper)
	hyper[nn.HyperLR] = rate
	hyper[nn.HyperCorrect1], hyper[nn.HyperCorrect2] = r.clock.Next()
	require.NoError(r.t, r.dev.Upload(r.hyper, hyper))
	require.NoError(r.t, r.b.Upload(r.dev, r.f.Inputs))
	require.NoError(r.t, r.dev.Step(r.p))
	return r.get(r.loss)[0]
}

func (r *run) get(x nn.Tensor) []float32 {
	r.t.Helper()
	data := make([]float32, x.Len())
	require.NoError(r.t, r.dev.Download(data, x))
	return data
}

func (r *run) state(which nn.State) []float32 {
	r.t.Helper()
	x := make([]float32, r.ps.Len())
	require.NoError(r.t, r.dev.DownloadState(x, r.ps, which))
	return x
}

func (r *run) upload(w []float32) {
	r.t.Helper()
	require.NoError(r.t, r.dev.UploadState(r.ps, nn.Weights, w))
}

func preset(t testing.TB, name string) Config {
	t.Helper()
	c, err := Preset(name)
	require.NoError(t, err)
	return c
}
