package kernel

//go:noescape
func packSixteenNEON(dst, src *float32, ld, k, width int)

//go:noescape
func packSomeNEON(dst, src *float32, ld, k, width, cols int)

//go:noescape
func packFourNEON(dst, src *float32, ld, k, width int)

// packRowsNEON is packRows by stripes of 16 columns and of up to 4.
func packRowsNEON(dst, src []float32, ld, k, cols, width int) {
	if k == 0 || cols == 0 || width%4 != 0 || width-cols > 3 { // not stripes of 4, or more zeros than the last one's
		packRows(dst, src, ld, k, cols, width)
		return
	}
	for j := 0; j < cols; {
		if cols-j >= 16 {
			packSixteenNEON(&dst[j], &src[j], ld, k, width)
			j += 16
			continue
		}
		packSomeNEON(&dst[j], &src[j], ld, k, width, min(cols-j, 4))
		j += 4
	}
}

// packColumnsNEON is packColumns: four source rows at a time by transposing blocks of 4 x 4, what is left over in Go.
func packColumnsNEON(dst, src []float32, ld, k, cols, width int) {
	k4, cols4 := k&^3, cols&^3
	if k4 > 0 {
		for j := 0; j < cols4; j += 4 {
			packFourNEON(&dst[j], &src[j*ld], ld, k4, width)
		}
		for p := range k4 {
			d := dst[p*width:][:width]
			for j := cols4; j < cols; j++ {
				d[j] = src[j*ld+p]
			}
			clear(d[cols:])
		}
	}
	if k4 < k {
		packColumns(dst[k4*width:], src[k4:], ld, k-k4, cols, width)
	}
}
