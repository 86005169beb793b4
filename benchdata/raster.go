package benchdata

// Rasterising in whole numbers, so that a picture has the same bytes on every
// machine. Positions are in 1/256 pixel; coverage runs from 0 to fullCover.

const (
	subRows     = 4             // sample lines a pixel row
	sampleShift = 6             // log2 of their distance, 256/subRows
	fullCover   = subRows * 256 // coverage of a pixel wholly inside
)

// A canvas collects the coverage of one shape at a time.
type canvas struct {
	side  int
	cover []int32 // [side,side], 0 to fullCover
	edges []int32 // [side·subRows, side+2], changes of coverage along each sample line
}

func newCanvas(side int) *canvas {
	return &canvas{
		side:  side,
		cover: make([]int32, side*side),
		edges: make([]int32, side*subRows*(side+2)),
	}
}

// fill sets cover to the shape bounded by the closed contours. Along a sample line
// coverage is exact; where contours overlap inside one pixel it is the clipped sum.
func (c *canvas) fill(contours [][]point) {
	clear(c.edges)
	clear(c.cover)
	for _, contour := range contours {
		for i, p := range contour {
			q := contour[(i+1)%len(contour)]
			if p.y < q.y {
				c.edge(p, q, 1)
			} else if p.y > q.y {
				c.edge(q, p, -1)
			}
		}
	}
	c.sweep()
}

// edge enters the crossings of the line from top to bottom with the sample lines,
// which lie at (k + 1/2)·256/subRows.
func (c *canvas) edge(top, bottom point, winding int32) {
	const step = 1 << sampleShift
	first := max(0, (int(top.y)+step/2-1)>>sampleShift) // first sample line at or below top
	last := min(c.side*subRows, (int(bottom.y)+step/2-1)>>sampleShift)
	width, limit := c.side+2, int64(c.side)*256
	dx, dy := int64(bottom.x-top.x), int64(bottom.y-top.y)
	for k := first; k < last; k++ {
		y := int64(k*step + step/2)
		x := int64(top.x) + (y-int64(top.y))*dx/dy
		x = min(max(x, 0), limit)
		column, part := int(x>>8), int32(x&255)
		c.edges[k*width+column] += winding * (256 - part)
		c.edges[k*width+column+1] += winding * part
	}
}

// sweep adds up the changes along each sample line.
func (c *canvas) sweep() {
	width := c.side + 2
	for k := range c.side * subRows {
		row := c.cover[k/subRows*c.side:][:c.side]
		var inside int32
		for x := range row {
			inside += c.edges[k*width+x]
			row[x] += min(max(inside, -inside), 256)
		}
	}
}
