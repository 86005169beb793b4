package kernel

// peakFMANEON runs n > 0 turns of 24 independent multiply-adds on vectors in registers.
func peakFMANEON(n int)

// The loops of Stream.
//
//go:noescape
func streamReadNEON(dst, x, y []float32)

//go:noescape
func streamCopyNEON(dst, x, y []float32)

//go:noescape
func streamTriadNEON(dst, x, y []float32)

func peaks() []Peak {
	return []Peak{{Op: "fma", ISA: NEON.Name, FLOPs: 24 * 4 * 2, Turns: peakFMANEON}}
}

func streams() map[string]Stream {
	return map[string]Stream{NEON.Name: {streamReadNEON, streamCopyNEON, streamTriadNEON}}
}
