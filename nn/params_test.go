package nn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func mustParams(t testing.TB, specs ...ParamSpec) *Params {
	t.Helper()
	ps, err := NewParams(specs)
	require.NoError(t, err)
	return ps
}

func TestDecayedTensorsComeFirst(t *testing.T) {
	ps := mustParams(t,
		ParamSpec{Name: "bias", Shape: []int{3}},
		ParamSpec{Name: "weight", Shape: []int{3, 5}, Decay: true},
		ParamSpec{Name: "token", Shape: []int{1, 1, 17}},
		ParamSpec{Name: "proj", Shape: []int{2, 2}, Decay: true},
	)
	require.Equal(t, []string{"bias", "weight", "token", "proj"}, ps.Names())
	require.Equal(t, 39, ps.Count())
	require.Equal(t, 32, ps.DecayLen()) // 15 and 4, each padded to 16
	require.Equal(t, 80, ps.Len())      // and 3 and 17, padded
	flat := make([]float32, ps.Len())
	for i := range flat {
		flat[i] = float32(i)
	}
	require.Equal(t, []float32{16, 17, 18, 19}, ps.Slice(flat, "proj"))
	require.Equal(t, []float32{32, 33, 34}, ps.Slice(flat, "bias"))
	require.Len(t, ps.Slice(flat, "token"), 17)
	require.Panics(t, func() { ps.Slice(flat[1:], "bias") })
	require.PanicsWithValue(t, `nn: no parameter is called "b"; known: bias, weight, token, proj`, func() { ps.Slice(flat, "b") })
}

func TestParamsRefuse(t *testing.T) {
	check := func(want string, specs ...ParamSpec) {
		t.Helper()
		_, err := NewParams(specs)
		require.EqualError(t, err, want)
	}
	check("params: tensor 0 has no name", ParamSpec{Shape: []int{1}})
	check("params: a: listed twice", normal("a", 1), normal("a", 2))
	check("params: a: shape [2 0]: every side must be at least 1", normal("a", 2, 0))
	check("params: a: empty shape; use [1] for a single number", normal("a"))
	check("params: a: shape [65536 65536]: more than 2147483647 elements", normal("a", 1<<16, 1<<16))
	check("params: a: initial table has 2 values, shape [3] needs 3", ParamSpec{Name: "a", Shape: []int{3}, Init: InitTable([]float32{1, 2})})
}

func TestInitialWeights(t *testing.T) {
	const n = 20000
	ps := mustParams(t,
		ParamSpec{Name: "zeros", Shape: []int{4}},
		ParamSpec{Name: "ones", Shape: []int{4}, Init: InitOnes()},
		ParamSpec{Name: "table", Shape: []int{2}, Init: InitTable([]float32{3, -1})},
		ParamSpec{Name: "normal", Shape: []int{n}, Init: InitNormal(0.02)},
		ParamSpec{Name: "trunc", Shape: []int{n}, Init: InitTruncNormal(0.02)},
		ParamSpec{Name: "xavier", Shape: []int{n}, Init: InitXavierUniform(192, 576)},
	)
	flat := ps.Initial(1)
	require.Equal(t, []float32{0, 0, 0, 0}, ps.Slice(flat, "zeros"))
	require.Equal(t, []float32{1, 1, 1, 1}, ps.Slice(flat, "ones"))
	require.Equal(t, []float32{3, -1}, ps.Slice(flat, "table"))
	check := func(name string, std, bound float64) {
		t.Helper()
		var sum, squares float64
		for _, v := range ps.Slice(flat, name) {
			require.LessOrEqual(t, math.Abs(float64(v)), bound)
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		require.InDelta(t, 0, sum/n, 4*std/math.Sqrt(n))
		require.InEpsilon(t, std, math.Sqrt(squares/n), 0.03)
	}
	a := math.Sqrt(6.0 / (192 + 576))
	check("normal", 0.02, 1)
	check("trunc", 0.02*0.8796, 0.04000001)
	check("xavier", a/math.Sqrt(3), a)
	require.Equal(t, flat, ps.Initial(1))
	require.NotEqual(t, ps.Slice(flat, "normal"), ps.Slice(ps.Initial(2), "normal"))

	// A tensor's start depends on its name and shape, not on its neighbours.
	alone := mustParams(t, ParamSpec{Name: "normal", Shape: []int{n}, Init: InitNormal(0.02), Decay: true})
	require.Equal(t, ps.Slice(flat, "normal"), alone.Slice(alone.Initial(1), "normal"))
}
