package vit

import "github.com/mtobench/mtobench/internal/detmath"

// SinCos returns the fixed two-dimensional position table [grid*grid, width],
// row y*grid + x for the patch in row y and column x. The first half of a row
// encodes x, the second y; each half holds the width/4 sines and then the
// width/4 cosines of coordinate * 10000^(-k/(width/4)). That is MAE's order
// (methods.md 1.3). Width must be a multiple of 4. Values are computed in float64
// and rounded once, so the bits are the same on every machine.
func SinCos(grid, width int) []float32 {
	k := width / 4
	// axis[c*2k:][:2k] is the half row of coordinate c.
	axis := make([]float32, grid*2*k)
	for j := range k {
		frequency := detmath.Pow(10000, -float64(j)/float64(k))
		for c := range grid {
			angle := float64(c) * frequency
			axis[c*2*k+j] = float32(detmath.Sin(angle))
			axis[c*2*k+k+j] = float32(detmath.Cos(angle))
		}
	}
	table := make([]float32, grid*grid*width)
	for y := range grid {
		for x := range grid {
			row := table[(y*grid+x)*width:][:width]
			copy(row[:2*k], axis[x*2*k:])
			copy(row[2*k:], axis[y*2*k:][:2*k])
		}
	}
	return table
}

// Position returns the table added to the encoder's tokens,
// [ClassTokens+N, Width]: zeros for the class token, then SinCos. Written as
// [1, ClassTokens+N, Width] it is timm's pos_embed.
func (c Config) Position() []float32 {
	return append(make([]float32, c.ClassTokens()*c.Width), SinCos(c.Grid(), c.Width)...)
}
