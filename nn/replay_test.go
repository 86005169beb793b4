package nn

import (
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestReplayAllocatesNothing(t *testing.T) {
	for _, threads := range []int{1, 2} {
		n := newTinyNet(t)
		d := newDevice(t, threads)
		n.start(t, d)
		n.train(t, d, 1, 1e-3)
		var err error
		require.Zero(t, testing.AllocsPerRun(20, func() { err = d.Step(n.p) }), "%d threads", threads)
		require.NoError(t, err)
	}
}

// run returns the states after ten steps on that many threads.
func statesAfter(t *testing.T, threads int) map[State][]float32 {
	n := newTinyNet(t)
	d := newDevice(t, threads)
	n.start(t, d)
	n.train(t, d, 10, 1e-3)
	all := map[State][]float32{}
	for s := range numStates {
		all[s] = make([]float32, n.ps.Len())
		require.NoError(t, d.DownloadState(all[s], n.ps, s))
	}
	return all
}

func requireSameBits(t *testing.T, want, got []float32, text string) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, math.Float32bits(want[i]), math.Float32bits(got[i]), "%s, element %d", text, i)
	}
}

func TestThreadsChangeNoBit(t *testing.T) {
	want := statesAfter(t, 1)
	for _, threads := range []int{2, 3} {
		got := statesAfter(t, threads)
		for s := range numStates {
			requireSameBits(t, want[s], got[s], s.String())
		}
	}
}

// A run that is stopped, saved and taken up by another device goes on to the bit.
func TestResumeChangesNoBit(t *testing.T) {
	n := newTinyNet(t)
	d := newDevice(t, 1)
	n.start(t, d)
	clock := NewAdamWClock(n.config, 0)
	step := func(n *tinyNet, d Device, i int) {
		n.feed(t, d, uint32(i))
		c1, c2 := clock.Next()
		require.NoError(t, d.Upload(n.p.Hyper(), []float32{1e-3, c1, c2, 0.9}))
		require.NoError(t, d.Step(n.p))
	}
	for i := range 5 {
		step(n, d, i)
	}
	n2 := newTinyNet(t)
	d2 := newDevice(t, 1)
	require.NoError(t, d2.Load(n2.p))
	for _, s := range []State{Weights, Moment1, Moment2, Averaged} {
		flat := make([]float32, n.ps.Len())
		require.NoError(t, d.DownloadState(flat, n.ps, s))
		require.NoError(t, d2.UploadState(n2.ps, s, flat))
	}
	clock = NewAdamWClock(n.config, 5)
	for i := 5; i < 10; i++ {
		step(n2, d2, i)
	}
	got := make([]float32, n2.ps.Len())
	require.NoError(t, d2.DownloadState(got, n2.ps, Weights))
	requireSameBits(t, statesAfter(t, 1)[Weights], got, "weights")
}

// A term of weight 0 leaves no trace in the program (numerics rule 15).
func TestZeroWeightIsNotRecorded(t *testing.T) {
	record := func(withZero bool) string {
		p := NewProgram(mustParams(t, normal("x", 2, 2)))
		a := p.MaskedMSE(p.Param("x"), p.Const("t", make([]float32, 4), 2, 2), p.Const("m", []float32{1, 1}, 2))
		terms := []Term{{Value: a, Weight: 1}}
		if withZero {
			terms = append(terms, Term{Value: a, Weight: 0})
		}
		p.Backward(p.WeightedSum(terms))
		return p.String()
	}
	require.Equal(t, record(false), record(true))
}

// Programs without Backward have no gradient buffers, and read the average where
// asked to.
func TestProbingProgram(t *testing.T) {
	ps := mustParams(t, normal("w", 2, 3))
	train := NewProgram(ps)
	y := train.Linear(train.Const("x", ramp(3), 1, 3), train.Param("w"), Tensor{})
	train.Backward(testDot(train, y))

	probe := NewProgram(ps)
	probe.UseAveraged()
	x := probe.Const("x", []float32{1, 10, 100}, 1, 3)
	out := probe.Linear(x, probe.Param("w"), Tensor{})
	require.Equal(t, int64(2*64), probe.Bytes())
	_, ok := probe.Gradient(probe.Param("w"))
	require.False(t, ok)

	d := newDevice(t, 1)
	require.NoError(t, d.Load(train))
	require.NoError(t, d.Load(probe))
	w := make([]float32, ps.Len())
	copy(w, []float32{1, 2, 3, 4, 5, 6})
	require.NoError(t, d.UploadState(ps, Averaged, w))
	require.NoError(t, d.Step(probe))
	require.Equal(t, []float32{321, 654}, download(t, d, out))
}

// Gradients stop at Detach, and parameters that the loss doesn't reach have
// gradient zero after the step, whatever was there.
func TestDetachStopsGradients(t *testing.T) {
	ps := mustParams(t, normal("x", 3), normal("y", 3))
	p := NewProgram(ps)
	p.Backward(testDot(p, p.Add(p.Param("x"), p.Detach(p.Scale(p.Param("y"), 2)))))
	_, ok := p.Gradient(p.Param("y"))
	require.False(t, ok)
	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	dirty := make([]float32, ps.Len())
	for i := range dirty {
		dirty[i] = 5
	}
	require.NoError(t, d.UploadState(ps, Grads, dirty))
	require.NoError(t, d.Step(p))
	require.NoError(t, d.DownloadState(dirty, ps, Grads))
	require.NotZero(t, ps.Slice(dirty, "x")[0])
	require.Equal(t, []float32{0, 0, 0}, ps.Slice(dirty, "y"))
}

func TestTraceVisitsWhatIsWritten(t *testing.T) {
	n := newTinyNet(t)
	d := newDevice(t, 1)
	n.start(t, d)
	n.feed(t, d, 0)
	last, seen := -1, map[Kind]bool{}
	require.NoError(t, d.Trace(n.p, func(i int, op *Op, x Tensor, data []float32) {
		require.GreaterOrEqual(t, i, last)
		require.Len(t, data, x.Len())
		last = i
		seen[op.Kind] = true
	}))
	require.Equal(t, len(n.p.Ops())-1, last)
	require.True(t, seen[KindAttentionGrad] && seen[KindAdamW])
}

func TestDeviceErrors(t *testing.T) {
	p := NewProgram(mustParams(t, normal("w", 2)))
	x, idx := p.Input("x", 2), p.IndexInput("idx", 1, 2)
	y := p.Gather(p.Const("rows", ramp(6), 1, 3, 2), idx)
	d := newDevice(t, 1)
	require.ErrorContains(t, d.Step(p), "isn't loaded")
	require.ErrorContains(t, d.Upload(x, []float32{1, 2}), "isn't loaded")
	require.NoError(t, d.Load(p))
	require.NoError(t, d.Load(p))
	check := func(err error, want string) {
		t.Helper()
		require.ErrorContains(t, err, want)
	}
	check(d.Upload(x, []float32{1}), "x[2]: slice has 1 elements, need 2")
	check(d.Upload(y, make([]float32, 4)), "is no input but a value")
	check(d.Upload(idx, make([]float32, 2)), "float32 and int32 mixed up")
	check(d.UploadIndex(idx, []int32{0, 3}), "idx[1 2]: index 3 at element 1: need 0 to 2")
	check(d.UploadIndex(idx, []int32{-1, 0}), "index -1 at element 0")
	check(d.Download(nil, Tensor{}), "absent tensor")
	check(d.UploadState(p.Params(), Weights, nil), "slice has 0 elements, need 16")
	check(d.DownloadState(nil, p.Params(), Weights), "slice has 0 elements, need 16")
	require.NoError(t, d.UploadIndex(idx, []int32{2, 0}))
	got := make([]int32, 2)
	require.NoError(t, d.DownloadIndex(got, idx))
	require.Equal(t, []int32{2, 0}, got)
	require.True(t, strings.HasPrefix(d.Name(), "cpu "))

	require.NoError(t, d.Upload(x, []float32{1, 2}))
	require.NoError(t, d.Load(p)) // does nothing
	require.Equal(t, []float32{1, 2}, download(t, d, x))
	require.NoError(t, d.Close())
	require.ErrorContains(t, d.Step(p), "isn't loaded")
}

func TestBuffersAreAligned(t *testing.T) {
	n := newTinyNet(t)
	d := newDevice(t, 1)
	n.start(t, d)
	m := d.loaded[n.p].memory
	for _, x := range n.p.Tensors() {
		if s := m.float[x.id]; s != nil && x.Role() != RoleState {
			require.Zero(t, uintptr(unsafe.Pointer(&s[0]))%64, "%v", x)
		}
	}
	for s := range numStates {
		require.Zero(t, uintptr(unsafe.Pointer(&d.stateOf(n.ps).get(s)[0]))%64, "%v", s)
	}
}
