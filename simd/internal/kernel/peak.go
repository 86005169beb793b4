package kernel

// Peak is a loop that shows how fast a unit of the CPU can be: multiply-adds on registers, without memory.
type Peak struct {
	Op    string      // "fma": float32 multiply-adds; "bf16": dot products of pairs of bfloat16 in float32
	ISA   string      // what it is made of: "avx512", "avx2", "neon" or "generic"
	FLOPs int         // of one turn; a multiply-add is two
	Turns func(n int) // runs n turns, n > 0
}

// Peaks returns the loops this CPU can run, the instruction sets in the order of Supported.
func Peaks() []Peak {
	return append(peaks(), Peak{Op: "fma", ISA: Generic.Name, FLOPs: 2 * genericChains, Turns: peakFMA})
}

// Stream are loops that show how fast memory is, at whatever level the slices lie: the slices have equal lengths, a
// multiple of 64 above 0. One that a loop doesn't use isn't looked at, but x gives the length.
type Stream struct {
	Read  func(dst, x, y []float32) // reads x
	Copy  func(dst, x, y []float32) // dst = x
	Triad func(dst, x, y []float32) // dst = x + y·y: two reads, a write
}

// Streams returns the loops of the instruction set called isa.
func Streams(isa string) Stream {
	if s, ok := streams()[isa]; ok {
		return s
	}
	return Stream{Read: streamRead, Copy: streamCopy, Triad: streamTriad}
}
