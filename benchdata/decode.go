package benchdata

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"sync"
)

// A picture is a decoded image file: [h,w,3] bytes, red, green, blue.
type picture struct {
	pix  []uint8
	h, w int
	grey bool // stored without colour: the three channels are equal
}

// decodePicture decodes a PNG or JPEG file. Transparent pixels are shown over black,
// 16-bit channels keep their high byte.
func decodePicture(data []byte) (picture, error) {
	decodeConfig, decode, plausible := png.DecodeConfig, png.Decode, plausiblePNG
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		decodeConfig, decode, plausible = jpeg.DecodeConfig, jpeg.Decode, plausibleJPEG
	default:
		return picture{}, fmt.Errorf("starts with % x: need a PNG or JPEG image", data[:min(len(data), 8)])
	}
	config, err := decodeConfig(bytes.NewReader(data))
	if err != nil {
		return picture{}, err
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxPixels/config.Height {
		return picture{}, fmt.Errorf("%dx%d pixels: need 1 to %s in all", config.Width, config.Height, thousands(maxPixels))
	}
	if err := plausible(data, config.Width, config.Height); err != nil {
		return picture{}, err
	}
	if config.Width*config.Height > largePixels {
		oneLarge.Lock()
		defer oneLarge.Unlock()
	}
	m, err := decode(bytes.NewReader(data))
	if err != nil {
		return picture{}, err
	}
	return toRGB(m), nil
}

// oneLarge is held while a large image is decoded.
var oneLarge sync.Mutex

// plausiblePNG refuses a file too short for its pixels before memory is taken for them. Its header has passed
// png.DecodeConfig.
func plausiblePNG(data []byte, w, h int) error {
	depth, samples := int(data[24]), map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[data[25]]
	raw := (int64(w)*int64(depth*samples)+7)/8*int64(h) + int64(h)
	if raw > maxDeflateRatio*int64(len(data)) {
		return fmt.Errorf("%dx%d pixels in a file of %s bytes: more than compression can hold: cut off, or made to exhaust memory", w, h, thousands(len(data)))
	}
	return nil
}

// plausibleJPEG does the same, and refuses to go over the pixels time and again.
func plausibleJPEG(data []byte, w, h int) error {
	if int64(w)*int64(h) > maxJPEGPixelByte*int64(len(data)) {
		return fmt.Errorf("%dx%d pixels in a file of %s bytes: more than compression can hold: cut off, or made to exhaust memory", w, h, thousands(len(data)))
	}
	if n := bytes.Count(data, []byte("\xff\xda")); n > maxScans {
		return fmt.Errorf("%s scans: need at most %d: made to exhaust time", thousands(n), maxScans)
	}
	return nil
}

// toRGB has a fast path for what the two decoders mostly return. All conversions are
// image/color's, which work in whole numbers.
func toRGB(m image.Image) picture {
	b := m.Bounds()
	p := picture{pix: make([]uint8, 0, 3*b.Dx()*b.Dy()), h: b.Dy(), w: b.Dx()}
	switch m := m.(type) {
	case *image.Gray:
		p.grey = true
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for _, v := range m.Pix[m.PixOffset(b.Min.X, y):][:p.w] {
				p.pix = append(p.pix, v, v, v)
			}
		}
	case *image.YCbCr:
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				luma, chroma := m.YOffset(x, y), m.COffset(x, y)
				r, g, b := color.YCbCrToRGB(m.Y[luma], m.Cb[chroma], m.Cr[chroma])
				p.pix = append(p.pix, r, g, b)
			}
		}
	default:
		p.grey = m.ColorModel() == color.Gray16Model
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				r, g, b, _ := m.At(x, y).RGBA()
				p.pix = append(p.pix, uint8(r>>8), uint8(g>>8), uint8(b>>8))
			}
		}
	}
	return p
}
