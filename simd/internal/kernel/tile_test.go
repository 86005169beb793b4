package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTilesHaveTheBitsOfTheMeaning runs every table's microkernel on all edges of its tile, on the strides of the three
// forms and on odd ones, with every kind of start and end, and compares bits with the plain-Go meaning, around the tile
// in C too.
func TestTilesHaveTheBitsOfTheMeaning(t *testing.T) {
	for _, table := range Supported() {
		t.Run(table.Name, func(t *testing.T) {
			for rows := 1; rows <= table.MR; rows++ {
				for cols := 1; cols <= table.Wide; cols++ {
					for _, k := range []int{0, 1, 3, 4, 5, 9, 14, 23} {
						checkTile(t, table, &guards{shift: (rows + cols) % 5}, rows, cols, 1, k, (rows+cols+k)%12)
					}
				}
			}
			for variant := range 12 {
				checkTile(t, table, &guards{}, table.MR, table.NR, 1, 6, variant)
				checkTile(t, table, &guards{}, max(table.MR-1, 1), table.NR-1, 1, 6, variant)
				for _, k := range []int{0, 6, 40} {
					checkTile(t, table, &guards{}, table.MR, table.NR, 3, k, variant)
					checkTile(t, table, &guards{}, 1, table.NR, 2, k, variant)
				}
			}
		})
	}
}

// checkTile checks one tile of so many panels, each cols wide. variant chooses how A lies (rows, columns, odd strides), what the chain starts from
// (nothing, a bias, C) and what is added. Operands lie in m.
func checkTile(t *testing.T, table *Table, m memory, rows, cols, panels, k, variant int) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(rows*1000+cols), uint64(k)))
	numbers := func(n int) []float32 {
		x := m.take(n)
		for i := range x {
			x[i] = float32(random.NormFloat64())
			switch random.IntN(40) {
			case 0:
				x[i] = 0
			case 1:
				x[i] = float32(math.Copysign(0, -1))
			case 2:
				x[i] *= 1e-40
			case 3:
				x[i] *= 1e30
			}
		}
		return x
	}
	width := (cols + table.Lanes - 1) / table.Lanes * table.Lanes
	const guard = 3
	all := panels * cols
	ldc := max(67, all+guard)
	tile := Tile{K: k, Rows: rows, Cols: cols, BStep: 4 * width, CRow: 4 * ldc, BPanel: 4 * width * max(k, 1)}
	switch variant % 3 {
	case 0:
		tile.ARow, tile.AStep = 4*(k+3), 4
	case 1:
		tile.ARow, tile.AStep = 4, 4*(rows+1+5*(cols%2))
	case 2:
		tile.ARow, tile.AStep = 4*(3*k+2), 12
	}
	a := numbers((max(rows-1, 0)*tile.ARow+max(k-1, 0)*tile.AStep)/4 + 1)
	b := numbers(panels * max(k, 1) * width)
	bias, residual := numbers(all), numbers(rows*all)
	stored := numbers(guard + (rows-1)*ldc + all)
	tile.A, tile.B = &a[0], &b[0]
	result := func(multiply func(*Tile)) []float32 {
		c := m.take(len(stored))
		copy(c, stored)
		s := tile
		s.C = &c[guard]
		switch variant / 3 {
		case 1:
			s.Start = &bias[0]
		case 2:
			s.Start, s.StartRow = s.C, s.CRow
			s.Add, s.AddRow = &residual[0], 4*all
		case 3:
			s.Start = &bias[0]
			s.Add, s.AddRow = s.C, s.CRow
		}
		multiply(&s)
		return c
	}
	want := result(func(s *Tile) { // one panel after another
		whole := *s
		for q := range panels {
			*s = whole
			s.B, s.C = elementOf(s.B, q*s.BPanel), elementOf(s.C, 4*q*cols)
			if s.Start != nil {
				s.Start = elementOf(s.Start, 4*q*cols)
			}
			if s.Add != nil {
				s.Add = elementOf(s.Add, 4*q*cols)
			}
			multiplyPanel(s)
		}
	})
	got := result(func(s *Tile) {
		s.Panels = panels
		table.MultiplyTile(s)
	})
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) && (want[i] == want[i] || got[i] == got[i]) {
			row, col := (i-guard)/ldc, (i-guard)%ldc
			require.Fail(t, "bits differ", fmt.Sprintf("rows %d cols %d panels %d k %d variant %d: c[%d,%d] = %x, want %x", rows, cols, panels, k, variant, row, col, math.Float32bits(got[i]), math.Float32bits(want[i])))
		}
	}
}

type pack = func(dst, src []float32, ld, k, cols, width int)

// TestPanelsHaveTheElementsOfTheMeaning runs every table's packing on all remainders of its blocks.
func TestPanelsHaveTheElementsOfTheMeaning(t *testing.T) {
	const ld = 41
	src := make([]float32, ld*ld)
	for i := range src {
		src[i] = float32(i + 1)
	}
	check := func(name string, want, got pack, rows, columns, k, cols, width int) {
		t.Helper()
		used := src[:(rows-1)*ld+columns] // no element more than the meaning reads
		w, g := make([]float32, k*width), make([]float32, k*width)
		for i := range g {
			g[i] = -1
		}
		want(w, used, ld, k, cols, width)
		got(g, used, ld, k, cols, width)
		require.Equal(t, w, g, "%s: k %d, cols %d, width %d", name, k, cols, width)
	}
	for _, table := range Supported() {
		for _, k := range []int{1, 3, 4, 5, 8, 15, 16, 17, 31, 40} {
			for cols := 1; cols <= table.NR; cols++ {
				for _, width := range []int{(cols + table.Lanes - 1) / table.Lanes * table.Lanes, table.NR} {
					check(table.Name+" columns", packColumns, table.PackColumns, cols, k, k, cols, width)
					check(table.Name+" rows", packRows, table.PackRows, k, cols, k, cols, width)
				}
			}
		}
	}
}
