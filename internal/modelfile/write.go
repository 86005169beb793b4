package modelfile

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/nn"
)

// Write writes the tensors to path and the other files beside it, each whole or not at all, the tensors
// last. The folder is made where there is none.
func (f *File) Write(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Beside)) {
		if err := replace(filepath.Join(dir, name), f.Beside[name]); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return nn.WriteTensors(path, &f.Tensors)
}

// replace makes path hold data, by rename.
func replace(path string, data []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	_, err = t.Write(data)
	if closed := t.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(t.Name(), 0o644)
	}
	if err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
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
