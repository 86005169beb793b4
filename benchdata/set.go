package benchdata

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"math/bits"
)

// A Set is a labelled image data set, decoded and split, wholly in memory.
// Images are square and all of one size.
type Set struct {
	Name     string // lower case, [a-z0-9._-]: goes into benchmark names as it is
	Side     int    // S, height and width in pixels
	Channels int    // C, 1 or 3
	Classes  int
	// ClassNames has Classes entries.
	ClassNames []string

	// FlipOK says that an image and its mirror image have the same label.
	FlipOK bool
	// NearBinary says that a third or more of the training images' bytes are 0 or 255, as in
	// MNIST: many patches are of one colour, and a target normalised per patch needs a larger
	// epsilon (1e-2 rather than 1e-6), or it blows up their noise.
	NearBinary bool

	Train Split // pre-training and probe bank
	Val   Split // target, curves, tuning
	Test  Split // opened once

	// Mean and Std are the per-channel mean and standard deviation (dividing by the
	// number of pixels) of the training split, in units of the stored bytes, 0 to 255.
	// A channel that doesn't vary has Std 1.
	Mean, Std []float32 // [C]

	// SHA256 identifies the decoded tensors; see [Set.Hash] for what it covers.
	SHA256 string
}

// A Split is one part of a set: n images and their labels. The slices belong to
// the set; readers don't write to them.
type Split struct {
	Images []uint8 // [n,S,S,C], row-major, channels last
	Labels []int32 // [n], 0 <= label < Classes
}

// Len returns the number of images.
func (s Split) Len() int { return len(s.Labels) }

// Image returns image i of the split, [S,S,C]: a slice of Images, not a copy.
func (s Split) Image(i int) []uint8 {
	size := len(s.Images) / len(s.Labels)
	return s.Images[i*size : (i+1)*size : (i+1)*size]
}

// Splits returns train, val and test with their names, in that order.
func (s *Set) Splits() []NamedSplit {
	return []NamedSplit{{"train", s.Train}, {"val", s.Val}, {"test", s.Test}}
}

// A NamedSplit is a split and its name: train, val or test.
type NamedSplit struct {
	Name string
	Split
}

// String is one line: name, splits, shape, classes, start of the hash.
func (s *Set) String() string {
	return fmt.Sprintf("%s: %d train + %d val + %d test images of %dx%dx%d, %d classes, sha256 %.12s",
		s.Name, s.Train.Len(), s.Val.Len(), s.Test.Len(), s.Side, s.Side, s.Channels, s.Classes, s.SHA256)
}

// Hash returns the SHA-256, in hex, of the decoded tensors: the text
//
//	mtobench data 1\nside S\nchannels C\nclasses K\n
//
// and then for train, val and test in this order the text "NAME n\n", the n
// labels as little-endian 32-bit integers and the n·S·S·C bytes of the images.
// Names of the set and of its classes are not covered.
func (s *Set) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "mtobench data 1\nside %d\nchannels %d\nclasses %d\n", s.Side, s.Channels, s.Classes)
	for _, split := range s.Splits() {
		fmt.Fprintf(h, "%s %d\n", split.Name, split.Len())
		writeLabels(h, split.Labels)
		h.Write(split.Images)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeLabels(w io.Writer, labels []int32) {
	buf := make([]byte, 0, 4096)
	for _, l := range labels {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(l))
		if len(buf) == cap(buf) {
			w.Write(buf)
			buf = buf[:0]
		}
	}
	w.Write(buf)
}

// finish fills in what follows from the splits (Mean, Std, NearBinary, SHA256) after
// checking that the set is one.
func (s *Set) finish() error {
	if err := s.check(); err != nil {
		return err
	}
	counts := countBytes(s.Train.Images, s.Channels)
	s.Mean, s.Std = counts.channelStats(s.Channels)
	s.NearBinary = counts.nearBinary(len(s.Train.Images))
	s.SHA256 = s.Hash()
	return nil
}

// check says what is wrong with the shapes and labels of a set.
func (s *Set) check() error {
	if s.Classes < 2 {
		return fmt.Errorf("%s: %d class: need at least 2 to probe features", s.Name, s.Classes)
	}
	if len(s.ClassNames) != s.Classes {
		return fmt.Errorf("%s: %d class names for %d classes", s.Name, len(s.ClassNames), s.Classes)
	}
	if s.Side < minSide || s.Side > maxSide {
		return fmt.Errorf("%s: images of %dx%d: need %d to %d pixels a side", s.Name, s.Side, s.Side, minSide, maxSide)
	}
	for _, split := range s.Splits() {
		if split.Len() == 0 {
			return fmt.Errorf("%s: split %s has no images; add some, or leave the split out so that it is held out from the training images", s.Name, split.Name)
		}
		if want := split.Len() * s.Side * s.Side * s.Channels; len(split.Images) != want {
			return fmt.Errorf("%s: split %s: %d bytes of images, need %d for %d labels", s.Name, split.Name, len(split.Images), want, split.Len())
		}
		for i, l := range split.Labels {
			if l < 0 || int(l) >= s.Classes {
				return fmt.Errorf("%s: split %s: image %d has label %d, need 0 to %d", s.Name, split.Name, i, l, s.Classes-1)
			}
		}
	}
	return nil
}

// byteCounts is how often each byte stands in each channel.
type byteCounts [3][256]uint64

func countBytes(images []uint8, channels int) *byteCounts {
	var counts byteCounts
	if channels == 1 {
		for _, v := range images {
			counts[0][v]++
		}
		return &counts
	}
	for i := 0; i+2 < len(images); i += 3 {
		counts[0][images[i]]++
		counts[1][images[i+1]]++
		counts[2][images[i+2]]++
	}
	return &counts
}

func (counts *byteCounts) nearBinary(bytes int) bool {
	var extreme uint64
	for _, c := range counts {
		extreme += c[0] + c[255]
	}
	return 3*extreme >= uint64(bytes)
}

// channelStats returns mean and standard deviation of each channel. Sums and the
// variance's numerator n·Σx² - (Σx)² are exact integers, so the result has the same bits
// everywhere.
func (counts *byteCounts) channelStats(channels int) (mean, std []float32) {
	for c := range channels {
		var n, sum, squares uint64
		for v, k := range counts[c] {
			n += k
			sum += k * uint64(v)
			squares += k * uint64(v) * uint64(v)
		}
		m, s := meanStd(n, sum, squares)
		mean, std = append(mean, m), append(std, s)
	}
	return mean, std
}

// meanStd is exact up to the roundings of a division and a square root: n·squares
// and sum² are formed in 128 bits.
func meanStd(n, sum, squares uint64) (mean, std float32) {
	mean = float32(float64(sum) / float64(n))
	hi1, lo1 := bits.Mul64(n, squares)
	hi2, lo2 := bits.Mul64(sum, sum)
	lo, borrow := bits.Sub64(lo1, lo2, 0)
	hi, _ := bits.Sub64(hi1, hi2, borrow)
	numerator := math.Ldexp(float64(hi), 64) + float64(lo)
	std = float32(math.Sqrt(numerator) / float64(n))
	if std == 0 {
		std = 1
	}
	return mean, std
}
