package kernel

func gemmNEON() GEMMKernels {
	k := gemmGeneric()
	k.MR, k.NR, k.Wide, k.Lanes = 6, 16, 16, 4
	k.MultiplyTile = multiplyTileNEON
	k.PackRows = packRowsNEON
	k.PackColumns = packColumnsNEON
	return k
}

//go:noescape
func multiplyTile16NEON(t *Tile)

//go:noescape
func multiplyTile12NEON(t *Tile)

//go:noescape
func multiplyTile8NEON(t *Tile)

//go:noescape
func multiplyTile4NEON(t *Tile)

// multiplyTileNEON is multiplyTile.
func multiplyTileNEON(t *Tile) { eachPanel(t, multiplyPanelNEON) }

func multiplyPanelNEON(t *Tile) {
	switch {
	case t.Cols > 12:
		multiplyTile16NEON(t)
	case t.Cols > 8:
		multiplyTile12NEON(t)
	case t.Cols > 4:
		multiplyTile8NEON(t)
	default:
		multiplyTile4NEON(t)
	}
}
