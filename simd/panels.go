package simd

// cut is how the columns of a product are cut into panels: all NR wide, but for the last two.
type cut struct {
	n, count int
	wide     int // the panel that is Wide, -1 for none
}

// cutColumns cuts n columns. What NR leaves over becomes part of a wide panel, a narrow one, or both, where the
// kernels have such tiles; else a last panel that is partly empty.
func cutColumns(n int) cut {
	full, rest, extra := n/kernels.NR, n%kernels.NR, kernels.Wide-kernels.NR
	c := cut{n: n, count: full, wide: -1}
	switch {
	case rest == 0:
	case full == 0 || rest <= kernels.Narrow:
		c.count++
	case rest <= extra:
		c.wide = full - 1
	case rest-extra <= kernels.Narrow:
		c.wide = full - 1
		c.count++
	default:
		c.count++
	}
	return c
}

// plain is the number of panels, from the first on, that are NR wide.
func (c cut) plain() int {
	switch {
	case c.wide >= 0:
		return c.wide
	case c.count*kernels.NR > c.n:
		return c.count - 1
	}
	return c.count
}

// at returns the first column of panel q and the number of its columns.
func (c cut) at(q int) (first, columns int) {
	first = q * kernels.NR
	if c.wide >= 0 && q > c.wide {
		first += kernels.Wide - kernels.NR
	}
	switch {
	case q == c.count-1:
		return first, c.n - first
	case q == c.wide:
		return first, kernels.Wide
	}
	return first, kernels.NR
}

// span returns the first column of panel q0, and the one after panel q1-1.
func (c cut) span(q0, q1 int) (j0, j1 int) {
	j0, _ = c.at(q0)
	last, columns := c.at(q1 - 1)
	return j0, last + columns
}

// padded rounds columns up to what the microkernel reads of a panel.
func padded(columns int) int { return (columns + kernels.Lanes - 1) / kernels.Lanes * kernels.Lanes }
