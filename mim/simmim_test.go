package mim

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
)

// newSimMIMStep records SimMIM with an input of its own for the targets, which
// the returned function uploads.
func newSimMIMStep(t *testing.T, c Config) (s *step, targets func([]float32)) {
	t.Helper()
	m, err := New("simmim", c)
	require.NoError(t, err)
	var target nn.Tensor
	s = newStepOf(t, m, 1, func(p *nn.Program) *Forward {
		shape := []int{c.Batch, c.Model.Side, c.Model.Side, c.Model.Channels}
		images := p.Input("images", shape...)
		target = p.Input("targets", shape...)
		f := m.(*simMIM).record(p, images, target, RecordOptions{Tap: true})
		f.Inputs.Images = images
		return f
	})
	return s, func(data []float32) { require.NoError(t, s.dev.Upload(target, data)) }
}

func TestSimMIMLossIsTheNaiveOne(t *testing.T) {
	for _, c := range []Config{tiny(t), withClassToken(t)} {
		s := newStep(t, "simmim", c, RecordOptions{}, 2)
		want := naiveOf(c.Model, s.ps, s.w).simMIM(s.batch)
		require.InEpsilon(t, want, s.run(), 2e-6)
	}
}

// The gradient of every tensor against differences of the float64 loss.
func TestSimMIMGradientIsTheNaiveOne(t *testing.T) {
	for _, c := range []Config{tiny(t), withClassToken(t)} {
		s := newStep(t, "simmim", c, RecordOptions{}, 1)
		s.run()
		n := naiveOf(c.Model, s.ps, s.w)
		checkGradients(t, s, n, func() float64 { return n.simMIM(s.batch) })
	}
}

// checkGradients compares the program's gradient with central differences of
// loss, along a direction in every tensor that weighs each element differently.
func checkGradients(t *testing.T, s *step, n naive, loss func() float64) {
	t.Helper()
	g := s.gradients()
	for _, name := range s.ps.Names() {
		w, gradient := n.w[name], s.ps.Slice(g, name)
		direction := make([]float64, len(w))
		var want, norm float64
		for i, v := range gradient {
			norm += float64(v) * float64(v)
			direction[i] = math.Sin(float64(1 + 7*i))
			want += direction[i] * float64(v)
		}
		kept := slices.Clone(w)
		moved := func(h float64) float64 {
			for i := range w {
				w[i] = kept[i] + h*direction[i]
			}
			defer copy(w, kept)
			return loss()
		}
		const h = 1e-5
		require.InDelta(t, want, (moved(h)-moved(-h))/(2*h), 1e-5+1e-4*math.Sqrt(norm), name)
	}
}

func TestSimMIM1VisibleTargetPixelsDontCount(t *testing.T) {
	s, targets := newSimMIMStep(t, tiny(t))
	data := slices.Clone(s.batch.Images)
	targets(data)
	before := s.run()
	for i := range s.batch.Layout.Images {
		for _, j := range s.batch.Visible[i*s.batch.Layout.Visible:][:s.batch.Layout.Visible] {
			data[s.pixel(i, int(j), 1, 0, 1)] += 3
		}
	}
	targets(data)
	require.Equal(t, before, s.run())
	data[s.pixel(1, int(s.batch.Masked[s.batch.Layout.Masked]), 1, 0, 1)] += 3
	targets(data)
	require.NotEqual(t, before, s.run(), "a masked one does")
}

func TestSimMIM2MaskedInputPixelsArentSeen(t *testing.T) {
	s, _ := newSimMIMStep(t, tiny(t))
	s.run()
	before := s.get(s.f.Pred)
	for i := range s.batch.Layout.Images {
		for _, j := range s.batch.Masked[i*s.batch.Layout.Masked:][:s.batch.Layout.Masked] {
			s.batch.Images[s.pixel(i, int(j), 0, 1, 0)] += 3
		}
	}
	s.run()
	require.Equal(t, before, s.get(s.f.Pred))
	s.batch.Images[s.pixel(1, int(s.batch.Visible[s.batch.Layout.Visible]), 0, 1, 0)] += 3
	s.run()
	require.NotEqual(t, before, s.get(s.f.Pred), "a visible one is")
}

func TestSimMIM3MaskedCount(t *testing.T) {
	c := tiny(t)
	c.Model.Side = 16 // a grid of 8: units of 2x2 patches by default
	m, err := New("simmim", c)
	require.NoError(t, err)
	require.Equal(t, 4, m.Config().Unit, "pixels")
	require.Equal(t, 0.6, m.Config().Ratio)
	require.Equal(t, 40, m.Layout().Masked) // ceil(0.6*16)*4
	c.Unit, c.Ratio = 2, 0.7
	m, err = New("simmim", c)
	require.NoError(t, err)
	require.Equal(t, 45, m.Layout().Masked) // ceil(0.7*64)
	c.Unit = 3
	_, err = New("simmim", c)
	require.EqualError(t, err, "simmim: mask unit of 3 px isn't a multiple of the patch, 2 px")
}

// With a head of weight 0 each patch's prediction is the head's bias: first the
// patch that all images consist of, then one that is off by a constant.
func TestSimMIM4And5ConstantErrors(t *testing.T) {
	for channels := 1; channels <= 3; channels++ {
		c := tiny(t)
		c.Model.Channels = channels
		s := newStep(t, "simmim", c, RecordOptions{}, 1)
		clear(s.ps.Slice(s.w, "decoder.0.weight"))
		bias := s.ps.Slice(s.w, "decoder.0.bias")
		p := c.Model.Patch
		for i := range c.Batch {
			for j := range c.Model.Patches() {
				for y := range p {
					for x := range p {
						for k := range channels {
							s.batch.Images[s.pixel(i, j, y, x, k)] = bias[(k*p+y)*p+x]
						}
					}
				}
			}
		}
		require.Equal(t, float32(0), s.run(), "invariant 4")
		for i := range bias {
			bias[i] += 0.75
		}
		for _, o := range s.p.Ops() {
			if o.Kind == nn.KindMaskedL1 { // too small to show in the loss
				require.Equal(t, 1e-5*float64(channels), o.Attr.(nn.MaskedLossAttr).Guard)
			}
		}
		pixels := float64(s.batch.Layout.Images * s.batch.Layout.Masked * p * p)
		require.InDelta(t, 0.75*pixels/(pixels+1e-5), s.run(), 1e-6, "invariant 5, %d channels", channels)
	}
}

func TestSimMIM6GradientOfTheMaskToken(t *testing.T) {
	s := newStep(t, "simmim", tiny(t), RecordOptions{Tap: true}, 1)
	s.run()
	d := s.m.Config().Model.Width
	entering, ok := s.p.Gradient(s.f.Taps[0].Tokens[0])
	require.True(t, ok)
	want := make([]float64, d)
	for i, v := range s.get(entering) {
		want[i%d] += float64(s.batch.Mask[i/d]) * float64(v)
	}
	got := s.ps.Slice(s.gradients(), "mask_token")
	for i := range want {
		require.InDelta(t, want[i], got[i], 1e-6)
	}
	clear(s.batch.Mask)
	require.Equal(t, float32(0), s.run())
	require.Equal(t, make([]float32, d), s.ps.Slice(s.gradients(), "mask_token"))
}

// Every masked position receives the same parameter: substitutional
// consistency.
func TestSimMIMMaskedTokensAreOneParameter(t *testing.T) {
	s := newStep(t, "simmim", tiny(t), RecordOptions{Tap: true}, 1)
	s.run()
	v := s.m.Config().Model
	token, position := s.ps.Slice(s.w, "mask_token"), v.Position()
	z := s.get(s.f.Taps[0].EntryVisible)
	for i, x := range s.get(s.f.Taps[0].Tokens[0]) {
		if s.batch.Mask[i/v.Width] == 1 {
			require.Equal(t, token[i%v.Width]+position[i%len(position)], x)
		} else {
			require.Equal(t, z[i]+position[i%len(position)], x)
		}
	}
}
