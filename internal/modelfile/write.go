package modelfile

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/atomicfile"
	"github.com/mtobench/mtobench/nn"
)

// Write writes the tensors to path and the other files beside it, each whole or not at all, the tensors
// last. The folder is made where there is none.
func (f *File) Write(path string) error {
	dir := filepath.Dir(path)
	if err := atomicfile.MkdirAll(dir); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := atomicfile.SweepOf(path); err != nil { // of gigabytes, where an export was killed
		return fmt.Errorf("export: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Beside)) {
		if err := atomicfile.Write(filepath.Join(dir, name), f.Beside[name]); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return nn.WriteTensors(path, &f.Tensors)
}

// Listed joins names of parameters, those of one module as one.
func Listed(names []string) string {
	var modules []string
	for _, name := range names {
		module, _, nested := strings.Cut(name, ".")
		if nested {
			module += ".*"
		}
		if !slices.Contains(modules, module) {
			modules = append(modules, module)
		}
	}
	return strings.Join(modules, ", ")
}
