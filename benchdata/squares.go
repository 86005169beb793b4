package benchdata

import "fmt"

// squares returns [n,h,w,C] images as [n,S,S,C] with their side S. With side 0 they must
// be square and stay as they are; with another the centre square is resized to it.
func squares(images []uint8, h, w, channels, side int) (out []uint8, got int, err error) {
	if err := checkSize(h, w, side); err != nil {
		return nil, 0, err
	}
	if h == w && (side == 0 || side == h) {
		return images, h, nil
	}
	from, to := h*w*channels, side*side*channels
	n := len(images) / from
	out = make([]uint8, n*to)
	for i := range n {
		cropResize(out[i*to:(i+1)*to], side, images[i*from:(i+1)*from], h, w, channels)
	}
	return out, side, nil
}

// checkSize refuses an image that can't be used with that side option.
func checkSize(h, w, side int) error {
	switch {
	case side == 0 && h != w:
		return fmt.Errorf("%dx%d pixels: need square images; give a side (run: -s data.side=32, data info: --side 32) to crop the centre and resize", w, h)
	case side == 0 && (h < minSide || h > maxSide):
		return fmt.Errorf("%dx%d pixels: need %d to %d a side; give a side to resize", w, h, minSide, maxSide)
	case side != 0 && (side < minSide || side > maxSide):
		return fmt.Errorf("side %d: need %d to %d pixels", side, minSide, maxSide)
	}
	return nil
}
