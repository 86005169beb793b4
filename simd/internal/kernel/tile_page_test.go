//go:build linux

package kernel

import "testing"

// TestTilesStayInsideTheirOperands runs every table's microkernel on operands that end at an unmapped page.
func TestTilesStayInsideTheirOperands(t *testing.T) {
	for _, table := range Supported() {
		t.Run(table.Name, func(t *testing.T) {
			for rows := 1; rows <= table.MR; rows++ {
				for cols := 1; cols <= table.NR; cols++ {
					for _, k := range []int{1, 4, 7} {
						p := &pages{}
						checkTile(t, table, p, rows, cols, k, (rows+cols+k)%12)
						p.free()
					}
				}
			}
		})
	}
}
