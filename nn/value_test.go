package nn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// evaluate records one expression over constants and parameters and returns its
// value.
func evaluate(t *testing.T, ps *Params, record func(p *Program) Tensor) []float32 {
	t.Helper()
	p := NewProgram(ps)
	y := record(p)
	p.Keep(y)
	d := newDevice(t, 1)
	require.NoError(t, d.Load(p))
	require.NoError(t, d.UploadState(ps, Weights, ps.Initial(3)))
	require.NoError(t, d.Step(p))
	return download(t, d, y)
}

func requireNear(t *testing.T, want []float64, got []float32, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.InDelta(t, want[i], float64(got[i]), tolerance, "element %d", i)
	}
}

// An image whose value is 1000·y + 10·x + c tells where each value went.
func TestPatchifyOrders(t *testing.T) {
	const side, patch, channels = 6, 3, 2
	img := make([]float32, 2*side*side*channels)
	for i := range img {
		c, x, y, b := i%channels, i/channels%side, i/(channels*side)%side, i/(channels*side*side)
		img[i] = float32(10000*b + 1000*y + 10*x + c)
	}
	for _, order := range []PatchOrder{ChannelLast, ChannelFirst} {
		got := evaluate(t, mustParams(t), func(p *Program) Tensor {
			return p.Patchify(p.Const("img", img, 2, side, side, channels), patch, order)
		})
		i := 0
		for b := range 2 {
			for n := range 4 {
				for k := range patch * patch * channels {
					c, col, row := k%channels, k/channels%patch, k/(channels*patch)
					if order == ChannelFirst {
						col, row, c = k%patch, k/patch%patch, k/(patch*patch)
					}
					want := 10000*b + 1000*(n/2*patch+row) + 10*(n%2*patch+col) + c
					require.Equal(t, float32(want), got[i], "%v: image %d, patch %d, value %d", order, b, n, k)
					i++
				}
			}
		}
	}
}

// methods.md 3, invariants 5 and 6: mean 0, unbiased variance var/(var+eps), and
// no trace of a constant added to a patch.
func TestNormalizePatches(t *testing.T) {
	const n, eps = 12, 0.01
	x := make([]float32, 2*n)
	for i := range n {
		d := NewStream(1, "test").At(0, uint32(i))
		x[i] = d.Normal()
		x[n+i] = x[i] + 3
	}
	y := evaluate(t, mustParams(t), func(p *Program) Tensor {
		return p.NormalizePatches(p.Const("x", x, 1, 2, n), eps)
	})
	moments := func(v []float32) (mean, variance float64) {
		for _, e := range v {
			mean += float64(e) / n
		}
		for _, e := range v {
			variance += (float64(e) - mean) * (float64(e) - mean) / (n - 1)
		}
		return mean, variance
	}
	_, v := moments(x[:n])
	mean, variance := moments(y[:n])
	require.InDelta(t, 0, mean, 1e-6)
	require.InDelta(t, v/(v+eps), variance, 1e-6)
	for i := range n {
		require.InDelta(t, y[i], y[n+i], 1e-5)
	}
}

func TestLayerNormValue(t *testing.T) {
	ps := mustParams(t, normal("x", 3, 5), normal("g", 5), normal("b", 5))
	w := ps.Initial(3)
	x, g, b := ps.Slice(w, "x"), ps.Slice(w, "g"), ps.Slice(w, "b")
	want := make([]float64, 15)
	for r := range 3 {
		mean, variance := 0.0, 0.0
		for _, v := range x[r*5:][:5] {
			mean += float64(v) / 5
		}
		for _, v := range x[r*5:][:5] {
			variance += (float64(v) - mean) * (float64(v) - mean) / 5
		}
		for i := range 5 {
			want[r*5+i] = (float64(x[r*5+i])-mean)/math.Sqrt(variance+0.1)*float64(g[i]) + float64(b[i])
		}
	}
	got := evaluate(t, ps, func(p *Program) Tensor {
		return p.LayerNorm(p.Param("x"), p.Param("g"), p.Param("b"), 0.1)
	})
	requireNear(t, want, got, 1e-6)
}

func TestLinearFormsAgree(t *testing.T) {
	ps := mustParams(t, normal("x", 2, 3, 5), normal("w", 4, 5), normal("b", 4), normal("r", 2, 3, 4))
	x, w, b := "x", "w", "b"
	plain := evaluate(t, ps, func(p *Program) Tensor { return p.Linear(p.Param(x), p.Param(w), p.Param(b)) })
	separate := evaluate(t, ps, func(p *Program) Tensor {
		return p.GELU(p.Linear(p.Param(x), p.Param(w), p.Param(b)), simd.GELUErf)
	})
	fused := evaluate(t, ps, func(p *Program) Tensor {
		return p.LinearGELU(p.Param(x), p.Param(w), p.Param(b), simd.GELUErf)
	})
	requireSameBits(t, separate, fused, "gelu")
	added := evaluate(t, ps, func(p *Program) Tensor {
		return p.Add(p.Param("r"), p.Linear(p.Param(x), p.Param(w), p.Param(b)))
	})
	residual := evaluate(t, ps, func(p *Program) Tensor {
		return p.LinearAdd(p.Param(x), p.Param(w), p.Param(b), p.Param("r"))
	})
	requireSameBits(t, added, residual, "residual")

	flat := ps.Initial(3)
	for r := range 6 {
		for f := range 4 {
			want := float64(ps.Slice(flat, "b")[f])
			for k := range 5 {
				want += float64(ps.Slice(flat, "x")[r*5+k]) * float64(ps.Slice(flat, "w")[f*5+k])
			}
			require.InDelta(t, want, float64(plain[r*4+f]), 1e-5)
		}
	}
}

func TestAttentionValue(t *testing.T) {
	const b, n, h, hd = 2, 3, 2, 4
	ps := mustParams(t, normal("qkv", b, n, 3*h*hd))
	qkv := ps.Slice(ps.Initial(3), "qkv")
	at := func(img, tok, which, head, k int) float64 {
		return float64(qkv[((img*n+tok)*3+which)*h*hd+head*hd+k])
	}
	for _, shape := range [][2]int{{1, 1}, {b, 1}, {1, h}, {b, h}} { // images and heads of the bias
		bias := ramp(shape[0] * shape[1] * n * n)
		bias[1] = float32(math.Inf(-1)) // query 0 sees nothing of key 1, where the first block applies
		var tapped AttentionTap
		record := func(p *Program) Tensor {
			out, tap := p.Attention(p.Param("qkv"), h, AttentionOptions{Bias: p.Const("bias", bias, shape[0], shape[1], n, n), Tap: true})
			tapped = tap
			return out
		}
		var out, probs []float64
		for img := range b {
			rows := make([]float64, n*h*hd)
			for head := range h {
				block := bias[(img%shape[0]*shape[1]+head%shape[1])*n*n:]
				for i := range n {
					a, sum := make([]float64, n), 0.0
					for j := range n {
						for k := range hd {
							a[j] += at(img, i, 0, head, k) * at(img, j, 1, head, k)
						}
						a[j] = math.Exp(a[j]/2 + float64(block[i*n+j]))
						sum += a[j]
					}
					for j := range n {
						probs = append(probs, a[j]/sum)
						for k := range hd {
							rows[i*h*hd+head*hd+k] += a[j] / sum * at(img, j, 2, head, k)
						}
					}
				}
			}
			out = append(out, rows...)
		}
		requireNear(t, out, evaluate(t, ps, record), 1e-5)
		requireNear(t, probs, evaluate(t, ps, func(p *Program) Tensor { record(p); return tapped.Probs }), 1e-6)
		logs := evaluate(t, ps, func(p *Program) Tensor { record(p); return tapped.LogProbs })
		for i, v := range logs {
			require.InDelta(t, probs[i], math.Exp(float64(v)), 1e-6)
		}
	}
}

func TestTokensGoWhereTheyShould(t *testing.T) {
	ps := mustParams(t, ParamSpec{Name: "e", Shape: []int{1, 1, 2}, Init: InitTable([]float32{-1, -2})})
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8} // [2,2,2]
	check := func(want []float32, record func(p *Program, x, e Tensor) Tensor) {
		t.Helper()
		require.Equal(t, want, evaluate(t, ps, func(p *Program) Tensor {
			return record(p, p.Const("x", x, 2, 2, 2), p.Param("e"))
		}))
	}
	check([]float32{-1, -2, 3, 4, 5, 6, -1, -2}, func(p *Program, x, e Tensor) Tensor {
		return p.SelectTokens(x, e, p.Const("m", []float32{1, 0, 0, 1}, 2, 2))
	})
	check([]float32{3, 4, 3, 4, 1, 2, 5, 6, 5, 6, 7, 8}, func(p *Program, x, _ Tensor) Tensor {
		return p.Gather(x, indices("i", p, []int{2, 3}, 1, 1, 0, 0, 0, 1))
	})
	check([]float32{-1, -2, 1, 2, 3, 4, 7, 8, -1, -2, 5, 6}, func(p *Program, x, e Tensor) Tensor {
		return p.Restore(x, e, indices("i", p, []int{2, 3}, 2, 0, 1, 1, 2, 0))
	})
	check([]float32{-1, -2, -1, -2, -1, -2, -1, -2}, func(p *Program, _, e Tensor) Tensor {
		return p.Broadcast(e, 2, 2)
	})
	check([]float32{2, 3, 6, 7}, func(p *Program, x, _ Tensor) Tensor { return p.MeanTokens(x) })
	check([]float32{0, 0, 2, 2, 4, 4, 6, 6}, func(p *Program, x, e Tensor) Tensor {
		return p.AddTable(x, p.Const("t", []float32{-1, -2, -1, -2}, 2, 2))
	})
}

// methods.md 2, invariants 4 and 5, and the mean of methods.md 3.
func TestMaskedLosses(t *testing.T) {
	target := ramp(2 * 2 * 6) // two images, two patches of one pixel row, three channels
	record := func(shift float32, mask []float32, mse bool) func(p *Program) Tensor {
		return func(p *Program) Tensor {
			pred := make([]float32, len(target))
			for i := range pred {
				pred[i] = target[i] + 100 // visible rows don't count
				if mask[i/6] != 0 {
					pred[i] = target[i] + shift
				}
			}
			x, y, m := p.Const("x", pred, 2, 2, 6), p.Const("y", target, 2, 2, 6), p.Const("m", mask, 2, 2)
			if mse {
				return p.MaskedMSE(x, y, m)
			}
			return p.MaskedL1(x, y, m, 3, 1e-5)
		}
	}
	ps, mask := mustParams(t), []float32{1, 0, 1, 1}
	require.Equal(t, []float32{0}, evaluate(t, ps, record(0, mask, false)))
	require.Equal(t, []float32{0}, evaluate(t, ps, record(0, mask, true)))
	// 3 rows of 2 pixels: 36·0.5/((6 + 1e-5)·3)
	require.InEpsilon(t, 18*0.5/((6+1e-5)*3), evaluate(t, ps, record(0.5, mask, false))[0], 1e-6)
	require.InEpsilon(t, 0.25, evaluate(t, ps, record(0.5, mask, true))[0], 1e-5)
	none := make([]float32, 4)
	require.Equal(t, []float32{0}, evaluate(t, ps, record(1, none, false)))
	require.Equal(t, []float32{0}, evaluate(t, ps, record(1, none, true)))
}

func TestWeightedSum(t *testing.T) {
	got := evaluate(t, mustParams(t), func(p *Program) Tensor {
		one := func(name string, v float32) Tensor { return p.Const(name, []float32{v}, 1) }
		return p.WeightedSum([]Term{
			{Value: one("a", 3), Weight: 1},
			{Value: one("b", float32(math.NaN())), Weight: 0},
			{Value: one("c", 2), Weight: 0.5, Scale: one("s", 0.25)},
		})
	})
	require.Equal(t, []float32{3.25}, got)
}

// Against the definition in float64, of a target (1-s)·onehot + s/K.
func TestCrossEntropyValue(t *testing.T) {
	const rows, k = 5, 7
	ps := mustParams(t, normal("x", rows, k))
	x, labels := ps.Slice(ps.Initial(3), "x"), []int32{6, 0, 3, 3, 1}
	for _, s := range []float64{0, 0.1} {
		want := 0.0
		for b := range rows {
			sum := 0.0
			for _, v := range x[b*k:][:k] {
				sum += math.Exp(float64(v))
			}
			for c, v := range x[b*k:][:k] {
				target := s / k
				if c == int(labels[b]) {
					target += 1 - s
				}
				want -= target * (float64(v) - math.Log(sum)) / rows
			}
		}
		got := evaluate(t, ps, func(p *Program) Tensor {
			return p.CrossEntropy(p.Param("x"), p.IndexConst("labels", labels, rows), s)
		})
		requireNear(t, []float64{want}, got, 1e-6)
	}
	require.PanicsWithValue(t, "nn: cross-entropy: smoothing is 1, need 0 to less than 1", func() {
		p := NewProgram(ps)
		p.CrossEntropy(p.Param("x"), p.IndexConst("labels", labels, rows), 1)
	})
	require.Panics(t, func() {
		p := NewProgram(ps)
		p.CrossEntropy(p.Param("x"), p.IndexConst("labels", []int32{0, 1, 2, 3, k}, rows), 0)
	}, "a label that is no class")
}

// Attention whose other queries are dropped: a pool of one query is the row of a
// self-attention in which that token has this query.
func TestAttentionPoolIsARowOfAttention(t *testing.T) {
	const b, n, d, heads = 2, 5, 12, 3
	ps := mustParams(t, normal("qkv", b, n, 3*d))
	qkv := ps.Slice(ps.Initial(3), "qkv")
	for image := range b { // token 0 of each image has the same query
		copy(qkv[image*n*3*d:][:d], qkv[:d])
	}
	kv := make([]float32, b*n*2*d)
	for r := range b * n {
		copy(kv[r*2*d:][:2*d], qkv[r*3*d+d:][:2*d])
	}
	whole := evaluate(t, mustParams(t), func(p *Program) Tensor {
		out, _ := p.Attention(p.Const("qkv", qkv, b, n, 3*d), heads, AttentionOptions{})
		return out
	})
	pooled := evaluate(t, mustParams(t), func(p *Program) Tensor {
		return p.AttentionPool(p.Const("q", qkv[:d], d), p.Const("kv", kv, b, n, 2*d), heads)
	})
	for image := range b {
		want := make([]float64, d)
		for j := range want {
			want[j] = float64(whole[image*n*d+j])
		}
		requireNear(t, want, pooled[image*d:][:d], 1e-6)
	}
}
