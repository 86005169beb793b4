package benchdata

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The bytes of the embedded set are part of the contract of specs/numerics.md: one SHA-256 on
// every architecture. A change of it changes every result on the set: raise nn.Numerics.
func TestIdentityGlyphs(t *testing.T) {
	s, err := glyphs(defaultGlyphs)
	require.NoError(t, err)
	require.Equal(t, "610bebae78f6b8affab464883ddad174c01526f1ece4734219f7890ae651fa4b", fmt.Sprintf("%x", sha256.Sum256(s.Train.Image(0))), "first image")
	require.Equal(t, []float32{128.40942}, s.Mean)
	require.Equal(t, []float32{75.030014}, s.Std)
	require.Equal(t, glyphsDescription.SHA256, s.SHA256)
}

func TestGlyphsDontHangOnThreads(t *testing.T) {
	style := defaultGlyphs
	style.train, style.val, style.test = 50, 20, 20
	want, err := glyphs(style)
	require.NoError(t, err)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	got, err := glyphs(style)
	require.NoError(t, err)
	require.Equal(t, want.SHA256, got.SHA256)

	style.train = 70
	got, err = glyphs(style)
	require.NoError(t, err)
	require.Equal(t, want.Train.Images, got.Train.Images[:len(want.Train.Images)], "nor does an image on the number of them")
}

func TestGlyphsAreBalancedAndDiffer(t *testing.T) {
	s, err := Open("glyphs", Options{})
	require.NoError(t, err)
	seen := map[[32]byte]bool{}
	for _, split := range s.Splits() {
		counts := make([]int, s.Classes)
		for i, l := range split.Labels {
			counts[l]++
			seen[sha256.Sum256(split.Image(i))] = true
		}
		for class, n := range counts {
			require.InDelta(t, split.Len()/s.Classes, n, 1, "%s: class %s", split.Name, s.ClassNames[class])
		}
	}
	require.Len(t, seen, s.Train.Len()+s.Val.Len()+s.Test.Len(), "no image is there twice, within or across splits")
}

// Pixels alone must not tell the class, or there would be nothing to learn: a ridge probe
// (lambda 1e-2·n, bank of 2,000 training images, 2,000 validation images) on them, halved to
// 16x16, stays under 35 %. Chance is 8.3 %; all 32x32 pixels give 23.0 % with a bank of 4,096.
func TestPixelsDontTellTheClass(t *testing.T) {
	if testing.Short() {
		t.Skip("solves for 256 features")
	}
	s, err := Open("glyphs", Options{Side: 16})
	require.NoError(t, err)
	accuracy := pixelProbe(t, s, 2000)
	require.Less(t, accuracy, 35.0)
	require.Greater(t, accuracy, 100/float64(s.Classes), "the probe works")
}

// pixelProbe is the accuracy, in percent on val, of ridge regression from standardised
// pixels to one-hot classes.
func pixelProbe(t *testing.T, s *Set, bank int) float64 {
	features := s.Side * s.Side * s.Channels
	x := mat.NewDense(bank, features, nil)
	y := mat.NewDense(bank, s.Classes, nil)
	for i := range bank {
		for j, v := range s.Train.Image(i) {
			x.Set(i, j, (float64(v)-float64(s.Mean[0]))/float64(s.Std[0]))
		}
		for c := range s.Classes {
			y.Set(i, c, -1/float64(s.Classes))
		}
		y.Set(i, int(s.Train.Labels[i]), 1-1/float64(s.Classes))
	}
	var gram mat.SymDense
	gram.SymOuterK(1, x.T())
	for j := range features {
		gram.SetSym(j, j, gram.At(j, j)+1e-2*float64(bank))
	}
	var factor mat.Cholesky
	require.True(t, factor.Factorize(&gram))
	var xy, w mat.Dense
	xy.Mul(x.T(), y)
	require.NoError(t, factor.SolveTo(&w, &xy))
	right := 0
	scores := mat.NewVecDense(s.Classes, nil)
	for i, label := range s.Val.Labels {
		pixels := mat.NewVecDense(features, nil)
		for j, v := range s.Val.Image(i) {
			pixels.SetVec(j, (float64(v)-float64(s.Mean[0]))/float64(s.Std[0]))
		}
		scores.MulVec(w.T(), pixels)
		best := 0
		for c := range s.Classes {
			if scores.AtVec(c) > scores.AtVec(best) {
				best = c
			}
		}
		if best == int(label) {
			right++
		}
	}
	return 100 * float64(right) / float64(s.Val.Len())
}

func BenchmarkGlyphs(b *testing.B) {
	for b.Loop() {
		if _, err := glyphs(defaultGlyphs); err != nil {
			b.Fatal(err)
		}
	}
}
