package kernel

import "math"

// lanes are the 16 partial results of a row reduction (numerics rule 4): lane i takes elements i, i+16, ... in that
// order, a lane that the last elements don't reach stays as it is, and the tree i+8, i+4, i+2, i+1 joins them.
type lanes [16]float32

// sum is the tree of additions.
func (l *lanes) sum() float32 {
	for n := 8; n > 0; n /= 2 {
		for i := range n {
			l[i] += l[i+n]
		}
	}
	return l[0]
}

// max is the tree of maxima; see greater.
func (l *lanes) max() float32 {
	for n := 8; n > 0; n /= 2 {
		for i := range n {
			l[i] = greater(l[i+n], l[i])
		}
	}
	return l[0]
}

// greater is x > m ? x : m (numerics rule 8): m where either is NaN, and where both are zero.
func greater(x, m float32) float32 {
	if x > m {
		return x
	}
	return m
}

// maxLanes are lanes before a maximum.
func maxLanes() (l lanes) {
	for i := range l {
		l[i] = float32(math.Inf(-1))
	}
	return l
}

// sqrt is correctly rounded: the float64 root of a float32, rounded again, is the float32 root.
func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
