package mim

import (
	"fmt"

	"github.com/mtobench/mtobench/nn"
)

// Layout gives the sizes of a batch: B images of Side x Side x Channels, N
// patches of side p, n of them visible and m masked in every image.
type Layout struct {
	Images, Side, Channels int
	Patch, Patches         int // p, N
	Visible, Masked        int // n, m
	ClassTokens            int // n_cls

	// A method with inputs of its own lists their sizes for one image.
	ExtraFloats  []int
	ExtraIndices []int
}

// Batch is the host side of one step's inputs. A trainer fills Images, lets the
// method fill the rest image by image, and uploads. Two batches let one be
// filled while the other is in use.
type Batch struct {
	Layout Layout

	Images  []float32 // [B,S,S,C], standardised
	Mask    []float32 // [B,N], 1 = masked, 0 = visible
	Visible []int32   // [B,n] visible patches, ascending
	Masked  []int32   // [B,m] masked patches, ascending

	// Restore puts a sequence of class tokens and visible patches back into
	// image order, [B,n_cls+N]: the row of class token or visible patch in
	// that sequence; n_cls + n + rank in Masked for a masked patch.
	Restore []int32

	ExtraFloats  [][]float32 // [B,size]
	ExtraIndices [][]int32   // [B,size]
}

// NewBatch allocates a batch for the method.
func NewBatch(m Method) *Batch { return newBatch(m.Layout()) }

func newBatch(l Layout) *Batch {
	b := &Batch{
		Layout:  l,
		Images:  make([]float32, l.Images*l.Side*l.Side*l.Channels),
		Mask:    make([]float32, l.Images*l.Patches),
		Visible: make([]int32, l.Images*l.Visible),
		Masked:  make([]int32, l.Images*l.Masked),
		Restore: make([]int32, l.Images*(l.ClassTokens+l.Patches)),
	}
	for _, n := range l.ExtraFloats {
		b.ExtraFloats = append(b.ExtraFloats, make([]float32, l.Images*n))
	}
	for _, n := range l.ExtraIndices {
		b.ExtraIndices = append(b.ExtraIndices, make([]int32, l.Images*n))
	}
	return b
}

// Image returns the slice of Images that holds image i, [S,S,C].
func (b *Batch) Image(i int) []float32 {
	n := b.Layout.Side * b.Layout.Side * b.Layout.Channels
	return b.Images[i*n:][:n]
}

// SetMask writes image i's Mask, Visible, Masked and Restore from its mask
// [N]; exactly Layout.Masked entries must be true.
func (b *Batch) SetMask(i int, masked []bool) {
	l, m := b.Layout, 0
	for _, is := range masked {
		if is {
			m++
		}
	}
	if len(masked) != l.Patches || m != l.Masked {
		panic(fmt.Sprintf("mim: mask of image %d has %d of %d patches masked, the layout says %d of %d", i, m, len(masked), l.Masked, l.Patches))
	}
	mask := b.Mask[i*l.Patches:][:l.Patches]
	restore := b.Restore[i*(l.ClassTokens+l.Patches):][:l.ClassTokens+l.Patches]
	for j := range l.ClassTokens {
		restore[j] = int32(j)
	}
	restore = restore[l.ClassTokens:]
	visible, hidden := b.Visible[i*l.Visible:][:l.Visible], b.Masked[i*l.Masked:][:l.Masked]
	v := 0
	m = 0
	for j, is := range masked {
		if is {
			mask[j], restore[j], hidden[m] = 1, int32(l.ClassTokens+l.Visible+m), int32(j)
			m++
		} else {
			mask[j], restore[j], visible[v] = 0, int32(l.ClassTokens+v), int32(j)
			v++
		}
	}
}

// Inputs are the program's inputs that a Batch feeds. A zero Tensor is an
// input that the program doesn't have.
type Inputs struct {
	Images                    nn.Tensor
	Mask                      nn.Tensor
	Visible, Masked, Restore  nn.Tensor
	ExtraFloats, ExtraIndices []nn.Tensor
}

// Upload copies the batch to the device's buffers for the program's inputs.
func (b *Batch) Upload(dev nn.Device, in Inputs) error {
	floats := func(name string, t nn.Tensor, data []float32) error {
		if !t.Valid() {
			return nil
		}
		if err := dev.Upload(t, data); err != nil {
			return fmt.Errorf("mim: upload %s: %w", name, err)
		}
		return nil
	}
	indices := func(name string, t nn.Tensor, data []int32) error {
		if !t.Valid() {
			return nil
		}
		if err := dev.UploadIndex(t, data); err != nil {
			return fmt.Errorf("mim: upload %s: %w", name, err)
		}
		return nil
	}
	if err := floats("images", in.Images, b.Images); err != nil {
		return err
	}
	if err := floats("mask", in.Mask, b.Mask); err != nil {
		return err
	}
	if err := indices("visible", in.Visible, b.Visible); err != nil {
		return err
	}
	if err := indices("masked", in.Masked, b.Masked); err != nil {
		return err
	}
	if err := indices("restore", in.Restore, b.Restore); err != nil {
		return err
	}
	for k, t := range in.ExtraFloats {
		if err := floats(fmt.Sprintf("extra floats %d", k), t, b.ExtraFloats[k]); err != nil {
			return err
		}
	}
	for k, t := range in.ExtraIndices {
		if err := indices(fmt.Sprintf("extra indices %d", k), t, b.ExtraIndices[k]); err != nil {
			return err
		}
	}
	return nil
}
