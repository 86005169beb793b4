package mim_test

import (
	"fmt"
	"log"

	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
)

// halves is MAE with one half of the image hidden, left or right: it changes
// the corruption and takes all the rest from the method that it embeds.
type halves struct{ mim.Method }

func newHalves(c mim.Config) (mim.Method, error) {
	c.Ratio = 0.5
	mae, err := mim.New("mae", c)
	return halves{mae}, err
}

// Corrupt draws from a stream of its own, so nothing else is shifted by it.
func (halves) Corrupt(b *mim.Batch, i int, key mim.Key) {
	d := nn.NewStream(key.Seed, "noise/halves").At(key.Epoch, key.Image)
	right := d.IntN(2) == 1
	grid := b.Layout.Side / b.Layout.Patch
	masked := make([]bool, b.Layout.Patches)
	for j := range masked {
		masked[j] = (j%grid >= grid/2) == right
	}
	b.SetMask(i, masked)
}

func init() { mim.Register("halves", newHalves) }

// A method outside of this repository: register it, and everything that asks
// for methods by name finds it.
func ExampleRegister() {
	config, err := mim.Preset("nano", 16, 1, 4)
	if err != nil {
		log.Fatal(err)
	}
	method, err := mim.New("halves", config)
	if err != nil {
		log.Fatal(err)
	}
	batch := mim.NewBatch(method)
	for i := range batch.Layout.Images {
		method.Corrupt(batch, i, mim.Key{Seed: 2, Epoch: 0, Image: uint32(i)})
		fmt.Println(batch.Mask[i*16:][:4])
	}
	fmt.Println(mim.Methods())
	// Output:
	// [1 1 0 0]
	// [0 0 1 1]
	// [1 1 0 0]
	// [0 0 1 1]
	// [halves mae simmim]
}
