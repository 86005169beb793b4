// Gen writes the amd64 assembly of package kernel. It is run by go generate in package simd, once for each family of
// kernels:
//
//	go run ./internal/gen -family gemm -out internal/kernel/gemm_amd64.s -stubs internal/kernel/gemm_amd64.go -pkg kernel
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/mmcloughlin/avo/build"
)

// families are the kernel families by name; each file of this program adds its own.
var families = map[string]func(){}

var family = flag.String("family", "", "family of kernels to generate")

func main() {
	flag.Parse()
	generate, ok := families[*family]
	if !ok {
		fmt.Fprintf(os.Stderr, "gen: family %q: unknown; choose one of %q\n", *family, slices.Sorted(maps.Keys(families)))
		os.Exit(2)
	}
	generate()
	build.Generate()
}
