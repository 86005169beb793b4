package mto

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
)

// The invariants of methods.md 11.8, by number. 2, 4 and 5 are about single
// operations and are tests of package nn.

// Invariant 1. The coefficients that don't matter then are those of preset on.
func TestZeroWeightsChangeNoBit(t *testing.T) {
	zero := preset(t, "on")
	zero.LambdaSpa, zero.LambdaE, zero.LambdaR = 0, 0, 0
	unweighted := zero // L_spa of two parts with weight 0
	unweighted.LambdaSpa, unweighted.WMass, unweighted.WEntropy = 0.01, 0, 0
	battery(t, func(t *testing.T, m mim.Method) {
		plain := newRun(t, m, 1, func(p *nn.Program) Recorded { return Recorded{Forward: m.Record(p, mim.RecordOptions{})} })
		measured := newRun(t, m, 1, func(p *nn.Program) Recorded { return Record(p, m, zero, Options{Measure: true}) })
		others := []*run{newRunOf(t, m, preset(t, "off")), newRunOf(t, m, zero), newRunOf(t, m, unweighted)}
		for _, r := range others {
			require.Equal(t, plain.p.String(), r.p.String(), "nothing is recorded")
		}
		for i := range 4 {
			plain.draw(i)
			want := plain.step(1e-3)
			for _, r := range append(others, measured) {
				r.draw(i)
				require.Equal(t, math.Float32bits(want), math.Float32bits(r.step(1e-3)))
				require.Equal(t, plain.state(nn.Grads), r.state(nn.Grads))
				require.Equal(t, plain.state(nn.Weights), r.state(nn.Weights))
			}
		}
	})
}

// gradientOf returns the gradient of one of MTO's terms alone, by parameter.
func gradientOf(t *testing.T, m mim.Method, c Config, term string) map[string][]float32 {
	r := newRun(t, m, 1, func(p *nn.Program) Recorded {
		f := Record(p, m, c, Options{})
		f.Terms = slices.DeleteFunc(f.Terms, func(t mim.Term) bool { return t.Name != term })
		return f
	})
	r.step(0)
	grads := map[string][]float32{}
	for _, name := range r.ps.Names() {
		grads[name] = r.ps.Slice(r.state(nn.Grads), name)
	}
	return grads
}

func isZero(x []float32) bool {
	return !slices.ContainsFunc(x, func(v float32) bool { return v != 0 })
}

// Invariant 3.
func TestEntryLossHasGradientOnTheMaskTokenOnly(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		for name, g := range gradientOf(t, m, preset(t, "on"), TermE) {
			require.Equal(t, name != "mask_token", isZero(g), name)
		}
	})
}

// L_r reaches the blocks through masked tokens, L_spa through attention; neither
// reaches what comes after the last block.
func TestLayerLossesReachTheBlocks(t *testing.T) {
	for _, c := range []struct{ method, lastBlock, head string }{
		{"simmim", "blocks.1.", "decoder.0.weight"},
		{"mae", "decoder_blocks.1.", "decoder_pred.weight"},
	} {
		m, err := mim.New(c.method, settings())
		require.NoError(t, err)
		for _, term := range []string{TermR, TermSpa} {
			g := gradientOf(t, m, preset(t, "on"), term)
			require.False(t, isZero(g["mask_token"]), term)
			require.False(t, isZero(g[c.lastBlock+"attn.qkv.weight"]), term)
			require.Equal(t, term == TermSpa, isZero(g[c.lastBlock+"mlp.fc2.weight"]), term)
			require.True(t, isZero(g[c.head]), term)
		}
	}
}

// Invariant 6.
func TestHardGateHidesMaskTokensFromVisibleOnes(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		hard := newRunOf(t, m, preset(t, "hard"))
		plain := newRun(t, m, 1, func(p *nn.Program) Recorded { return Recorded{Forward: m.Record(p, mim.RecordOptions{Tap: true})} })
		hard.step(0)
		plain.step(0)
		l, tap := m.Layout(), hard.f.Taps[0]
		keys := l.ClassTokens + l.Patches
		isMasked := func(b, token int) bool {
			return token >= l.ClassTokens && hard.b.Mask[b*l.Patches+token-l.ClassTokens] != 0
		}

		first := hard.get(tap.Attention[0].Probs)
		firstPlain := plain.get(plain.f.Taps[0].Attention[0].Probs)
		for layer, a := range tap.Attention {
			probs, heads := hard.get(a.Probs), a.Probs.Dim(1)
			for row := range l.Images * heads * keys {
				b, q := row/(heads*keys), row%keys
				if isMasked(b, q) {
					if layer == 0 {
						require.Equal(t, firstPlain[row*keys:][:keys], first[row*keys:][:keys], "masked rows are untouched")
					}
					continue
				}
				for k, x := range probs[row*keys:][:keys] {
					require.Equal(t, isMasked(b, k), x == 0, "layer %d", layer)
				}
			}
		}

		before := hard.get(tap.Tokens[len(tap.Tokens)-1])
		w := slices.Clone(hard.w)
		for i := range hard.ps.Slice(w, "mask_token") {
			hard.ps.Slice(w, "mask_token")[i] += 1
		}
		hard.upload(w)
		hard.step(0)
		after := hard.get(tap.Tokens[len(tap.Tokens)-1])
		d := len(after) / (l.Images * keys)
		for token := range l.Images * keys {
			same := slices.Equal(before[token*d:][:d], after[token*d:][:d])
			require.Equal(t, !isMasked(token/keys, token%keys), same)
		}
	})
}

// The adaptive gate lets less attention through to masked keys than none does,
// and more than the hard one.
func TestAdaptiveGateLowersMaskedMass(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		mass := map[string]float64{}
		for _, name := range []string{"off", "gated", "hard"} {
			r := newRun(t, m, 1, func(p *nn.Program) Recorded { return Record(p, m, preset(t, name), Options{Measure: true}) })
			r.step(0)
			reading, err := r.f.Measures[0].Read(r.dev)
			require.NoError(t, err)
			mass[name] = reading.MaskedMass[0]
		}
		require.Zero(t, mass["hard"])
		require.Greater(t, mass["gated"], 0.0)
		require.Less(t, mass["gated"], mass["off"])
	})
}

// Invariant 7: the order in which masked positions are listed is no information.
// Sums change by rounding alone.
func TestOrderOfMaskedPositionsDoesNotMatter(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		for _, name := range []string{"on", "gated"} {
			r := newRunOf(t, m, preset(t, name))
			want := r.step(0)
			wantGrads := r.state(nn.Grads)
			l := m.Layout()
			for i := range l.Images {
				slices.Reverse(r.b.Masked[i*l.Masked:][:l.Masked])
			}
			require.InEpsilon(t, want, r.step(0), 1e-6)
			for i, g := range r.state(nn.Grads) {
				require.InDelta(t, wantGrads[i], g, 1e-6)
			}
		}
	})
}

// Invariant 8.
func TestFeaturesOfIntactImagesDoNotKnowTheMaskToken(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		r := newRunOf(t, m, preset(t, "gated"))
		probe := nn.NewProgram(r.ps)
		c := m.Config()
		images := probe.Input("images", c.Batch, c.Model.Side, c.Model.Side, c.Model.Channels)
		features := m.Features(probe, images, m.Layers())[0]
		require.NoError(t, r.dev.Load(probe))
		require.NoError(t, r.dev.Upload(images, r.b.Images))
		var want []float32
		for i := range 2 {
			w := slices.Clone(r.w)
			for k := range r.ps.Slice(w, "mask_token") {
				r.ps.Slice(w, "mask_token")[k] += float32(i)
			}
			r.upload(w)
			require.NoError(t, r.dev.Step(probe))
			if i == 0 {
				want = r.get(features)
			}
		}
		require.Equal(t, want, r.get(features))
	})
}

// Invariant 9: at entry every masked position holds the same vector, once its
// position is taken away, and positions vary from image to image.
func TestEveryMaskedPositionReceivesTheMaskToken(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		r := newRunOf(t, m, preset(t, "on"))
		r.step(0)
		l, tap := m.Layout(), r.f.Taps[0]
		token, entry := r.ps.Slice(r.w, "mask_token"), r.get(tap.Tokens[0])
		v := m.Config().Model
		v.Width = len(token)
		position := v.Position()
		drawn := map[int32]bool{}
		for i, j := range r.b.Masked {
			b := i / l.Masked
			drawn[j] = true
			row := entry[(b*(l.ClassTokens+l.Patches)+l.ClassTokens+int(j))*len(token):]
			for k, e := range token {
				require.Equal(t, e+position[(l.ClassTokens+int(j))*len(token)+k], row[k])
			}
		}
		require.Greater(t, len(drawn), l.Masked)
	})
}
