package benchdata

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// tinySet has 4+2+2 images of 8x8x3 in 2 classes.
func tinySet() *Set {
	split := func(n, start int) Split {
		s := Split{Images: make([]uint8, n*8*8*3), Labels: make([]int32, n)}
		for i := range s.Images {
			s.Images[i] = uint8(start + i*7)
		}
		for i := range s.Labels {
			s.Labels[i] = int32(i % 2)
		}
		return s
	}
	return &Set{
		Name: "tiny", Side: 8, Channels: 3, Classes: 2, ClassNames: []string{"a", "b"},
		Train: split(4, 0), Val: split(2, 100), Test: split(2, 200),
	}
}

func TestHashCoversEveryTensor(t *testing.T) {
	want := tinySet().Hash()
	changes := map[string]func(*Set){
		"train image": func(s *Set) { s.Train.Images[700]++ },
		"val image":   func(s *Set) { s.Val.Images[0]++ },
		"test image":  func(s *Set) { s.Test.Images[383]++ },
		"train label": func(s *Set) { s.Train.Labels[3] = 0 },
		"test label":  func(s *Set) { s.Test.Labels[0] = 1 },
		"classes":     func(s *Set) { s.Classes = 3 },
		"side":        func(s *Set) { s.Side = 4 },
		"splits":      func(s *Set) { s.Val, s.Test = s.Test, s.Val },
	}
	for what, change := range changes {
		s := tinySet()
		change(s)
		require.NotEqual(t, want, s.Hash(), what)
	}
	s := tinySet()
	s.Name, s.ClassNames = "other", []string{"x", "y"}
	require.Equal(t, want, s.Hash(), "names are not covered")
}

func TestManyLabelsAreAllHashed(t *testing.T) {
	s := tinySet()
	s.Val.Labels = make([]int32, 5000) // more than one buffer of labels
	want := s.Hash()
	s.Val.Labels[4999] = 1
	require.NotEqual(t, want, s.Hash())
}

func TestMeanAndStdAgreeWithFloat64(t *testing.T) {
	s := tinySet()
	require.NoError(t, s.finish())
	for c := range 3 {
		var sum, squares, n float64
		for i := c; i < len(s.Train.Images); i += 3 {
			sum += float64(s.Train.Images[i])
			n++
		}
		for i := c; i < len(s.Train.Images); i += 3 {
			d := float64(s.Train.Images[i]) - sum/n
			squares += d * d
		}
		require.InDelta(t, sum/n, s.Mean[c], 1e-4)
		require.InDelta(t, math.Sqrt(squares/n), s.Std[c], 1e-4)
	}
	mean, std := countBytes([]uint8{9, 9, 9, 9}, 1).channelStats(1)
	require.Equal(t, []float32{9}, mean)
	require.Equal(t, []float32{1}, std, "a constant channel isn't divided by zero")
}

// At 2^33 pixels of 255 the products exceed 64 bits.
func TestStdOfHugeSetsIsExact(t *testing.T) {
	n := uint64(1) << 33
	mean, std := meanStd(n, n/2*255, n/2*255*255)
	require.Equal(t, float32(127.5), mean)
	require.Equal(t, float32(127.5), std)
}

func TestBadSetsAreRefused(t *testing.T) {
	check := func(want string, change func(*Set)) {
		t.Helper()
		s := tinySet()
		change(s)
		require.EqualError(t, s.finish(), want)
	}
	check("tiny: 1 class: need at least 2 to probe features", func(s *Set) { s.Classes = 1 })
	check("tiny: 3 class names for 2 classes", func(s *Set) { s.ClassNames = append(s.ClassNames, "c") })
	check("tiny: images of 3x3: need 4 to 512 pixels a side", func(s *Set) { s.Side = 3 })
	check("tiny: split test has no images; add some, or leave the split out so that it is held out from the training images",
		func(s *Set) { s.Test = Split{} })
	check("tiny: split val: 383 bytes of images, need 384 for 2 labels", func(s *Set) { s.Val.Images = s.Val.Images[1:] })
	check("tiny: split train: image 2 has label 2, need 0 to 1", func(s *Set) { s.Train.Labels[2] = 2 })
}

func TestNearBinaryIsAThirdOfExtremes(t *testing.T) {
	for _, c := range []struct {
		pixels []uint8
		want   bool
	}{{[]uint8{0, 100, 200}, true}, {[]uint8{0, 100, 200, 254}, false}, {[]uint8{0, 255, 3, 4, 5, 6}, true}} {
		require.Equal(t, c.want, countBytes(c.pixels, 1).nearBinary(len(c.pixels)), "%v", c.pixels)
	}
}
