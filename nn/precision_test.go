package nn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// TestBF16GradientsAreNearThoseOfF32 compares loss and gradients of a block of two linear layers. A rounding to bfloat16
// is off by 2^-9 of a number at most, and roundings don't lean to one side: far less remains of whole gradients.
func TestBF16GradientsAreNearThoseOfF32(t *testing.T) {
	const rows, in, hidden = 70, 33, 51
	noise := func(name string, n int) []float32 {
		x, draw := make([]float32, n), NewStream(5, name).At(0, 0)
		for i := range x {
			x[i] = float32(draw.Normal())
		}
		return x
	}
	gradients := func(precision simd.Precision) (loss float32, grads map[string][]float32) {
		ps := mustParams(t, ParamSpec{Name: "fc1.weight", Shape: []int{hidden, in}, Init: InitXavierUniform(in, hidden)}, normal("fc1.bias", hidden),
			ParamSpec{Name: "fc2.weight", Shape: []int{in, hidden}, Init: InitXavierUniform(hidden, in)}, normal("fc2.bias", in), normal("table", rows, in))
		p := NewProgram(ps)
		p.UsePrecision(precision)
		x := p.Add(p.Const("x", noise("x", rows*in), rows, in), p.Param("table"))
		h := p.LinearGELU(x, p.Param("fc1.weight"), p.Param("fc1.bias"), simd.GELUTanh)
		y := p.LinearAdd(h, p.Param("fc2.weight"), p.Param("fc2.bias"), x)
		ones := make([]float32, rows)
		for i := range ones {
			ones[i] = 1
		}
		p.Backward(p.MaskedMSE(y, p.Const("target", noise("target", rows*in), rows, in), p.Const("ones", ones, rows)))
		for _, o := range p.Ops() {
			if a, ok := o.Attr.(LinearAttr); ok {
				require.Equal(t, precision, a.Precision, o.Kind)
			}
		}
		d := newDevice(t, 2)
		require.NoError(t, d.Load(p))
		require.NoError(t, d.UploadState(ps, Weights, ps.Initial(3)))
		require.NoError(t, d.Step(p))
		grads = map[string][]float32{}
		flat := make([]float32, ps.Len())
		require.NoError(t, d.DownloadState(flat, ps, Grads))
		for _, name := range ps.Names() {
			grads[name] = ps.Slice(flat, name)
		}
		return download(t, d, p.Loss())[0], grads
	}
	wantLoss, want := gradients(simd.F32)
	gotLoss, got := gradients(simd.BF16)
	require.InEpsilon(t, wantLoss, gotLoss, 1e-3)
	for name := range want {
		var apart, size float64
		for i, w := range want[name] {
			apart += math.Pow(float64(got[name][i])-float64(w), 2)
			size += math.Pow(float64(w), 2)
		}
		error := math.Sqrt(apart / size)
		require.Less(t, error, 4e-3, name)
		require.NotZero(t, error, "%s: nothing was rounded", name)
		t.Logf("%s: %.2g", name, error)
	}
}
