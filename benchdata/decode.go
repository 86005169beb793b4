package benchdata

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
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
	decodeConfig, decode := png.DecodeConfig, png.Decode
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		decodeConfig, decode = jpeg.DecodeConfig, jpeg.Decode
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
	m, err := decode(bytes.NewReader(data))
	if err != nil {
		return picture{}, err
	}
	return toRGB(m), nil
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
