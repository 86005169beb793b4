package kernel

func gemmAVX512() GEMMKernels {
	return withBF16(GEMMKernels{
		MR: 14, NR: 32, Wide: 48, Narrow: 8, Lanes: 16,
		MultiplyTile: multiplyTileAVX512,
		PackRows: func(dst, src []float32, ld, k, cols, width int) {
			packRowsBy(16, packRowsVectorAVX512, dst, src, ld, k, cols, width)
		},
		PackColumns: func(dst, src []float32, ld, k, cols, width int) {
			packColumnsBy(16, packColumnsVectorAVX512, dst, src, ld, k, cols, width)
		},
	})
}

func gemmAVX2() GEMMKernels {
	return GEMMKernels{
		MR: 6, NR: 16, Wide: 24, Lanes: 8,
		MultiplyTile: multiplyTileAVX2,
		PackRows: func(dst, src []float32, ld, k, cols, width int) {
			packRowsBy(8, packRowsVectorAVX2, dst, src, ld, k, cols, width)
		},
		PackTiles: func(dst, src []float32, ld, k int) { packTilesAVX2(&dst[0], 32*k, &src[0], 4*ld, k) },
		PackColumns: func(dst, src []float32, ld, k, cols, width int) {
			packColumnsBy(8, packColumnsVectorAVX2, dst, src, ld, k, cols, width)
		},
	}
}

// Microkernels by the number of rows, less one, and the columns they are for.
var (
	tiles48AVX512 = [...]func(*Tile){tile1x48AVX512, tile2x48AVX512, tile3x48AVX512, tile4x48AVX512, tile5x48AVX512, tile6x48AVX512, tile7x48AVX512}
	tiles32AVX512 = [...]func(*Tile){tile1x32AVX512, tile2x32AVX512, tile3x32AVX512, tile4x32AVX512, tile5x32AVX512, tile6x32AVX512, tile7x32AVX512, tile8x32AVX512, tile9x32AVX512, tile10x32AVX512, tile11x32AVX512, tile12x32AVX512, tile13x32AVX512, tile14x32AVX512}
	tiles16AVX512 = [...]func(*Tile){tile1x16AVX512, tile2x16AVX512, tile3x16AVX512, tile4x16AVX512, tile5x16AVX512, tile6x16AVX512, tile7x16AVX512, tile8x16AVX512, tile9x16AVX512, tile10x16AVX512, tile11x16AVX512, tile12x16AVX512, tile13x16AVX512, tile14x16AVX512}
	tiles8AVX512  = [...]func(*Tile){tile1x8AVX512, tile2x8AVX512, tile3x8AVX512, tile4x8AVX512, tile5x8AVX512, tile6x8AVX512, tile7x8AVX512, tile8x8AVX512, tile9x8AVX512, tile10x8AVX512, tile11x8AVX512, tile12x8AVX512, tile13x8AVX512, tile14x8AVX512}
	tiles24AVX2   = [...]func(*Tile){tile1x24AVX2, tile2x24AVX2, tile3x24AVX2}
	tiles16AVX2   = [...]func(*Tile){tile1x16AVX2, tile2x16AVX2, tile3x16AVX2, tile4x16AVX2, tile5x16AVX2, tile6x16AVX2}
	tiles8AVX2    = [...]func(*Tile){tile1x8AVX2, tile2x8AVX2, tile3x8AVX2, tile4x8AVX2, tile5x8AVX2, tile6x8AVX2}
)

func multiplyTileAVX512(t *Tile) {
	switch {
	case t.Pairs != 0:
		multiplyTileBF16(t)
	case t.Cols > 32:
		multiplyHalves(tiles48AVX512[:], t)
	case t.Cols > 16:
		tiles32AVX512[t.Rows-1](t)
	case t.Cols > 8:
		tiles16AVX512[t.Rows-1](t)
	default:
		tiles8AVX512[t.Rows-1](t)
	}
}

func multiplyTileAVX2(t *Tile) {
	switch {
	case t.Cols > 16:
		multiplyHalves(tiles24AVX2[:], t)
	case t.Cols > 8:
		tiles16AVX2[t.Rows-1](t)
	default:
		tiles8AVX2[t.Rows-1](t)
	}
}

// multiplyHalves computes a tile in two halves of rows, since a wide one has no registers for more. There is one panel as
// wide at most.
func multiplyHalves(tiles []func(*Tile), t *Tile) {
	rows, a, c, start, add := t.Rows, t.A, t.C, t.Start, t.Add
	if upper := rows / 2; upper > 0 {
		t.Rows = upper
		tiles[upper-1](t)
		t.Rows = rows - upper
		t.A, t.C = elementOf(a, upper*t.ARow), elementOf(c, upper*t.CRow)
		if start != nil {
			t.Start = elementOf(start, upper*t.StartRow)
		}
		if add != nil {
			t.Add = elementOf(add, upper*t.AddRow)
		}
	}
	tiles[t.Rows-1](t)
	t.Rows, t.A, t.C, t.Start, t.Add = rows, a, c, start, add
}

// packVector is the assembly under PackRows and PackColumns: one vector of columns; steps are in bytes.
type packVector func(dst *float32, dstStep int, src *float32, srcStep int, k, cols int)

// packRowsBy is PackRows by vectors of lanes columns, of which there are a whole number in width.
func packRowsBy(lanes int, pack packVector, dst, src []float32, ld, k, cols, width int) {
	if k == 0 || width%lanes != 0 {
		packRows(dst, src, ld, k, cols, width)
		return
	}
	for j := 0; j < width; j += lanes {
		if j >= cols {
			clearColumns(dst[j:], k, lanes, width)
			continue
		}
		pack(&dst[j], 4*width, &src[j], 4*ld, k, min(lanes, cols-j))
	}
}

// packColumnsBy is PackColumns by vectors of lanes columns, of which there are a whole number in width.
func packColumnsBy(lanes int, pack packVector, dst, src []float32, ld, k, cols, width int) {
	if k == 0 || width%lanes != 0 {
		packColumns(dst, src, ld, k, cols, width)
		return
	}
	for j := 0; j < width; j += lanes {
		if j >= cols {
			clearColumns(dst[j:], k, lanes, width)
			continue
		}
		pack(&dst[j], 4*width, &src[j*ld], 4*ld, k, min(lanes, cols-j))
	}
}

// clearColumns sets lanes columns of k rows to +0.
func clearColumns(dst []float32, k, lanes, width int) {
	for p := range k {
		clear(dst[p*width:][:lanes])
	}
}
