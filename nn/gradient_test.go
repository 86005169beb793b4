package nn

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/simd"
)

// testDot records <c, y> with a constant c drawn from Normal(0,1): a loss that
// reaches every element of y.
func testDot(p *Program, y Tensor) Tensor {
	c := make([]float32, y.Len())
	for i := range c {
		d := NewStream(7, "test/"+y.Name()).At(0, uint32(i))
		c[i] = d.Normal()
	}
	p.Keep(y)
	w := p.Const("weights of "+y.Name(), c, y.Shape()...)
	loss := p.value("test-dot", 1)
	p.record(Op{
		Kind: "test-dot", Reads: []Tensor{y, w}, Writes: []Tensor{loss},
		CPU: func(m *Memory) func() {
			dst, a, b := m.F32(loss), m.F32(y), m.F32(w)
			return func() {
				sum := 0.0
				for i := range a {
					sum += float64(a[i]) * float64(b[i])
				}
				dst[0] = float32(sum)
			}
		},
		Grad: func(g *Gradients) {
			g.Add(y, func(dy Tensor) {
				dl := g.Of(loss)
				p.record(Op{Kind: "test-dot-grad", Reads: []Tensor{dl, w}, Writes: []Tensor{dy}, CPU: func(m *Memory) func() {
					dst, s, b := m.F32(dy), m.F32(dl), m.F32(w)
					return func() {
						for i := range dst {
							dst[i] = s[0] * b[i]
						}
					}
				}})
			})
		},
	})
	return loss
}

// value64 computes <c, y> of every testDot of the loaded program in float64, so
// that differences aren't drowned in the rounding of a float32 loss.
func value64(t *testing.T, d *CPU, p *Program) float64 {
	t.Helper()
	require.NoError(t, d.Step(p))
	sum := 0.0
	for _, o := range p.Ops() {
		if o.Kind != "test-dot" {
			continue
		}
		y, c := make([]float32, o.Reads[0].Len()), make([]float32, o.Reads[0].Len())
		require.NoError(t, d.Download(y, o.Reads[0]))
		require.NoError(t, d.Download(c, o.Reads[1]))
		for i := range y {
			sum += float64(y[i]) * float64(c[i])
		}
	}
	return sum
}

// gradCase is one recording whose gradients are compared with differences.
type gradCase struct {
	name   string
	params []ParamSpec
	record func(p *Program) Tensor // returns y; the loss is <c, y>
}

func normal(name string, shape ...int) ParamSpec {
	return ParamSpec{Name: name, Shape: shape, Init: InitNormal(1)}
}

// act returns the parameter as an activation, whose gradient takes the
// overwrite-then-add path.
func act(p *Program, name string) Tensor { return p.Scale(p.Param(name), 1) }

func indices(name string, p *Program, shape []int, v ...int32) Tensor {
	return p.IndexConst(name, v, shape...)
}

var gradCases = []gradCase{
	{name: "linear", params: []ParamSpec{normal("x", 2, 3, 5), normal("w", 4, 5), normal("b", 4)},
		record: func(p *Program) Tensor { return p.Linear(act(p, "x"), p.Param("w"), p.Param("b")) }},
	{name: "linear without bias, parameter as x", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5, 1)},
		record: func(p *Program) Tensor { return p.Linear(p.Param("x"), p.Param("w"), Tensor{}) }},
	{name: "linear with computed weight", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5), normal("b", 4)},
		record: func(p *Program) Tensor { return p.Linear(act(p, "x"), act(p, "w"), act(p, "b")) }},
	{name: "two linears of one activation", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5), normal("v", 4, 5)},
		record: func(p *Program) Tensor {
			x := act(p, "x")
			return p.Add(p.Linear(x, p.Param("w"), Tensor{}), p.Linear(x, p.Param("v"), Tensor{}))
		}},
	{name: "linear gelu tanh", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5), normal("b", 4)},
		record: func(p *Program) Tensor {
			return p.LinearGELU(act(p, "x"), p.Param("w"), p.Param("b"), simd.GELUTanh)
		}},
	{name: "linear gelu erf", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5), normal("b", 4)},
		record: func(p *Program) Tensor {
			return p.LinearGELU(act(p, "x"), p.Param("w"), p.Param("b"), simd.GELUErf)
		}},
	{name: "linear add", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5), normal("b", 4), normal("r", 6, 4)},
		record: func(p *Program) Tensor {
			return p.LinearAdd(act(p, "x"), p.Param("w"), p.Param("b"), act(p, "r"))
		}},
	{name: "residual stream", params: []ParamSpec{normal("x", 6, 4), normal("w", 4, 4), normal("v", 4, 4), normal("g", 4), normal("b", 4)},
		record: func(p *Program) Tensor {
			x := act(p, "x")
			y := p.LinearAdd(p.LayerNorm(x, p.Param("g"), p.Param("b"), 1e-3), p.Param("w"), Tensor{}, x)
			z := p.LinearAdd(p.LayerNorm(y, p.Param("g"), p.Param("b"), 1e-3), p.Param("v"), p.Param("b"), y)
			return p.Add(p.Linear(z, p.Param("v"), Tensor{}), x)
		}},
	{name: "used twice by one operation", params: []ParamSpec{normal("x", 4, 4)},
		record: func(p *Program) Tensor {
			x := act(p, "x")
			return p.LinearAdd(p.Add(x, x), x, Tensor{}, p.GELU(x, simd.GELUTanh))
		}},
	// Results computed again for the gradient (Op.Again), with and without what is
	// left of theirs still to come.
	{name: "gelu again, two linears", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5), normal("v", 4, 4), normal("u", 4, 4)},
		record: func(p *Program) Tensor {
			h := p.LinearGELU(act(p, "x"), p.Param("w"), Tensor{}, simd.GELUErf)
			return p.Add(p.Linear(h, p.Param("v"), Tensor{}), p.Linear(h, p.Param("u"), Tensor{}))
		}},
	{name: "gelu again, its own residual", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5), normal("v", 4, 4)},
		record: func(p *Program) Tensor {
			h := p.LinearGELU(act(p, "x"), p.Param("w"), Tensor{}, simd.GELUTanh)
			return p.LinearAdd(h, p.Param("v"), Tensor{}, h)
		}},
	{name: "gelu again, used before", params: []ParamSpec{normal("x", 6, 5), normal("w", 4, 5), normal("v", 4, 4)},
		record: func(p *Program) Tensor {
			h := p.LinearGELU(act(p, "x"), p.Param("w"), Tensor{}, simd.GELUTanh)
			s := p.Scale(h, 0.3)
			return p.Add(p.Linear(p.Reshape(h, 2, 3, 4), p.Param("v"), Tensor{}), p.Reshape(s, 2, 3, 4))
		}},
	{name: "layernorm again, two linears and its input", params: []ParamSpec{normal("x", 6, 4), normal("w", 4, 4), normal("v", 4, 4), normal("g", 4), normal("b", 4)},
		record: func(p *Program) Tensor {
			x := act(p, "x")
			h := p.LayerNorm(x, p.Param("g"), p.Param("b"), 1e-3)
			return p.Add(p.Linear(h, p.Param("v"), Tensor{}), p.LinearAdd(h, p.Param("w"), Tensor{}, x))
		}},
	{name: "gelu", params: []ParamSpec{normal("x", 33)},
		record: func(p *Program) Tensor {
			return p.Add(p.GELU(p.Param("x"), simd.GELUTanh), p.GELU(act(p, "x"), simd.GELUErf))
		}},
	{name: "add, scale, detach", params: []ParamSpec{normal("x", 3, 4), normal("y", 3, 4)},
		record: func(p *Program) Tensor {
			x, y := act(p, "x"), act(p, "y")
			s := p.Add(p.Scale(x, -0.7), p.Add(y, x))
			return p.Add(s, y)
		}},
	{name: "add table", params: []ParamSpec{normal("x", 3, 2, 4), normal("t", 2, 4)},
		record: func(p *Program) Tensor {
			return p.AddTable(p.AddTable(act(p, "x"), p.Param("t")), act(p, "t"))
		}},
	{name: "layernorm", params: []ParamSpec{normal("x", 5, 7), normal("g", 7), normal("b", 7)},
		record: func(p *Program) Tensor {
			return p.LayerNorm(act(p, "x"), p.Param("g"), p.Param("b"), 1e-3)
		}},
	{name: "layernorm of a fixed input", params: []ParamSpec{normal("g", 7), normal("b", 7)},
		record: func(p *Program) Tensor {
			x := p.Const("x", []float32{1, 2, 4, 3, -1, 0, 2, 5, 1, 0, 0, 2, 1, 1}, 2, 7)
			return p.LayerNorm(x, p.Param("g"), p.Param("b"), 1e-3)
		}},
	{name: "layernorm without affine part", params: []ParamSpec{normal("x", 5, 7)},
		record: func(p *Program) Tensor { return p.LayerNorm(act(p, "x"), Tensor{}, Tensor{}, 1e-3) }},
	{name: "attention", params: []ParamSpec{normal("qkv", 2, 3, 24)},
		record: func(p *Program) Tensor {
			out, _ := p.Attention(act(p, "qkv"), 2, AttentionOptions{})
			return out
		}},
	{name: "attention with bias, qkv also used elsewhere", params: []ParamSpec{normal("qkv", 2, 3, 6)},
		record: func(p *Program) Tensor {
			inf := float32(math.Inf(-1))
			bias := p.Const("bias", []float32{0, inf, 0.5, 0, 0, 0, 0, 1, -1, 0, 0, 0, inf, 0, 0, 1, 0, 0}, 2, 1, 3, 3)
			qkv := act(p, "qkv")
			out, _ := p.Attention(qkv, 2, AttentionOptions{Bias: bias})
			return p.Linear(out, p.Reshape(p.Detach(p.Const("w", ramp(12), 6, 2)), 6, 2), Tensor{})
		}},
	{name: "attention probabilities", params: []ParamSpec{normal("qkv", 2, 3, 12)},
		record: func(p *Program) Tensor {
			_, tap := p.Attention(act(p, "qkv"), 2, AttentionOptions{Tap: true})
			return tap.Probs
		}},
	{name: "attention, output and probabilities", params: []ParamSpec{normal("qkv", 2, 3, 12)},
		record: func(p *Program) Tensor {
			out, tap := p.Attention(act(p, "qkv"), 2, AttentionOptions{})
			return p.Linear(p.Reshape(tap.Probs, 3, 12), p.Reshape(out, 2, 12), Tensor{})
		}},
	{name: "attention log-probabilities", params: []ParamSpec{normal("qkv", 2, 3, 12)},
		record: func(p *Program) Tensor {
			_, tap := p.Attention(act(p, "qkv"), 2, AttentionOptions{Tap: true})
			return testLogProbs(p, tap)
		}},
	{name: "select", params: []ParamSpec{normal("z", 2, 3, 4), normal("e", 1, 1, 4)},
		record: func(p *Program) Tensor {
			mask := p.Const("mask", []float32{0, 1, 1, 1, 0, 0}, 2, 3)
			z := act(p, "z")
			return p.Add(p.SelectTokens(z, p.Param("e"), mask), p.SelectTokens(z, act(p, "e"), mask))
		}},
	{name: "select from a fixed input", params: []ParamSpec{normal("e", 1, 1, 4)},
		record: func(p *Program) Tensor {
			mask := p.Const("mask", []float32{0, 1, 1, 1, 0, 0}, 2, 3)
			return p.SelectTokens(p.Const("z", ramp(24), 2, 3, 4), p.Param("e"), mask)
		}},
	{name: "gather", params: []ParamSpec{normal("x", 2, 4, 3)},
		record: func(p *Program) Tensor {
			x := act(p, "x")
			idx := indices("idx", p, []int{2, 3}, 2, 0, 3, 1, 1, 2) // image 1 picks row 1 twice
			return p.Add(p.Gather(x, idx), p.Gather(x, indices("again", p, []int{2, 3}, 0, 1, 2, 3, 0, 1)))
		}},
	{name: "restore", params: []ParamSpec{normal("x", 2, 2, 3), normal("e", 1, 1, 3)},
		record: func(p *Program) Tensor {
			return p.Restore(act(p, "x"), p.Param("e"), indices("idx", p, []int{2, 4}, 1, 2, 0, 3, 5, 0, 1, 2))
		}},
	{name: "restore fixed rows", params: []ParamSpec{normal("e", 3)},
		record: func(p *Program) Tensor {
			return p.Restore(p.Const("x", ramp(6), 1, 2, 3), p.Param("e"), indices("idx", p, []int{1, 4}, 1, 2, 0, 3))
		}},
	{name: "broadcast", params: []ParamSpec{normal("e", 1, 1, 3)},
		record: func(p *Program) Tensor { return p.Broadcast(p.Param("e"), 2, 4) }},
	{name: "mean tokens", params: []ParamSpec{normal("x", 2, 5, 3)},
		record: func(p *Program) Tensor { return p.MeanTokens(act(p, "x")) }},
	{name: "cross-entropy", params: []ParamSpec{normal("x", 3, 5)},
		record: func(p *Program) Tensor {
			x := act(p, "x")
			labels := indices("labels", p, []int{3}, 4, 0, 4)
			return p.WeightedSum([]Term{
				{Value: p.CrossEntropy(p.Scale(x, 3), labels, 0), Weight: 1},
				{Value: p.CrossEntropy(x, labels, 0.1), Weight: 2},
			})
		}},
	{name: "attention pool", params: []ParamSpec{normal("q", 1, 6), normal("kv", 2, 4, 12)},
		record: func(p *Program) Tensor {
			kv := act(p, "kv")
			return p.Add(p.AttentionPool(p.Param("q"), kv, 2), p.AttentionPool(act(p, "q"), kv, 3))
		}},
	{name: "attention pool of a fixed input", params: []ParamSpec{normal("q", 4)},
		record: func(p *Program) Tensor {
			return p.AttentionPool(p.Param("q"), p.Const("kv", ramp(48), 2, 3, 8), 1)
		}},
	{name: "masked l1", params: []ParamSpec{normal("x", 2, 3, 6)},
		record: func(p *Program) Tensor {
			target := p.Const("t", ramp(36), 2, 3, 6)
			mask := p.Const("mask", []float32{0, 1, 1, 1, 0, 0}, 2, 3)
			return p.MaskedL1(p.Scale(p.Param("x"), 10), target, mask, 3, 1e-5)
		}},
	{name: "masked mse, and a weighted sum", params: []ParamSpec{normal("x", 2, 3, 5)},
		record: func(p *Program) Tensor {
			target := p.Const("t", ramp(30), 2, 3, 5)
			mask := p.Const("mask", []float32{0, 1, 1, 1, 0, 0}, 2, 3)
			x := act(p, "x")
			ramp := p.Const("ramp", []float32{0.3}, 1)
			mse := p.MaskedMSE(x, target, mask)
			return p.WeightedSum([]Term{
				{Value: mse, Weight: 2},
				{Value: p.MaskedMSE(p.GELU(x, simd.GELUTanh), target, mask), Weight: 1.5, Scale: ramp},
				{Value: mse, Weight: 0.5},
				{Value: mse, Weight: 0},
			})
		}},
}

func ramp(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i)/float32(n) - 0.4
	}
	return v
}

// testLogProbs copies a tap's log-probabilities and contributes to the gradient
// of the logits, as an operation of a loss would.
func testLogProbs(p *Program, tap AttentionTap) Tensor {
	y := p.value("copy", tap.LogProbs.Shape()...)
	p.record(Op{
		Kind: "test-logprobs", Reads: []Tensor{tap.LogProbs, tap.Probs, tap.Logits}, Writes: []Tensor{y},
		CPU: func(m *Memory) func() {
			dst, src := m.F32(y), m.F32(tap.LogProbs)
			return func() { copy(dst, src) }
		},
		Grad: func(g *Gradients) {
			dlogits, add := g.Into(tap.Logits)
			dy := g.Of(y)
			p.record(Op{
				Kind: "test-logprobs-grad", Reads: []Tensor{dy, tap.Probs}, Writes: []Tensor{dlogits},
				CPU: func(m *Memory) func() {
					dst, d, probs, n := m.F32(dlogits), m.F32(dy), m.F32(tap.Probs), y.Dim(-1)
					return func() {
						for r := 0; r < len(dst); r += n {
							sum := float32(0)
							for _, v := range d[r : r+n] {
								sum += v
							}
							for i := r; i < r+n; i++ {
								v := d[i] - float32(probs[i]*sum)
								if add {
									v += dst[i]
								}
								dst[i] = v
							}
						}
					}
				},
			})
		},
	})
	return y
}

// Every operation's gradient is the derivative of its value: central differences
// of fourth order, in every element of every parameter.
func TestGradientIsTheDerivative(t *testing.T) {
	pool := simd.NewPool(1)
	defer pool.Close()
	for _, c := range gradCases {
		t.Run(c.name, func(t *testing.T) {
			ps, err := NewParams(c.params)
			require.NoError(t, err)
			p := NewProgram(ps)
			y := c.record(p)
			p.Backward(testDot(p, y))
			d := NewCPU(pool)
			require.NoError(t, d.Load(p))
			poison(d, p)
			checkGradient(t, d, p)
		})
	}
}

// poison fills every buffer that operations write with NaN: a step must not read
// what it hasn't written.
func poison(d *CPU, p *Program) {
	m := d.loaded[p].memory
	for _, x := range p.Tensors() {
		if x.Role() == RoleValue && !x.Index() {
			for i := range m.F32(x) {
				m.F32(x)[i] = float32(math.NaN())
			}
		}
	}
}

func checkGradient(t *testing.T, d *CPU, p *Program) {
	t.Helper()
	ps := p.Params()
	w := ps.Initial(3)
	at := func(i int, step float32) float64 {
		old := w[i]
		w[i] += step
		require.NoError(t, d.UploadState(ps, Weights, w))
		v := value64(t, d, p)
		w[i] = old
		return v
	}
	value := at(0, 0)
	require.False(t, math.IsNaN(value))
	grads := make([]float32, ps.Len())
	require.NoError(t, d.DownloadState(grads, ps, Grads))
	scale := 0.0
	for _, g := range grads {
		scale = math.Max(scale, math.Abs(float64(g)))
	}
	require.NotZero(t, scale)
	for _, name := range ps.Names() {
		part := ps.Slice(w, name)
		from := ps.offset[ps.index[name]]
		for i := range part {
			const h = 1.0 / 64 // a power of two: w+h is nearly exact
			diff := (8*(at(from+i, h)-at(from+i, -h)) - (at(from+i, 2*h) - at(from+i, -2*h))) / (12 * h)
			require.InDelta(t, diff, float64(grads[from+i]), 2e-4*(scale+math.Abs(diff)), fmt.Sprintf("%s[%d]", name, i))
		}
	}
}
