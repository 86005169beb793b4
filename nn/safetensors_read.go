package nn

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"sort"
)

// ErrFormat is what errors about the content of a safetensors file wrap.
var ErrFormat = errors.New("not a valid safetensors file")

// maxHeader is the largest header in bytes that readers of the format take.
const maxHeader = 100_000_000

// elementBytes are the element types of the format that this package knows the
// size of.
var elementBytes = map[string]int{
	"F64": 8, "F32": 4, "F16": 2, "BF16": 2,
	"I64": 8, "I32": 4, "I16": 2, "I8": 1,
	"U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}

// ReadTensors reads a safetensors file. Errors about its content wrap
// [ErrFormat]; a file whose header disagrees with its size, with itself or with
// the format in any point is refused whole.
func ReadTensors(path string) (*TensorFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := decodeTensors(data)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return f, nil
}

func formatError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...))
}

// decodeTensors reads a whole file.
func decodeTensors(data []byte) (*TensorFile, error) {
	if len(data) < 8 {
		return nil, formatError("%d bytes, need at least 8", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	rest := data[8:]
	if n > maxHeader {
		return nil, formatError("header of %d bytes, at most %d are allowed", n, maxHeader)
	}
	if n > uint64(len(rest)) {
		return nil, formatError("header of %d bytes, but only %d follow", n, len(rest))
	}
	f, entries, err := decodeHeader(rest[:n])
	if err != nil {
		return nil, err
	}
	return f, f.fill(entries, rest[n:])
}

// decodeHeader reads the header's object key by key, so that a repeated name is
// seen. The order of f.Tensors and of the entries is that of the header.
func decodeHeader(header []byte) (*TensorFile, []headerEntry, error) {
	d := json.NewDecoder(bytes.NewReader(header))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, formatError("header doesn't begin with an object")
	}
	f := &TensorFile{}
	var entries []headerEntry
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, nil, formatError("header: %v", err)
		}
		name, _ := t.(string)
		if seen[name] {
			return nil, nil, formatError("header names %q twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			if err := d.Decode(&f.Metadata); err != nil {
				return nil, nil, formatError("metadata: %v", err)
			}
			continue
		}
		var e headerEntry
		if err := d.Decode(&e); err != nil {
			return nil, nil, formatError("tensor %q: %v", name, err)
		}
		if e.Shape == nil || len(e.Offsets) != 2 {
			return nil, nil, formatError("tensor %q: needs a shape and two data offsets", name)
		}
		f.Tensors = append(f.Tensors, TensorEntry{Name: name, Shape: e.Shape, Type: e.Type})
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, formatError("header: %v", err)
	}
	if len(bytes.TrimSpace(header[d.InputOffset():])) > 0 {
		return nil, nil, formatError("header goes on after its object")
	}
	return f, entries, nil
}

// fill checks the entries against each other and the data, puts the tensors in
// the order of their data, and decodes those of known types.
func (f *TensorFile) fill(entries []headerEntry, data []byte) error {
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		x, y := entries[order[a]].Offsets, entries[order[b]].Offsets
		return x[0] < y[0] || x[0] == y[0] && x[1] < y[1]
	})
	at := 0
	sorted := make([]TensorEntry, 0, len(entries))
	for _, i := range order {
		e, t := entries[i], f.Tensors[i]
		width, ok := elementBytes[e.Type]
		if !ok {
			return formatError("tensor %q: unknown element type %q", t.Name, e.Type)
		}
		size, err := elements(e.Shape)
		if err != nil {
			return formatError("tensor %q: %v", t.Name, err)
		}
		from, to := e.Offsets[0], e.Offsets[1]
		if from != at {
			return formatError("tensor %q begins at byte %d of the data, need %d: gaps and overlaps aren't allowed", t.Name, from, at)
		}
		if to < from || to > len(data) || to-from != size*width {
			return formatError("tensor %q: bytes %d to %d of %d, but shape %v of %s takes %d", t.Name, from, to, len(data), e.Shape, e.Type, size*width)
		}
		t.decode(data[from:to])
		sorted = append(sorted, t)
		at = to
	}
	if at != len(data) {
		return formatError("%d bytes of data, but the tensors take %d", len(data), at)
	}
	f.Tensors = sorted
	return nil
}

// decode converts the bytes of an array of type F32 or I32.
func (e *TensorEntry) decode(b []byte) {
	switch e.Type {
	case "F32":
		e.Float32 = make([]float32, len(b)/4)
		for i := range e.Float32 {
			e.Float32[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
	case "I32":
		e.Int32 = make([]int32, len(b)/4)
		for i := range e.Int32 {
			e.Int32[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
		}
	}
}

// elements returns the number of elements of a shape of the format, where sides
// may be 0 and a shape may be empty.
func elements(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative side", shape)
		}
		if d > 0 && n > math.MaxInt32/d {
			return 0, fmt.Errorf("shape %v has more than %d elements", shape, math.MaxInt32)
		}
		n *= d
	}
	return n, nil
}
