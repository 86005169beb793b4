package vit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/nn"
)

// Loaded says what LoadInto took from a file.
type Loaded struct {
	Names   []string // tensors read, in the order of the parameters
	Missing []string // parameters that the file lacks; they keep their values
	Extra   []string // arrays of the file that are no parameter, in its order
}

// LoadInto overwrites weights, a flat buffer of ps, with what a safetensors file
// holds under the same names. The file must have every tensor of the encoder c;
// others, as those of a decoder, may be missing. All shapes must agree, all
// values be finite float32, and a pos_embed in the file must be the fixed table
// (a trained position has no place here). On an error nothing is written.
func (c Config) LoadInto(weights []float32, ps *nn.Params, path string) (Loaded, error) {
	file, err := nn.ReadTensors(path)
	if err != nil {
		return Loaded{}, fmt.Errorf("vit: load weights: %w", err)
	}
	fail := func(format string, args ...any) (Loaded, error) {
		return Loaded{}, fmt.Errorf("vit: load weights: %s: %s", path, fmt.Sprintf(format, args...))
	}
	var loaded Loaded
	var wrong, absent []string
	for _, name := range ps.Names() {
		entry, ok := file.Lookup(name)
		if !ok {
			loaded.Missing = append(loaded.Missing, name)
			continue
		}
		loaded.Names = append(loaded.Names, name)
		if fault := c.unfit(ps, entry); fault != "" {
			wrong = append(wrong, fault)
		}
	}
	for _, s := range c.Specs(RuleMAE) {
		if slices.Contains(loaded.Missing, s.Name) {
			absent = append(absent, s.Name)
		}
	}
	for _, entry := range file.Tensors {
		if entry.Name == "pos_embed" {
			if fault := c.otherPosition(entry); fault != "" {
				wrong = append(wrong, fault)
			}
		} else if !slices.Contains(loaded.Names, entry.Name) {
			loaded.Extra = append(loaded.Extra, entry.Name)
		}
	}
	if len(wrong) > 0 {
		return fail("%s; give a checkpoint of the same model", listed(wrong))
	}
	if len(absent) > 0 {
		return fail("%d of the encoder's tensors are missing: %s; arrays that have no place: %s",
			len(absent), listed(absent), listed(loaded.Extra))
	}
	for _, name := range loaded.Names {
		entry, _ := file.Lookup(name)
		copy(ps.Slice(weights, name), entry.Float32)
	}
	return loaded, nil
}

// unfit says why an array can't be the parameter of its name, or nothing.
func (c Config) unfit(ps *nn.Params, entry nn.TensorEntry) string {
	spec, _ := ps.Spec(entry.Name)
	switch {
	case !slices.Equal(entry.Shape, spec.Shape):
		return fmt.Sprintf("%s has shape %v, need %v", entry.Name, entry.Shape, spec.Shape)
	case entry.Float32 == nil:
		return fmt.Sprintf("%s has elements of type %s, need F32", entry.Name, entry.Type)
	}
	for i, v := range entry.Float32 {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Sprintf("%s holds %g at element %d", entry.Name, f, i)
		}
	}
	return ""
}

// otherPosition says how an array differs from the fixed table, or nothing.
// Other programs' tables agree with ours to about 1e-6; a row for a class token
// may come first.
func (c Config) otherPosition(entry nn.TensorEntry) string {
	if entry.Float32 == nil {
		return fmt.Sprintf("pos_embed has elements of type %s, need F32", entry.Type)
	}
	table := SinCos(c.Grid(), c.Width)
	first := len(entry.Float32) - len(table)
	if first != 0 && first != c.Width {
		return fmt.Sprintf("pos_embed has shape %v, need [1 %d %d] or one row more", entry.Shape, c.Patches(), c.Width)
	}
	for i, v := range table {
		if math.Abs(float64(entry.Float32[first+i]-v)) > 1e-4 {
			return fmt.Sprintf("pos_embed isn't the fixed sin-cos table: %g at element %d, need %g", entry.Float32[first+i], first+i, v)
		}
	}
	return ""
}

// listed joins names, the first few where there are many.
func listed(names []string) string {
	const most = 6
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
