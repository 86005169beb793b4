package simd

// grid cuts a matrix C into tasks: strips of rows times groups of panels. The cut depends on sizes, on the kernel's
// tile and on the size of the second-level cache, never on the number of threads (numerics rule 9).
type grid struct {
	m, rowStrips    int
	count, colParts int  // panels, and parts of so many panels
	downward        bool // tasks follow each other down a part of columns, not along a strip
}

const (
	// wantTasks is how many tasks make an even load for the threads of any machine at hand.
	wantTasks = 48
	// leastWork is the number of multiply-adds below which handing out a task costs more than it gains.
	leastWork = 1 << 17
	// stripTiles is the greatest height of a strip, in tiles: with taller ones, threads end farther apart. It is
	// tallStripTiles where B passes through the second-level cache once for each strip.
	stripTiles, tallStripTiles = 2, 4
	// evenStrips divides the number of strips, so that a few threads get equally many: 2 threads gain 1 % from this and
	// the lower strips.
	evenStrips = 4
)

// gridOf cuts C, m rows of the columns cut, of a product with inner dimension k. It prefers strips as tall as they may be
// over the whole width, then lower ones, then parts of the width.
func gridOf(m int, columns cut, k int) grid {
	n := columns.n
	g := grid{m: m, count: columns.count, colParts: 1}
	tiles := tilesOf(m)
	height := stripTiles
	if manyBytes(n, k) {
		height = tallStripTiles
	}
	for height > 1 && tiles/height < wantTasks {
		height--
	}
	for height < tiles && height*m/tiles*n*max(k, 1) < leastWork {
		height++
	}
	g.rowStrips = (tiles + height - 1) / height
	if even := (g.rowStrips + evenStrips - 1) / evenStrips * evenStrips; g.rowStrips > evenStrips && even <= tiles {
		g.rowStrips = even
	}
	g.cutColumns(wantTasks, n, k)
	return g
}

// cutColumns halves parts of columns while there are too few tasks and enough work in each.
func (g *grid) cutColumns(want, n, k int) {
	for g.tasks() < want && 2*g.colParts <= g.count && g.m/g.rowStrips*(n/(2*g.colParts))*max(k, 1) >= leastWork {
		g.colParts *= 2
	}
}

func (g *grid) tasks() int { return g.rowStrips * g.colParts }

// part returns the rows i0 <= i < i1 and the panels q0 <= q < q1 of a task.
func (g *grid) part(task int) (i0, i1, q0, q1 int) {
	s, c := task/g.colParts, task%g.colParts
	if g.downward {
		s, c = task%g.rowStrips, task/g.rowStrips
	}
	return g.m * s / g.rowStrips, g.m * (s + 1) / g.rowStrips,
		g.count * c / g.colParts, g.count * (c + 1) / g.colParts
}
