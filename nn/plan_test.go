package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// No two buffers in use at the same time share an element, and what is asked for
// is near what is in use at once.
func TestBuffersInUseDontMeet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		buffers := make([]*life, 1+r.IntN(60))
		for i := range buffers {
			first := r.IntN(40)
			buffers[i] = &life{first: first, last: first + r.IntN(12), size: paramAlign * (1 + r.IntN(1<<r.IntN(6)))}
		}
		total := fit(buffers)
		top, most := 0, 0
		for i, a := range buffers {
			top = max(top, a.offset+a.size)
			for _, b := range buffers[:i] {
				inTime := a.first <= b.last && b.first <= a.last
				inSpace := a.offset < b.offset+b.size && b.offset < a.offset+a.size
				require.False(t, inTime && inSpace, "%+v and %+v", *a, *b)
			}
		}
		for op := range 60 {
			inUse := 0
			for _, b := range buffers {
				if b.first <= op && op <= b.last {
					inUse += b.size
				}
			}
			most = max(most, inUse)
		}
		require.Equal(t, top, total)
		require.GreaterOrEqual(t, total, most)
		require.LessOrEqual(t, total, most*3/2)
	}
	require.Zero(t, fit(nil))
}

// statesOf trains the tiny net for five steps, each taken by step.
func statesOf(t *testing.T, d *CPU, step func(n *tinyNet)) [][]float32 {
	n := newTinyNet(t)
	n.start(t, d)
	clock := NewAdamWClock(n.config, 0)
	for i := range 5 {
		n.feed(t, d, uint32(i))
		c1, c2 := clock.Next()
		require.NoError(t, d.Upload(n.p.Hyper(), []float32{1e-3, c1, c2, 0.9}))
		step(n)
	}
	var all [][]float32
	for s := range numStates {
		flat := make([]float32, n.ps.Len())
		require.NoError(t, d.DownloadState(flat, n.ps, s))
		all = append(all, flat)
	}
	for _, x := range []Tensor{n.loss, n.probs, n.mean, n.l1, n.mse, n.p.Stats()} {
		all = append(all, download(t, d, x))
	}
	return all
}

// Sharing memory changes no bit, and nothing reads a value after its life: the
// memory is filled with NaN before the first step, and again value by value as
// soon as the last operation has used one.
func TestSharingMemoryChangesNoBit(t *testing.T) {
	apart := newDevice(t, 2)
	apart.separate = true
	want := statesOf(t, apart, func(n *tinyNet) { require.NoError(t, apart.Step(n.p)) })
	check := func(d *CPU, step func(n *tinyNet)) {
		t.Helper()
		for i, got := range statesOf(t, d, step) {
			requireSameBits(t, want[i], got, "")
		}
	}
	d := newDevice(t, 2)
	check(d, func(n *tinyNet) { require.NoError(t, d.Step(n.p)) })

	nan := func(x []float32) {
		for i := range x {
			x[i] = float32(math.NaN())
		}
	}
	d = newDevice(t, 2)
	ends := 0
	check(d, func(n *tinyNet) {
		nan(d.scratch)
		c := d.loaded[n.p]
		for i, step := range c.steps {
			step()
			for id, l := range c.memory.plan.lives {
				if l.place == inScratch && l.last == i {
					nan(c.memory.float[id])
					ends++
				}
			}
		}
	})
	require.Greater(t, ends, 5*80)
}

// The gradients of a step and values that are soon used up take little memory.
func TestSharedMemoryIsSmall(t *testing.T) {
	p := newTinyNet(t).p
	require.Less(t, p.Bytes(), p.planned(false).bytes()*6/10)
	require.Equal(t, p.Bytes(), newTinyNet(t).p.Bytes())
	require.Equal(t, p.planned(true), p.planned(true))
}

// Programs of a device share the memory of what doesn't outlive a step, and leave
// each other's results alone.
func TestProgramsShareScratch(t *testing.T) {
	d := newDevice(t, 1)
	n := newTinyNet(t)
	n.start(t, d)
	before := n.train(t, d, 1, 0)
	bytes := d.Bytes()

	other := NewProgram(n.ps)
	x := other.Input("x", 8, tinyD)
	y := other.Scale(other.LayerNorm(other.Scale(x, 2), Tensor{}, Tensor{}, 1e-6), 3)
	require.NoError(t, d.Load(other))
	require.Equal(t, 2*4*int64(x.Len()), d.Bytes()-bytes, "only x and y")
	input := ramp(x.Len())
	require.NoError(t, d.Upload(x, input))
	require.NoError(t, d.Step(other))
	result := download(t, d, y)
	require.Equal(t, before[0], download(t, d, n.loss)[0])
	require.Equal(t, before, n.train(t, d, 1, 0))
	require.Equal(t, result, download(t, d, y))
	require.Equal(t, input, download(t, d, x))

	large := NewProgram(n.ps)
	in := large.Input("x", 4*len(d.scratch))
	out := large.Scale(large.Scale(in, 2), 3)
	require.NoError(t, d.Load(large))
	require.NoError(t, d.Upload(in, ramp(in.Len())))
	require.NoError(t, d.Step(large))
	require.Equal(t, before, n.train(t, d, 1, 0))
	require.Equal(t, 6*ramp(in.Len())[9], download(t, d, out)[9])
}

func TestOnlyWhatIsKeptCanBeDownloaded(t *testing.T) {
	p := NewProgram(mustParams(t))
	x := p.Input("x", 4)
	once := p.Scale(x, 2)
	twice := p.Scale(once, 2)
	kept := p.Reshape(twice, 2, 2)
	p.Keep(kept, Tensor{})
	end := p.Scale(twice, 2)
	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	require.NoError(t, d.Upload(x, []float32{1, 2, 3, 4}))
	require.NoError(t, d.Step(p))
	require.Equal(t, []float32{4, 8, 12, 16}, download(t, d, kept))
	require.Equal(t, []float32{4, 8, 12, 16}, download(t, d, twice))
	require.Equal(t, []float32{8, 16, 24, 32}, download(t, d, end))
	require.EqualError(t, d.Download(make([]float32, 4), once),
		"nn: download: scale.1[4] isn't kept: its memory may hold another value by now; ask for it with Program.Keep before Load")
	require.Panics(t, func() { p.Keep(once) })
}

// An operation that uses a tensor which it doesn't list would read another's
// values.
func TestUnlistedTensorsPanic(t *testing.T) {
	p := NewProgram(mustParams(t))
	x, y := p.Input("x", 4), p.value("y", 4)
	p.record(Op{Kind: "test-unlisted", Writes: []Tensor{y}, CPU: func(m *Memory) func() {
		m.F32(x)
		return func() {}
	}})
	require.PanicsWithValue(t, "nn: test-unlisted: x[4] is used, but is neither in Reads nor in Writes",
		func() { _ = newDevice(t, 1).Load(p) })
}

// What feeds a product of weights only is computed again for its gradient, unless
// it is kept anyway; the bits are the same.
func TestKeptResultsAreNotComputedAgain(t *testing.T) {
	train := func(keep bool, end func(p *Program, h, v, x Tensor) Tensor) (kinds map[Kind]int, bytes int64, grads []float32) {
		ps := mustParams(t, normal("x", 64, 32), normal("g", 32), normal("b", 32), normal("w", 48, 32), normal("v", 32, 48), normal("s", 48, 48))
		p := NewProgram(ps)
		x := act(p, "x")
		y := p.LayerNorm(x, p.Param("g"), p.Param("b"), 1e-6)
		h := p.LinearGELU(y, p.Param("w"), Tensor{}, simd.GELUErf)
		if keep {
			p.Keep(y, h)
		}
		p.Backward(testDot(p, end(p, h, p.Param("v"), x)))
		d := newDevice(t, 2)
		require.NoError(t, d.Load(p))
		poison(d, p)
		require.NoError(t, d.UploadState(ps, Weights, ps.Initial(1)))
		require.NoError(t, d.Step(p))
		kinds = map[Kind]int{}
		for _, o := range p.Ops() {
			kinds[o.Kind]++
		}
		grads = make([]float32, ps.Len())
		require.NoError(t, d.DownloadState(grads, ps, Grads))
		return kinds, p.Bytes(), grads
	}
	usual := func(p *Program, h, v, x Tensor) Tensor { return p.LinearAdd(h, v, Tensor{}, x) }
	kinds, bytes, want := train(true, usual)
	require.Zero(t, kinds[KindGELUAgain]+kinds[KindLayerNormAgain])
	again, less, got := train(false, usual)
	require.Equal(t, []int{1, 1, 0, 0}, []int{again[KindGELUAgain], again[KindLayerNormAgain], again[KindGELUInPlace], again[KindLayerNormGrad]})
	require.Less(t, less, bytes)
	requireSameBits(t, want, got, "gradients")

	// A value that is read, but passes no gradient there, or nowhere.
	detached := func(p *Program, h, v, x Tensor) Tensor { return p.LinearAdd(p.Detach(h), v, Tensor{}, x) }
	beside := func(p *Program, h, v, x Tensor) Tensor {
		return p.LinearAdd(p.Detach(h), v, Tensor{}, p.Linear(h, v, Tensor{}))
	}
	// As operand detached, as residual not, and read once more.
	both := func(p *Program, h, v, x Tensor) Tensor {
		square := p.Param("s")
		z := p.LinearAdd(p.Detach(h), square, Tensor{}, h)
		u := p.LinearAdd(x, p.Param("w"), Tensor{}, h)
		return p.LinearAdd(u, v, Tensor{}, p.Linear(z, v, Tensor{}))
	}
	for _, end := range []func(p *Program, h, v, x Tensor) Tensor{detached, beside, both} {
		_, _, want := train(true, end)
		_, _, got := train(false, end)
		requireSameBits(t, want, got, "gradients")
	}
}
