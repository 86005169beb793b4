package simd

import (
	"fmt"
	"os"
	"strings"

	"github.com/mtobench/mtobench/simd/internal/kernel"
)

// isaVariable forces an instruction set.
const isaVariable = "MTOBENCH_ISA"

var kernels, errISA = chooseISA(os.Getenv(isaVariable))

// chooseISA finds the table called name among those this CPU can run, or the fastest where name is empty. The table
// is never nil.
func chooseISA(name string) (*kernel.Table, error) {
	tables := kernel.Supported()
	if name == "" {
		return tables[0], nil
	}
	var have []string
	for _, t := range tables {
		if t.Name == name {
			return t, nil
		}
		have = append(have, t.Name)
	}
	what := "unknown"
	for _, known := range kernel.Names() {
		if known == name {
			what = "not supported by this CPU or build"
		}
	}
	return &kernel.Generic, fmt.Errorf("simd: %s=%s: %s; set one of %s, or nothing", isaVariable, name, what, strings.Join(have, ", "))
}

// ISA returns the instruction set in use: "avx512", "avx2", "neon" or "generic". It is chosen once, at start: the
// fastest one this CPU has, or the one MTOBENCH_ISA names.
func ISA() string { return kernels.Name }

// Check returns an error if results of this process can't be trusted to have the promised bits: MTOBENCH_ISA names an
// instruction set that is unknown or that this CPU lacks, or the floating-point environment flushes subnormal numbers
// (set by a foreign library; numerics rule 13). It looks at the calling thread. NewPool panics with the same error.
func Check() error {
	if errISA != nil {
		return errISA
	}
	if flushesSubnormals() {
		return fmt.Errorf("simd: floating-point environment: want subnormal numbers kept, found them flushed to zero (FTZ or DAZ is set); remove the library that sets it")
	}
	return nil
}

// smallestNormal is 2^-126. It is a variable so that arithmetic on it happens at run time.
var smallestNormal float32 = 0x1p-126

// flushesSubnormals reports whether subnormal results (FTZ) or operands (DAZ) become zero. Scalar and vector
// instructions obey the same control register, MXCSR or FPCR, so that scalar arithmetic shows the state of both.
func flushesSubnormals() bool {
	half := float32(smallestNormal * 0.5) // rounded: fused into the sum below it would not show
	return half == 0 || half+half != smallestNormal
}
