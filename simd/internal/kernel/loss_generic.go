package kernel

// rowL1Grad: with c = s·w[row], dx = c where x > y, -c where x < y, +0 where they are equal, NaN where either is NaN
// or both are the same infinity.
func rowL1Grad(dx, x, y, w []float32, cols int, s float32) {
	for r, wr := range w {
		c := s * wr
		out, b := dx[r*cols:][:cols], y[r*cols:][:cols]
		for i, v := range x[r*cols:][:cols] {
			d := v - b[i]
			g := d - d
			if d > 0 {
				g = c
			}
			if d < 0 {
				g = -c
			}
			out[i] = g
		}
	}
}

// rowL2Grad: dx = ((s·w[row])·2)·(x - y).
func rowL2Grad(dx, x, y, w []float32, cols int, s float32) {
	for r, wr := range w {
		c := float32(s*wr) * 2
		out, b := dx[r*cols:][:cols], y[r*cols:][:cols]
		for i, v := range x[r*cols:][:cols] {
			out[i] = c * (v - b[i])
		}
	}
}
