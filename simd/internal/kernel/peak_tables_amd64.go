package kernel

import "golang.org/x/sys/cpu"

func peaks() []Peak {
	var p []Peak
	for _, t := range supported() {
		switch t.Name {
		case AVX512.Name:
			p = append(p, Peak{Op: "fma", ISA: t.Name, FLOPs: 12 * 16 * 2, Turns: peakFMAAVX512})
			if cpu.X86.HasAVX512BF16 {
				p = append(p, Peak{Op: "bf16", ISA: t.Name, FLOPs: 12 * 32 * 2, Turns: peakBF16AVX512})
			}
		case AVX2.Name:
			p = append(p, Peak{Op: "fma", ISA: t.Name, FLOPs: 12 * 8 * 2, Turns: peakFMAAVX2})
		}
	}
	return p
}

func streams() map[string]Stream {
	return map[string]Stream{
		AVX512.Name: {streamReadAVX512, streamCopyAVX512, streamTriadAVX512},
		AVX2.Name:   {streamReadAVX2, streamCopyAVX2, streamTriadAVX2},
	}
}
