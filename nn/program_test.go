package nn

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// Wrong shapes panic where they are recorded, with the shapes in the text.
func TestWrongShapesPanic(t *testing.T) {
	check := func(want string, record func(p *Program)) {
		t.Helper()
		p := NewProgram(mustParams(t, normal("w", 4, 5), normal("v", 6)))
		require.PanicsWithValue(t, "nn: "+want, func() { record(p) })
	}
	in := func(p *Program, name string, shape ...int) Tensor { return p.Input(name, shape...) }
	check("linear: x x[2 3] and w w[4 5]: x's last side must be 5",
		func(p *Program) { p.Linear(in(p, "x", 2, 3), p.Param("w"), Tensor{}) })
	check("linear: b v[6]: need 4 elements",
		func(p *Program) { p.Linear(in(p, "x", 2, 5), p.Param("w"), p.Param("v")) })
	check("linear: residual r[2 3]: need [2 4]",
		func(p *Program) { p.LinearAdd(in(p, "x", 2, 5), p.Param("w"), Tensor{}, in(p, "r", 2, 3)) })
	check("linear: residual is absent; use Linear",
		func(p *Program) { p.LinearAdd(in(p, "x", 2, 5), p.Param("w"), Tensor{}, Tensor{}) })
	check("layernorm: gamma v[6], beta -: give both or neither",
		func(p *Program) { p.LayerNorm(in(p, "x", 2, 6), p.Param("v"), Tensor{}, 1) })
	check("layernorm: x x[2 5], gamma v[6], beta v[6]: need 5 elements each",
		func(p *Program) { p.LayerNorm(in(p, "x", 2, 5), p.Param("v"), p.Param("v"), 1) })
	check("attention: qkv x[2 3 10], 2 heads: need [B,N,3·heads·headDim]",
		func(p *Program) { p.Attention(in(p, "x", 2, 3, 10), 2, AttentionOptions{}) })
	check("attention: bias b[1 3 3 3]: need [2 or 1, 2 or 1, 3, 3]",
		func(p *Program) {
			p.Attention(in(p, "x", 2, 3, 12), 2, AttentionOptions{Bias: in(p, "b", 1, 3, 3, 3)})
		})
	check("add: x[2 3] and y[3 3]: shapes differ",
		func(p *Program) { p.Add(in(p, "x", 2, 3), in(p, "y", 3, 3)) })
	check("add-table: x x[2 3] and table v[6]: the table must have the 3 elements of one image",
		func(p *Program) { p.AddTable(in(p, "x", 2, 3), p.Param("v")) })
	check("reshape: x[2 3]: can't be seen as [7]",
		func(p *Program) { p.Reshape(in(p, "x", 2, 3), 7) })
	check("patchify: images x[1 6 6 1], patch 4: need [B,S,S,C] with S a multiple of the patch",
		func(p *Program) { p.Patchify(in(p, "x", 1, 6, 6, 1), 4, ChannelLast) })
	check("normalize-patches: patches x[2 1]: need at least 2 values a patch",
		func(p *Program) { p.NormalizePatches(in(p, "x", 2, 1), 1) })
	check("select: z x[1 2 6], token v[6], mask m[1 3]: need [B,N,D], D elements, [B,N]",
		func(p *Program) { p.SelectTokens(in(p, "x", 1, 2, 6), p.Param("v"), in(p, "m", 1, 3)) })
	check("gather: x x[1 2 6], idx i[1 2]: need [B,N,D] and an index tensor [B,k]",
		func(p *Program) { p.Gather(in(p, "x", 1, 2, 6), in(p, "i", 1, 2)) })
	check("restore: x x[1 2 5], token v[6], idx i[1 4]: need [B,n,D], D elements, an index tensor [B,N]",
		func(p *Program) { p.Restore(in(p, "x", 1, 2, 5), p.Param("v"), p.IndexInput("i", 1, 4)) })
	check("i[1 2]: index 2 at element 1: need 0 to 1",
		func(p *Program) { p.Gather(in(p, "x", 1, 2, 6), p.IndexConst("i", []int32{0, 2}, 1, 2)) })
	check("i[1 4]: index 6 at element 3: need 0 to 5",
		func(p *Program) {
			p.Restore(in(p, "x", 1, 2, 6), p.Param("v"), p.IndexConst("i", []int32{0, 1, 5, 6}, 1, 4))
		})
	check("mean-tokens: x x[2 6]: need [B,N,D]",
		func(p *Program) { p.MeanTokens(in(p, "x", 2, 6)) })
	check("masked-mse: pred x[1 2 6], target y[1 2 5], mask m[1 2]: need [B,N,P], the same, [B,N]",
		func(p *Program) { p.MaskedMSE(in(p, "x", 1, 2, 6), in(p, "y", 1, 2, 5), in(p, "m", 1, 2)) })
	check("masked-l1: pred x[1 2 6]: 4 channels don't divide the last side",
		func(p *Program) { p.MaskedL1(in(p, "x", 1, 2, 6), in(p, "y", 1, 2, 6), in(p, "m", 1, 2), 4, 0) })
	check("weighted-sum: no term with a weight other than 0",
		func(p *Program) { p.WeightedSum([]Term{{Value: in(p, "x", 1)}}) })
	check("const: c[3]: 2 values, need 3",
		func(p *Program) { p.Const("c", []float32{1, 2}, 3) })
	check("backward: loss is v[6], need one element",
		func(p *Program) { p.Backward(p.Param("v")) })
	check("backward: loss x[1] depends on no parameter",
		func(p *Program) { p.Backward(in(p, "x", 1)) })
	check("add: x[2] belongs to another program",
		func(p *Program) {
			q := NewProgram(p.Params())
			x := in(p, "x", 2)
			q.Add(x, x)
		})
}

func TestNamesAreUsedOnce(t *testing.T) {
	p := NewProgram(mustParams(t, normal("w", 2)))
	require.Equal(t, p.Param("w"), p.Param("w"))
	p.Input("x", 1)
	require.Panics(t, func() { p.Input("x", 1) })
	require.Panics(t, func() { p.Input("w", 1) })
	require.Panics(t, func() { p.Input("", 1) })
	require.Panics(t, func() { p.Param("v") })
	require.Panics(t, func() { p.Input("y", 2, 0) })
}

func TestNothingIsRecordedAfterLoad(t *testing.T) {
	p := NewProgram(mustParams(t, normal("w", 2)))
	w := p.Param("w")
	require.NoError(t, newDevice(t, 1).Load(p))
	require.PanicsWithValue(t, "nn: add.1: made after the program was loaded; record everything first", func() { p.Add(w, w) })
}

func TestProgramPrintsItself(t *testing.T) {
	p := NewProgram(mustParams(t, normal("w", 4, 5), normal("b", 4)))
	x := p.Input("x", 3, 5)
	y := p.LinearGELU(x, p.Param("w"), p.Param("b"), simd.GELUTanh)
	p.Backward(p.MaskedMSE(y, p.Input("t", 3, 4), p.Input("m", 3)))
	p.ClipNorm(1)
	p.AdamW(AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05}, p.Hyper())
	require.Equal(t, `   0 forward  linear             linear.3[3 4], pre.4[3 4] <- x[3 5], w[4 5], b[4] {Rows:3 In:5 Out:4 GELU:true Form:0 Add:false Precision:f32} 128 B @0 @64 120 FLOP
   1 forward  masked-mse         masked-mse.7[1], rows.8[3] <- linear.3[3 4], t[3 4], m[3] {Cols:4 Guard:0} 128 B @128
   2 backward zero               state/grads[48] <- 
   3 backward one                dmasked-mse.7.10[1] <-  64 B @128
   4 backward masked-mse-grad    dlinear.3.11[3 4] <- dmasked-mse.7.10[1], linear.3[3 4], t[3 4], m[3] {Cols:4 Guard:0} 64 B @192
   5 backward gelu-in-place      dlinear.3.11[3 4] <- dlinear.3.11[3 4], pre.4[3 4] {Form:0}
   6 backward linear-dw          grad/w[4 5] <- dlinear.3.11[3 4], x[3 5] {Rows:3 In:5 Out:4 GELU:false Form:0 Add:true Precision:f32} 120 FLOP
   7 backward column-sum         grad/b[4] <- dlinear.3.11[3 4]
   8 backward clip-norm          stats.14[4] <- state/grads[48], masked-mse.7[1], stats.14[4] {Max:1} 64 B
   9 update   adamw              state/weights[48], state/moment1[48], state/moment2[48] <- state/grads[48], stats.14[4], hyper[4] {Beta1:0.9 Beta2:0.95 Eps:1e-08 Decay:0.05}
10 operations, 640 bytes, 704 without sharing, 240 FLOP
`, p.String())
	require.Equal(t, int64(240), p.FLOPs())
	require.Len(t, p.Inputs(), 4)
}

// The matrix products of attention: two forward, four backward.
func TestAttentionFLOPs(t *testing.T) {
	p := NewProgram(mustParams(t, normal("qkv", 2, 5, 24)))
	out, _ := p.Attention(p.Param("qkv"), 2, AttentionOptions{})
	one := int64(2 * 2 * 2 * 5 * 5 * 4) // 2·B·h·N²·headDim
	require.Equal(t, 2*one, p.FLOPs())
	p.Backward(testDot(p, out))
	require.Equal(t, 6*one, p.FLOPs())
}
