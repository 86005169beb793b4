package simd

// scratch is memory that grows to the largest size asked for and is kept.
type scratch struct{ memory []float32 }

// take returns n elements at the start of a cache line. They hold anything, and are valid until the next take.
func (s *scratch) take(n int) []float32 {
	if n > len(s.memory) {
		s.memory = Floats(n)
	}
	return s.memory[:n]
}
