package benchdata

// cropResize writes the centre square of src, [h,w,C], resized to side, into dst,
// [side,side,C]. Shrinking averages the area under each pixel, enlarging interpolates
// linearly between pixel centres; both in whole numbers, rounded half up once.
func cropResize(dst []uint8, side int, src []uint8, h, w, channels int) {
	square := min(h, w)
	top, left := (h-square)/2, (w-square)/2
	at := func(y, x int) []uint8 { return src[((top+y)*w+left+x)*channels:] }
	var taps []tap
	if side <= square {
		taps = areaTaps(square, side)
	} else {
		taps = linearTaps(square, side)
	}
	// The weights of one axis sum to unit.
	unit := uint64(square)
	if side > square {
		unit = 2 * uint64(side)
	}
	for y := range side {
		for x := range side {
			for c := range channels {
				var sum uint64
				for j, wy := range taps[y].weights {
					for i, wx := range taps[x].weights {
						sum += wy * wx * uint64(at(taps[y].first+j, taps[x].first+i)[c])
					}
				}
				dst[(y*side+x)*channels+c] = uint8((sum + unit*unit/2) / (unit * unit))
			}
		}
	}
}

// A tap lists the source pixels of one destination pixel along one axis.
type tap struct {
	first   int
	weights []uint64
}

// areaTaps shrinks n pixels to side: destination pixel i covers the source from i·n/side to
// (i+1)·n/side. Weights are overlaps in 1/side pixel and sum to n.
func areaTaps(n, side int) []tap {
	taps := make([]tap, side)
	for i := range taps {
		lo, hi := i*n, (i+1)*n // in 1/side source pixel
		t := tap{first: lo / side}
		for p := t.first; p*side < hi; p++ {
			t.weights = append(t.weights, uint64(min(hi, (p+1)*side)-max(lo, p*side)))
		}
		taps[i] = t
	}
	return taps
}

// linearTaps enlarges n pixels to side: the centre of destination pixel i lies at
// (2i+1)·n/(2·side) - 1/2 of the source. Weights sum to 2·side.
func linearTaps(n, side int) []tap {
	taps := make([]tap, side)
	for i := range taps {
		centre := max(0, (2*i+1)*n-side) // in 1/(2·side) source pixel
		first, part := centre/(2*side), centre%(2*side)
		if first >= n-1 {
			taps[i] = tap{first: n - 1, weights: []uint64{uint64(2 * side)}}
			continue
		}
		taps[i] = tap{first: first, weights: []uint64{uint64(2*side - part), uint64(part)}}
	}
	return taps
}
