package mim

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
)

func maeConfigs(t *testing.T) []Config {
	eps, raw := tiny(t), tiny(t)
	eps.NormPixEps = 0.5
	raw.RawPixels = true
	return []Config{tiny(t), withClassToken(t), eps, raw}
}

func TestMAELossIsTheNaiveOne(t *testing.T) {
	for _, c := range maeConfigs(t) {
		s := newStep(t, "mae", c, RecordOptions{}, 2)
		want := naiveOf(c.Model, s.ps, s.w).mae(s.batch, s.m.Config())
		require.InEpsilon(t, want, s.run(), 2e-6)
	}
}

func TestMAEGradientIsTheNaiveOne(t *testing.T) {
	for _, c := range maeConfigs(t)[:2] {
		s := newStep(t, "mae", c, RecordOptions{}, 1)
		s.run()
		n := naiveOf(c.Model, s.ps, s.w)
		checkGradients(t, s, n, func() float64 { return n.mae(s.batch, s.m.Config()) })
	}
}

func TestMAE1EncoderSeesTheVisibleOnly(t *testing.T) {
	for _, c := range []Config{tiny(t), withClassToken(t)} {
		s := newStep(t, "mae", c, RecordOptions{}, 1)
		var lengths []int
		for _, o := range s.p.Ops() {
			if o.Kind == nn.KindAttention {
				lengths = append(lengths, o.Attr.(nn.AttentionAttr).Tokens)
			}
		}
		classTokens := c.Model.ClassTokens()
		require.Equal(t, []int{classTokens + 4, classTokens + 4, classTokens + 16, classTokens + 16}, lengths) // floor(16*0.25) = 4
	}
}

func TestMAE2PermutationAndCount(t *testing.T) {
	s := newStep(t, "mae", tiny(t), RecordOptions{}, 1)
	l := s.m.Layout()
	for i := range l.Images {
		sequence := append(slices.Clone(s.batch.Visible[i*l.Visible:][:l.Visible]), s.batch.Masked[i*l.Masked:][:l.Masked]...)
		ones := 0
		for j, r := range s.batch.Restore[i*l.Patches:][:l.Patches] {
			require.Equal(t, int32(j), sequence[r])
			ones += int(s.batch.Mask[i*l.Patches+j])
		}
		require.Equal(t, l.Patches-int(math.Floor(float64(l.Patches)*0.25)), ones)
	}
}

func TestMAE3EncoderOutputIgnoresMaskedPixels(t *testing.T) {
	s := newStep(t, "mae", tiny(t), RecordOptions{Tap: true}, 1)
	s.run()
	encoded, pred := s.get(s.f.Taps[0].EntryVisible), s.get(s.f.Pred)
	for i := range s.batch.Layout.Images {
		for _, j := range s.batch.Masked[i*s.batch.Layout.Masked:][:s.batch.Layout.Masked] {
			s.batch.Images[s.pixel(i, int(j), 0, 1, 0)] += 3
		}
	}
	s.run()
	require.Equal(t, encoded, s.get(s.f.Taps[0].EntryVisible))
	require.Equal(t, pred, s.get(s.f.Pred))
}

// The loss is the masked mean of what the forward pass shows, so predictions at
// visible positions don't enter it; nor do they get a gradient.
func TestMAE4VisiblePredictionsDontCount(t *testing.T) {
	s := newStep(t, "mae", tiny(t), RecordOptions{}, 1)
	loss := s.run()
	gradient, ok := s.p.Gradient(s.f.Pred)
	require.True(t, ok)
	pred, target, g := s.get(s.f.Pred), s.get(s.f.Target), s.get(gradient)
	n := s.m.Config().Model.PatchLen()
	var sum, masked float64
	for i := range pred {
		if s.batch.Mask[i/n] == 1 {
			masked++
			sum += math.Pow(float64(pred[i])-float64(target[i]), 2)
			require.NotZero(t, g[i])
		} else {
			require.Zero(t, g[i])
		}
	}
	require.InEpsilon(t, sum/masked, loss, 1e-6)
}

func TestMAE5And6NormPix(t *testing.T) {
	c := tiny(t)
	c.NormPixEps = 0.25
	s := newStep(t, "mae", c, RecordOptions{}, 1)
	s.run()
	before := s.get(s.f.Target)
	n := c.Model.PatchLen()
	moments := func(v []float64) (mean, variance float64) {
		for _, x := range v {
			mean += x / float64(len(v))
		}
		for _, x := range v {
			variance += (x - mean) * (x - mean) / float64(len(v)-1)
		}
		return mean, variance
	}
	reference := naive{Config: c.Model}
	for j := range c.Model.Patches() {
		_, v := moments(reference.patch(s.batch.Image(0), j, false))
		var target []float64
		for _, x := range before[j*n:][:n] {
			target = append(target, float64(x))
		}
		mean, variance := moments(target)
		require.InDelta(t, 0, mean, 1e-6)
		require.InEpsilon(t, v/(v+0.25), variance, 1e-5)
	}
	for i := range c.Model.Patches() {
		for k := range n {
			p := c.Model.Patch
			s.batch.Images[s.pixel(1, i, k%p, k/p%p, k/(p*p))] += float32(i)
		}
	}
	s.run()
	for i, v := range s.get(s.f.Target) {
		require.InDelta(t, before[i], v, 1e-5)
	}
}

func TestMAE7OrderOfKeptTokensDoesntMatter(t *testing.T) {
	s := newStep(t, "mae", tiny(t), RecordOptions{Tap: true}, 1)
	s.run()
	before := s.get(s.f.Taps[0].Tokens[0])
	entry := s.get(s.f.Taps[0].EntryVisible)
	l := s.m.Layout()
	for i := range l.Images {
		slices.Reverse(s.batch.Visible[i*l.Visible:][:l.Visible])
		for j, r := range s.batch.Restore[i*l.Patches:][:l.Patches] {
			if int(r) < l.Visible {
				s.batch.Restore[i*l.Patches+j] = int32(l.Visible-1) - r
			}
		}
	}
	s.run()
	for i, v := range s.get(s.f.Taps[0].Tokens[0]) {
		require.InDelta(t, before[i], v, 1e-5)
	}
	require.NotEqual(t, entry, s.get(s.f.Taps[0].EntryVisible), "the encoder did see another order")
}

// The MAE base model at 224 px with the class token has the parameters of the
// official mae_vit_base_patch16, 111,907,840 less the two position tables.
func TestMAEBaseIsTheOfficialSize(t *testing.T) {
	c, err := Preset("base", 224, 3, 1)
	require.NoError(t, err)
	c.Model.ClassToken = true
	m, err := New("mae", c)
	require.NoError(t, err)
	ps, err := nn.NewParams(m.Specs())
	require.NoError(t, err)
	require.Equal(t, 111_907_840-197*768-197*512, ps.Count())
}

func TestMAEDefaults(t *testing.T) {
	m, err := New("mae", tiny(t))
	require.NoError(t, err)
	require.Equal(t, 0.75, m.Config().Ratio)
	require.Equal(t, float32(1e-6), m.Config().NormPixEps)
	c := tiny(t)
	c.RawPixels, c.NormPixEps, c.Unit = true, 1, 4
	m, err = New("mae", c)
	require.NoError(t, err)
	require.Zero(t, m.Config().NormPixEps, "a setting that isn't in force")
	require.Zero(t, m.Config().Unit, "a setting of another method")
}

func TestMAERefusesWhatCantBe(t *testing.T) {
	check := func(change func(*Config), want string) {
		t.Helper()
		c := tiny(t)
		change(&c)
		_, err := New("mae", c)
		require.EqualError(t, err, want)
	}
	check(func(c *Config) { c.DecoderWidth = 0 }, "mae: decoder_blocks: width 0; sin-cos position needs a multiple of 4")
	check(func(c *Config) { c.DecoderDepth = 0 }, "mae: decoder_blocks: depth 0; it must be at least 1")
	check(func(c *Config) { c.NormPixEps = -1 }, "mae: norm-pix eps -1; it must be positive (1e-6 is the paper's)")
	check(func(c *Config) { c.Batch = 0 }, "mae: batch of 0 images; it must hold at least 1")
	check(func(c *Config) { c.Ratio = 0.99 }, "mae: mask ratio 0.99 of 16 patches keeps 0 visible; at least one must be visible and one masked")
	check(func(c *Config) { c.Model.Patch, c.Model.Channels = 1, 1 }, "mae: patches of 1 number have no deviation to normalise by; ask for raw pixels")
}
