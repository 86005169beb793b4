package kernel

//go:noescape
func packFourNEON(dst, src *float32, ld, k, width int)

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
