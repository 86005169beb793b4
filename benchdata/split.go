package benchdata

import (
	"slices"

	"github.com/mtobench/mtobench/nn"
)

// maxHeldOut is the most images that are held out of the training images for one split.
const maxHeldOut = 10_000

// holdOutMissing gives a set that lacks val or test its share of the training images.
func (s *Set) holdOutMissing() {
	if s.Val.Len() == 0 {
		s.Val = s.Train.holdOut(0)
	}
	if s.Test.Len() == 0 {
		s.Test = s.Train.holdOut(1)
	}
}

// holdOut removes min(maxHeldOut, n/5) of the n images and returns them: those that
// come first in permutation number epoch of stream split, seed 0. Both parts keep the
// order the images had.
func (s *Split) holdOut(epoch uint32) Split {
	n := s.Len()
	k := min(maxHeldOut, n/5)
	if k == 0 {
		return Split{}
	}
	size := len(s.Images) / n
	held := nn.Permutation(nn.NewStream(0, "split"), epoch, n)[:k]
	slices.Sort(held)
	out := Split{Images: make([]uint8, 0, k*size), Labels: make([]int32, 0, k)}
	kept := 0
	for i := range n {
		if len(held) > 0 && int(held[0]) == i {
			held = held[1:]
			out.Images = append(out.Images, s.Image(i)...)
			out.Labels = append(out.Labels, s.Labels[i])
			continue
		}
		copy(s.Images[kept*size:], s.Image(i))
		s.Labels[kept] = s.Labels[i]
		kept++
	}
	s.Images, s.Labels = s.Images[:kept*size], s.Labels[:kept]
	return out
}
