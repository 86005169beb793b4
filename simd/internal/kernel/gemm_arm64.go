package kernel

func gemmNEON() GEMMKernels {
	k := gemmGeneric()
	k.MR, k.NR, k.Wide, k.Lanes = 6, 16, 16, 4
	k.MultiplyTile = multiplyTileNEON
	k.PackColumns = packColumnsNEON
	return k
}

//go:noescape
func multiplyTile16NEON(t *Tile)

//go:noescape
func multiplyTile8NEON(t *Tile)

//go:noescape
func multiplyTile4NEON(t *Tile)

// multiplyTileNEON is multiplyTile by stripes of 16, 8 and 4 columns. The last 1 to 3 columns go through a copy, so
// that Start and Add aren't read nor C written beyond them.
func multiplyTileNEON(t *Tile) {
	if t.Cols == 16 {
		multiplyTile16NEON(t)
		return
	}
	for s := *t; ; {
		n := 8
		switch {
		case s.Cols >= 8:
			multiplyTile8NEON(&s)
		case s.Cols >= 4:
			n = 4
			multiplyTile4NEON(&s)
		default:
			n = s.Cols
			multiplyColumnsNEON(&s)
		}
		if s.Cols == n {
			return
		}
		s.skipColumns(n)
	}
}

// skipColumns moves t to the columns from n on; there is at least one.
func (t *Tile) skipColumns(n int) {
	t.Cols -= n
	t.B = elementOf(t.B, 4*n)
	t.C = elementOf(t.C, 4*n)
	if t.Start != nil {
		t.Start = elementOf(t.Start, 4*n)
	}
	if t.Add != nil {
		t.Add = elementOf(t.Add, 4*n)
	}
}

// multiplyColumnsNEON is multiplyTile for 1 to 3 columns.
func multiplyColumnsNEON(t *Tile) {
	const row = 4 * 4 // bytes of a row of x
	var x [6 * 4]float32
	for i := range t.Rows {
		copy(x[4*i:], rowOf(t.Start, i*t.StartRow, t.Cols))
	}
	s := *t
	s.C, s.CRow = &x[0], row
	s.Start, s.StartRow = &x[0], row
	s.Add = nil
	multiplyTile4NEON(&s)
	for i := range t.Rows {
		c := rowOf(t.C, i*t.CRow, t.Cols)
		add := rowOf(t.Add, i*t.AddRow, t.Cols)
		for j := range c {
			if add != nil {
				x[4*i+j] += add[j]
			}
			c[j] = x[4*i+j]
		}
	}
}
