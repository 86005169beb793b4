package mim

import "github.com/mtobench/mtobench/nn"

// Key names one image in one epoch of one run. Every random choice about that
// image is a function of the key and a stream's name, so it doesn't depend on
// the batch it falls into, on threads, or on what else is drawn.
type Key struct {
	Seed  uint64
	Epoch uint32
	Image uint32 // index in the training split
}

// Names of the streams that this package draws from.
const (
	cropStream = "crop"
	maskStream = "mask"
)

// draw returns the key's sequence of the named stream.
func (k Key) draw(stream string) nn.Draw {
	return nn.NewStream(k.Seed, stream).At(k.Epoch, k.Image)
}
