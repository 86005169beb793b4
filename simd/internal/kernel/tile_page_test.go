//go:build linux

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTilesStayInsideTheirOperands runs every table's microkernel on operands that end at an unmapped page.
func TestTilesStayInsideTheirOperands(t *testing.T) {
	for _, table := range Supported() {
		t.Run(table.Name, func(t *testing.T) {
			for rows := 1; rows <= table.MR; rows++ {
				for cols := 1; cols <= table.NR; cols++ {
					for _, k := range []int{1, 4, 7, 13} {
						p := &pages{}
						checkTile(t, table, p, rows, cols, 1, k, (rows+cols+k)%12)
						p.free()
					}
				}
			}
		})
	}
}

// TestPackingStaysInsideItsSlices runs every table's packing on slices that end at an unmapped page.
func TestPackingStaysInsideItsSlices(t *testing.T) {
	for _, table := range Supported() {
		check := func(pack pack, rows, columns, k, cols int) {
			const gap = 3
			p := &pages{}
			width := (cols + table.Lanes - 1) / table.Lanes * table.Lanes
			pack(p.take(k*width), p.take((rows-1)*(columns+gap)+columns), columns+gap, k, cols, width)
			p.free()
		}
		for _, k := range []int{1, 4, 7, 16, 18} {
			for cols := 1; cols <= table.NR; cols++ {
				check(table.PackRows, k, cols, k, cols)
				check(table.PackColumns, cols, k, k, cols)
			}
		}
	}
}

// TestTilesOfPairsStayInsideTheirOperands is the same for pairs of bfloat16, and for the kernels that make them.
func TestTilesOfPairsStayInsideTheirOperands(t *testing.T) {
	for _, table := range withPairs(t) {
		for rows := 1; rows <= table.MR; rows++ {
			for cols := 1; cols <= table.Wide; cols++ {
				p := &pages{}
				checkPairTile(t, table, p, rows, cols, 5, (rows+cols)%8)
				src := p.take(rows * cols)
				table.PairRow(p.take((rows*cols+1)/2), src)
				table.PairRows(p.take((rows+1)/2*48), src, cols, rows, cols, 48)
				p.free()
			}
		}
	}
}

// TestPackTilesIsPackRowsOfEachTile packs several tiles at once, from memory that ends where PackTiles may read last.
func TestPackTilesIsPackRowsOfEachTile(t *testing.T) {
	for _, table := range Supported() {
		if table.PackTiles == nil {
			continue
		}
		width := (table.MR + table.Lanes - 1) / table.Lanes * table.Lanes
		last := (PackedTiles-1)*table.MR + width
		for _, k := range []int{1, 2, 7, 40} {
			p := &pages{}
			ld := last + 3
			src, got := p.take((k-1)*ld+last), p.take(PackedTiles*k*width)
			for i := range src {
				src[i] = float32(i + 1)
			}
			table.PackTiles(got, src, ld, k)
			for s := range PackedTiles {
				want := make([]float32, k*width)
				packRows(want, src[s*table.MR:], ld, k, width, width)
				require.Equal(t, want, got[s*k*width:][:k*width], "%s: k %d, tile %d", table.Name, k, s)
			}
			p.free()
		}
	}
}
