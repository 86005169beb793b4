package kernel

import "golang.org/x/sys/cpu"

// withBF16 adds to k the kernels for pairs of bfloat16, where the CPU has the instructions.
func withBF16(k GEMMKernels) GEMMKernels {
	// F is asked beside BF16: GODEBUG=cpu.avx512f=off clears F alone, which also says that the system keeps the registers.
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512BF16 {
		return k
	}
	k.PairRow = func(dst, src []float32) {
		if len(src) > 0 {
			pairRowBF16(&dst[0], &src[0], len(src))
		}
	}
	k.PairRows = func(dst, src []float32, ld, rows, cols, width int) {
		if rows == 0 || width%16 != 0 {
			pairRows(dst, src, ld, rows, cols, width)
			return
		}
		for j := 0; j < width; j += 16 {
			if j >= cols {
				clearColumns(dst[j:], (rows+1)/2, 16, width)
				continue
			}
			pairRowsVectorBF16(&dst[j], 4*width, &src[j], 4*ld, rows, min(16, cols-j))
		}
	}
	return k
}

// Microkernels by the number of rows, less one, and the columns they are for.
var (
	tiles48BF16 = [...]func(*Tile){tile1x48BF16, tile2x48BF16, tile3x48BF16, tile4x48BF16, tile5x48BF16, tile6x48BF16, tile7x48BF16}
	tiles32BF16 = [...]func(*Tile){tile1x32BF16, tile2x32BF16, tile3x32BF16, tile4x32BF16, tile5x32BF16, tile6x32BF16, tile7x32BF16, tile8x32BF16, tile9x32BF16, tile10x32BF16, tile11x32BF16, tile12x32BF16, tile13x32BF16, tile14x32BF16}
	tiles16BF16 = [...]func(*Tile){tile1x16BF16, tile2x16BF16, tile3x16BF16, tile4x16BF16, tile5x16BF16, tile6x16BF16, tile7x16BF16, tile8x16BF16, tile9x16BF16, tile10x16BF16, tile11x16BF16, tile12x16BF16, tile13x16BF16, tile14x16BF16}
)

func multiplyTileBF16(t *Tile) {
	switch {
	case t.Cols > 32:
		multiplyHalves(tiles48BF16[:], t)
	case t.Cols > 16:
		tiles32BF16[t.Rows-1](t)
	default:
		tiles16BF16[t.Rows-1](t)
	}
}
