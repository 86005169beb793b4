package mim

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/nn"
)

// Augment turns stored images into the network's input: a random resized crop,
// perhaps a flip, and the standardisation of each channel. Its bits depend on the
// key alone. Safe for concurrent use; nothing is allocated for rows of up to 1,024
// numbers (256 px in 4 channels).
type Augment struct {
	side, channels int
	flip           bool

	scaleLow, scaleSpan float64 // of the crop's share of the area
	ratioLow, ratioSpan float64 // of the logarithm of width over height

	scale, shift []float32 // of each number of a row, [S*C]: input = pixel*scale + shift
}

// AugmentConfig holds the settings of Augment.
type AugmentConfig struct {
	Side, Channels     int
	ScaleMin, ScaleMax float64   // share of the image's area in the crop
	RatioMin, RatioMax float64   // crop's width over height; 1 must lie between
	Flip               bool      // mirror half of the images left to right
	Mean, Std          []float32 // [C], of pixels scaled to [0,1]
}

// DefaultAugment returns the project's defaults for a data set (DESIGN section
// 8): crops of 0.6 to 1 of the area, ratio 3/4 to 4/3. Keeps references to mean
// and std.
func DefaultAugment(side, channels int, flip bool, mean, std []float32) AugmentConfig {
	return AugmentConfig{
		Side: side, Channels: channels,
		ScaleMin: 0.6, ScaleMax: 1,
		RatioMin: 3. / 4, RatioMax: 4. / 3,
		Flip: flip, Mean: mean, Std: std,
	}
}

// NewAugment checks the settings.
func NewAugment(c AugmentConfig) (*Augment, error) {
	switch {
	case c.Side < 1 || c.Channels < 1:
		return nil, fmt.Errorf("augment: image %dx%dx%d; sizes must be at least 1", c.Side, c.Side, c.Channels)
	case len(c.Mean) != c.Channels || len(c.Std) != c.Channels:
		return nil, fmt.Errorf("augment: %d means and %d deviations for %d channels", len(c.Mean), len(c.Std), c.Channels)
	case !(0 < c.ScaleMin && c.ScaleMin <= c.ScaleMax && c.ScaleMax <= 1):
		return nil, fmt.Errorf("augment: crop scale %g to %g; need 0 < min <= max <= 1", c.ScaleMin, c.ScaleMax)
	case !(0 < c.RatioMin && c.RatioMin <= 1 && 1 <= c.RatioMax) || math.IsInf(c.RatioMax, 0):
		return nil, fmt.Errorf("augment: crop ratio %g to %g; need 0 < min <= 1 <= max", c.RatioMin, c.RatioMax)
	}
	a := &Augment{
		side: c.Side, channels: c.Channels, flip: c.Flip,
		scaleLow: c.ScaleMin, scaleSpan: c.ScaleMax - c.ScaleMin,
		ratioLow: detmath.Log(c.RatioMin), ratioSpan: detmath.Log(c.RatioMax) - detmath.Log(c.RatioMin),
	}
	for i := range c.Side * c.Channels {
		k := i % c.Channels
		mean, std := float64(c.Mean[k]), float64(c.Std[k])
		if !(std > 0) || math.IsInf(std, 0) || math.IsNaN(mean) || math.IsInf(mean, 0) {
			return nil, fmt.Errorf("augment: channel %d has mean %g and deviation %g; need a finite mean and a positive deviation", k, mean, std)
		}
		a.scale = append(a.scale, float32(1/float64(255*std)))
		a.shift = append(a.shift, float32(-mean/std))
	}
	return a, nil
}

// Len returns the numbers in one image, S*S*C.
func (a *Augment) Len() int { return a.side * a.side * a.channels }

// Image writes the augmented input of the key's image: dst [S,S,C] overwritten,
// src [S,S,C] the stored pixels.
func (a *Augment) Image(dst []float32, src []uint8, key Key) {
	a.Apply(dst, src, a.Draw(key))
}

// Intact writes the image as it is, standardised, to the bits of a crop that
// takes all of it.
func (a *Augment) Intact(dst []float32, src []uint8) {
	a.Apply(dst, src, Crop{Width: a.side, Height: a.side})
}

// Crop is a box of pixels inside an image, mirrored or not.
type Crop struct {
	X, Y, Width, Height int
	Flip                bool
}

// cropAttempts is how many boxes are drawn before the whole image is taken.
const cropAttempts = 10

// Draw returns the crop of the key's image. The flip is drawn first, and
// always, so that allowing it changes no box.
func (a *Augment) Draw(key Key) Crop { return a.DrawFrom(key.draw(cropStream)) }

// DrawFrom returns the crop that a sequence of random numbers gives.
func (a *Augment) DrawFrom(d nn.Draw) Crop {
	flip := d.Uniform() < 0.5 && a.flip
	side := float64(a.side)
	for range cropAttempts {
		share := a.scaleLow + float64(float64(d.Uniform())*a.scaleSpan)
		ratio := detmath.Exp(a.ratioLow + float64(float64(d.Uniform())*a.ratioSpan))
		w := int(math.Round(side * math.Sqrt(share*ratio)))
		h := int(math.Round(side * math.Sqrt(share/ratio)))
		if 0 < w && w <= a.side && 0 < h && h <= a.side {
			x := d.IntN(a.side - w + 1)
			y := d.IntN(a.side - h + 1)
			return Crop{X: x, Y: y, Width: w, Height: h, Flip: flip}
		}
	}
	return Crop{Width: a.side, Height: a.side, Flip: flip}
}

// Apply writes the crop, resized to the whole side and standardised: dst
// overwritten. Bilinear with pixel centres at half-integers, in float32: along
// x first, then along y, then pixel*scale + shift, each product rounded.
func (a *Augment) Apply(dst []float32, src []uint8, crop Crop) {
	n, width := a.Len(), a.side*a.channels
	if len(dst) != n || len(src) != n {
		panic(fmt.Sprintf("augment: dst has %d and src %d numbers, an image has %d*%d*%d = %d", len(dst), len(src), a.side, a.side, a.channels, n))
	}
	var buffer [stackRow]sampling
	var lineBuffer [2][stackRow]float32
	columns, even, odd := buffer[:], lineBuffer[0][:], lineBuffer[1][:]
	if width > stackRow {
		columns, even, odd = make([]sampling, width), make([]float32, width), make([]float32, width)
	}
	columns = columns[:width]
	a.sampleColumns(columns, crop)

	// Lines resized along x, kept while they are needed: an even row of the
	// crop in one place, an odd one in the other.
	lines, held := [2][]float32{even[:width], odd[:width]}, [2]int{-1, -1}
	line := func(row int) []float32 {
		to := lines[row%2]
		if held[row%2] != row {
			held[row%2] = row
			from := src[((crop.Y+row)*a.side+crop.X)*a.channels:][:crop.Width*a.channels]
			for i, c := range columns {
				to[i] = float32(float32(from[c.at])*c.near) + float32(float32(from[c.next])*c.far)
			}
		}
		return to
	}
	for y := range a.side {
		row := sample(y, crop.Height, a.side)
		out, scale, shift := dst[y*width:][:width], a.scale[:width], a.shift[:width]
		top, bottom := line(int(row.at))[:width], line(int(row.next))[:width]
		for i := range out {
			v := float32(top[i]*row.near) + float32(bottom[i]*row.far)
			out[i] = float32(v*scale[i]) + shift[i]
		}
	}
}

// stackRow is the longest row of numbers for which Apply allocates nothing.
const stackRow = 1024

// sampling says where one output coordinate reads along one axis: element at
// with weight near, element next with weight far.
type sampling struct {
	at, next  int32
	near, far float32
}

// sampleColumns fills in where each number of an output row reads in a row of
// the crop.
func (a *Augment) sampleColumns(columns []sampling, crop Crop) {
	for x := range a.side {
		s := sample(x, crop.Width, a.side)
		if crop.Flip {
			x = a.side - 1 - x
		}
		s.at, s.next = s.at*int32(a.channels), s.next*int32(a.channels)
		for c := range a.channels {
			columns[x*a.channels+c] = s
			s.at, s.next = s.at+1, s.next+1
		}
	}
}

// sample places output coordinate i of side on an axis of length pixels: its
// centre is ((2i+1)*length - side) / (2*side), an exact fraction, clamped to the
// pixels' centres.
func sample(i, length, side int) sampling {
	centre := max(0, (2*i+1)*length-side)
	at, rest := centre/(2*side), centre%(2*side)
	if at >= length-1 {
		return sampling{at: int32(length - 1), next: int32(length - 1), near: 1}
	}
	far := float32(rest) / float32(2*side)
	return sampling{at: int32(at), next: int32(at + 1), near: 1 - far, far: far}
}
