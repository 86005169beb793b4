package nn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// updateNet is loss = |w·x - t| style: parameters "w" (decayed) and "b", whose
// gradients are the uploaded inputs themselves.
func updateNet(t *testing.T, clip float64, c AdamWConfig) (*Program, Tensor, *CPU) {
	ps := mustParams(t,
		ParamSpec{Name: "w", Shape: []int{3}, Decay: true, Init: InitTable([]float32{1, -2, 3})},
		ParamSpec{Name: "b", Shape: []int{2}, Init: InitTable([]float32{0.5, -0.25})})
	p := NewProgram(ps)
	gw, gb := p.Input("gw", 1, 3), p.Input("gb", 1, 2)
	// <w, gw> + <b, gb>: the gradient of a parameter is the input beside it.
	sum := p.Add(
		p.Linear(gw, p.Reshape(p.Param("w"), 1, 3), Tensor{}),
		p.Linear(gb, p.Reshape(p.Param("b"), 1, 2), Tensor{}))
	loss := p.WeightedSum([]Term{{Value: p.Reshape(sum, 1), Weight: 1}})
	p.Backward(loss)
	p.ClipNorm(clip)
	p.AdamW(c, p.Hyper())
	p.Average(p.Hyper())
	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	require.NoError(t, d.UploadState(ps, Weights, ps.Initial(0)))
	require.NoError(t, d.UploadState(ps, Averaged, ps.Initial(0)))
	return p, loss, d
}

func upload(t *testing.T, p *Program, d *CPU, name string, v ...float32) {
	t.Helper()
	in, ok := p.Lookup(name)
	require.True(t, ok)
	require.NoError(t, d.Upload(in, v))
}

// AdamW and the average against the formulas in float64.
func TestAdamWAndAverage(t *testing.T) {
	c := AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05}
	p, _, d := updateNet(t, 1, c)
	ps := p.Params()
	w := []float64{1, -2, 3, 0.5, -0.25}
	avg := append([]float64{}, w...)
	m, v := make([]float64, 5), make([]float64, 5)
	clock := NewAdamWClock(c, 0)
	for step := 1; step <= 20; step++ {
		g := []float64{float64(step), -0.5, 0, 2, 0.25 * float64(step%3)}
		upload(t, p, d, "gw", float32(g[0]), float32(g[1]), float32(g[2]))
		upload(t, p, d, "gb", float32(g[3]), float32(g[4]))
		c1, c2 := clock.Next()
		upload(t, p, d, "hyper", 0.1, c1, c2, 0.75)
		require.NoError(t, d.Step(p))

		norm := 0.0
		for _, x := range g {
			norm += x * x
		}
		norm = math.Sqrt(norm)
		for i := range w {
			x := g[i] / math.Max(norm, 1)
			m[i] = 0.9*m[i] + 0.1*x
			v[i] = 0.95*v[i] + 0.05*x*x
			if i < 3 {
				w[i] -= 0.1 * 0.05 * w[i]
			}
			w[i] -= 0.1 * m[i] / (1 - math.Pow(0.9, float64(step))) / (math.Sqrt(v[i]/(1-math.Pow(0.95, float64(step)))) + 1e-8)
			avg[i] = 0.75*avg[i] + 0.25*w[i]
		}
		stats := download(t, d, p.Stats())
		require.InEpsilon(t, norm, float64(stats[StatNorm]), 1e-6)
		require.InEpsilon(t, 1/math.Max(norm, 1), float64(stats[StatScale]), 1e-6)
	}
	check := func(which State, want []float64) {
		t.Helper()
		flat := make([]float32, ps.Len())
		require.NoError(t, d.DownloadState(flat, ps, which))
		got := append(append([]float32{}, ps.Slice(flat, "w")...), ps.Slice(flat, "b")...)
		for i := range want {
			require.InDelta(t, want[i], float64(got[i]), 2e-5, "%s %d", which, i)
		}
		for i, x := range flat { // padding stays zero
			if i%16 >= 3 {
				require.Zero(t, x)
			}
		}
	}
	check(Weights, w)
	check(Averaged, avg)
	check(Moment1, m)
	check(Moment2, v)
}

func TestClipping(t *testing.T) {
	check := func(clip float64, gw [3]float32, wantNorm, wantScale float32) {
		t.Helper()
		p, loss, d := updateNet(t, clip, AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8})
		upload(t, p, d, "gw", gw[:]...)
		upload(t, p, d, "hyper", 0, 1, 1, 1)
		require.NoError(t, d.Step(p))
		require.Equal(t, []float32{download(t, d, loss)[0], wantNorm, wantScale, 0}, download(t, d, p.Stats()))
		grads := make([]float32, p.Params().Len())
		require.NoError(t, d.DownloadState(grads, p.Params(), Grads))
		require.Equal(t, gw[:], p.Params().Slice(grads, "w")) // unclipped
	}
	check(1, [3]float32{3, 0, 4}, 5, 0.2)
	check(10, [3]float32{3, 0, 4}, 5, 1)
	check(5, [3]float32{3, 0, 4}, 5, 1)
	check(0, [3]float32{3, 0, 4}, 5, 1) // 0: no clipping
	check(1, [3]float32{}, 0, 1)
}

// A loss or norm that isn't finite changes neither weights, nor moments, nor the
// average, is counted, and the next good step goes on as if nothing had been.
func TestNonFiniteStepChangesNothing(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	c := AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05}
	p, _, d := updateNet(t, 1, c)
	ps := p.Params()
	snapshot := func() map[State][]float32 {
		all := map[State][]float32{}
		for _, s := range []State{Weights, Moment1, Moment2, Averaged} {
			all[s] = make([]float32, ps.Len())
			require.NoError(t, d.DownloadState(all[s], ps, s))
		}
		return all
	}
	upload(t, p, d, "hyper", 0.1, 0.1, 0.05, 0.5)
	upload(t, p, d, "gw", 1, 2, 3)
	require.NoError(t, d.Step(p))
	before := snapshot()
	for i, bad := range []float32{nan, inf, -inf, 3e38} { // 3e38: the loss is finite, the norm's square isn't
		upload(t, p, d, "gw", bad, 2, 3)
		require.NoError(t, d.Step(p))
		stats := download(t, d, p.Stats())
		require.Zero(t, stats[StatScale])
		require.Equal(t, float32(i+1), stats[StatSkipped])
		require.Equal(t, before, snapshot())
	}
	require.True(t, finite(float64(download(t, d, p.Stats())[StatLoss])))

	// A loss that isn't finite, with a gradient that is.
	weights := before[Weights]
	good := weights[0]
	weights[0] = inf
	require.NoError(t, d.UploadState(ps, Weights, weights))
	upload(t, p, d, "gw", 1, 2, 3)
	require.NoError(t, d.Step(p))
	stats := download(t, d, p.Stats())
	require.Equal(t, []float32{inf, 0, 5}, []float32{stats[StatLoss], stats[StatScale], stats[StatSkipped]})
	require.True(t, finite(float64(stats[StatNorm])))
	require.Equal(t, before, snapshot())
	weights[0] = good
	require.NoError(t, d.UploadState(ps, Weights, weights))
	upload(t, p, d, "gw", 1, 2, 3)
	require.NoError(t, d.Step(p))
	require.NotEqual(t, before, snapshot())
	require.Equal(t, float32(5), download(t, d, p.Stats())[StatSkipped])
}

func TestUpdateNeedsBackwardAndClip(t *testing.T) {
	p := NewProgram(mustParams(t, normal("w", 1, 1)))
	require.PanicsWithValue(t, "nn: clip-norm: comes before Backward", func() { p.ClipNorm(1) })
	p.Backward(testDot(p, p.Param("w")))
	require.PanicsWithValue(t, "nn: adamw: comes before ClipNorm; call it first, with 0 for no clipping",
		func() { p.AdamW(AdamWConfig{}, p.Hyper()) })
	require.Panics(t, func() { p.Stats() })
	require.Panics(t, func() { p.Backward(p.Param("w")) }) // twice
}

// A factor on a tensor's learning rate or decay does what the same factor on all would, to the bit.
func TestFactorsOfATensorScaleItsLearningRateAndDecay(t *testing.T) {
	values := []float32{1, -2, 3}
	train := func(lr float32, decay float64, spec ParamSpec) []float32 {
		spec.Name, spec.Shape, spec.Decay, spec.Init = "w", []int{3}, true, InitTable(values)
		ps := mustParams(t,
			ParamSpec{Name: "before", Shape: []int{17}, Decay: true}, spec,
			ParamSpec{Name: "behind", Shape: []int{3}, Decay: true, LRScale: 3},
			ParamSpec{Name: "undecayed", Shape: []int{3}, LRScale: 2})
		p := NewProgram(ps)
		p.Backward(p.Reshape(p.Linear(p.Const("x", []float32{0.5, -1, 0.25}, 1, 3), p.Reshape(p.Param("w"), 1, 3), Tensor{}), 1))
		p.ClipNorm(0)
		c := AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: decay}
		p.AdamW(c, p.Hyper())
		d := newDevice(t, 1)
		require.NoError(t, d.Load(p))
		w := ps.Initial(0)
		require.NoError(t, d.UploadState(ps, Weights, w))
		clock := NewAdamWClock(c, 0)
		for range 3 {
			c1, c2 := clock.Next()
			upload(t, p, d, "hyper", lr, c1, c2, 0)
			require.NoError(t, d.Step(p))
		}
		require.NoError(t, d.DownloadState(w, ps, Weights))
		for _, name := range []string{"before", "behind", "undecayed"} {
			for _, v := range ps.Slice(w, name) {
				require.Zero(t, v, "%s has no gradient and starts at 0", name)
			}
		}
		return ps.Slice(w, "w")
	}
	whole := train(0.25, 0.5, ParamSpec{})
	require.NotEqual(t, values, whole)
	require.Equal(t, whole, train(0.5, 0.5, ParamSpec{LRScale: 0.5}))
	require.Equal(t, whole, train(0.25, 0.25, ParamSpec{DecayScale: 2}))
	require.NotEqual(t, whole, train(0.25, 0.5, ParamSpec{DecayScale: 2}))
	_, err := NewParams([]ParamSpec{{Name: "w", Shape: []int{1}, LRScale: -1}})
	require.EqualError(t, err, "params: w: factors -1 on the learning rate and 0 on the decay: need 0 or more")
}
