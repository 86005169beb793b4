//go:build linux

package kernel

import "testing"

// TestTilesStayInsideTheirOperands runs every table's microkernel on operands that end at an unmapped page.
func TestTilesStayInsideTheirOperands(t *testing.T) {
	for _, table := range Supported() {
		t.Run(table.Name, func(t *testing.T) {
			for rows := 1; rows <= table.MR; rows++ {
				for cols := 1; cols <= table.NR; cols++ {
					for _, k := range []int{1, 4, 7, 13} {
						p := &pages{}
						checkTile(t, table, p, rows, cols, k, (rows+cols+k)%12)
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
