package kernel

import (
	"unsafe"

	"github.com/mtobench/mtobench/internal/detmath"
)

func gemmGeneric() GEMMKernels {
	return GEMMKernels{
		MR: 4, NR: 16, Wide: 16, Lanes: 1,
		MultiplyTile: multiplyTile,
		PackRows:     packRows,
		PackColumns:  packColumns,
	}
}

// multiplyTile is the meaning of GEMMKernels.MultiplyTile.
func multiplyTile(t *Tile) { eachPanel(t, multiplyPanel) }

// eachPanel calls multiply, which computes one panel, for every panel of t.
func eachPanel(t *Tile, multiply func(t *Tile)) {
	for multiply(t); t.Panels > 1; multiply(t) {
		t.Panels--
		t.B, t.C = elementOf(t.B, t.BPanel), elementOf(t.C, 4*t.Cols)
		if t.Start != nil {
			t.Start = elementOf(t.Start, 4*t.Cols)
		}
		if t.Add != nil {
			t.Add = elementOf(t.Add, 4*t.Cols)
		}
		t.Ahead += uintptr(t.K * t.AheadStep)
	}
}

// multiplyPanel is written row by row: since an element's chain touches no other element, the order of rows and columns
// is free (numerics rule 1).
func multiplyPanel(t *Tile) {
	for i := range t.Rows {
		c := rowOf(t.C, i*t.CRow, t.Cols)
		if start := rowOf(t.Start, i*t.StartRow, t.Cols); start != nil {
			multiplyRow(t, i, c, start)
		} else {
			multiplyRow(t, i, c, zeros[:t.Cols])
		}
	}
}

// zeros is a row of starts for chains from +0; no table has a wider tile. It is never written.
var zeros [64]float32

func multiplyRow(t *Tile, i int, c, start []float32) {
	var x [len(zeros)]float32
	copy(x[:], start)
	for p := range t.K {
		a := *elementOf(t.A, i*t.ARow+p*t.AStep)
		for j, b := range rowOf(t.B, p*t.BStep, t.Cols) {
			x[j] = detmath.FMA32(a, b, x[j])
		}
	}
	if add := rowOf(t.Add, i*t.AddRow, t.Cols); add != nil {
		for j := range c {
			c[j] = x[j] + add[j]
		}
		return
	}
	copy(c, x[:])
}

// elementOf returns the address offset bytes after p.
func elementOf(p *float32, offset int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), offset))
}

// rowOf returns the cols elements that begin offset bytes after p, nil for a nil p.
func rowOf(p *float32, offset, cols int) []float32 {
	if p == nil {
		return nil
	}
	return unsafe.Slice(elementOf(p, offset), cols)
}

// packRows is the meaning of GEMMKernels.PackRows.
func packRows(dst, src []float32, ld, k, cols, width int) {
	for p := range k {
		d := dst[p*width:][:width]
		n := copy(d, src[p*ld:][:cols])
		clear(d[n:])
	}
}

// packColumns is the meaning of GEMMKernels.PackColumns.
func packColumns(dst, src []float32, ld, k, cols, width int) {
	for p := range k {
		d := dst[p*width:][:width]
		for j := range cols {
			d[j] = src[j*ld+p]
		}
		clear(d[cols:])
	}
}
