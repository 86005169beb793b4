package nn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/mtobench/mtobench/internal/atomicfile"
)

// A TensorFile is the content of a safetensors file: named arrays and a table of
// strings. The format is a little-endian uint64 with the header's length, a
// header in JSON that maps each name to element type, shape and byte range (and
// "__metadata__" to the strings), and the data without gaps:
// https://github.com/huggingface/safetensors.
type TensorFile struct {
	Metadata map[string]string
	Tensors  []TensorEntry // in the order of their data in the file
}

// A TensorEntry is one array of a [TensorFile]. Exactly one of Float32 and Int32
// is set; arrays of other element types are read into neither and can't be
// written.
type TensorEntry struct {
	Name    string
	Shape   []int  // empty for a single number
	Type    string // the format's word, as F32, I32, BF16; writing goes by the slice that is set
	Float32 []float32
	Int32   []int32
}

// Lookup returns the array called name.
func (f *TensorFile) Lookup(name string) (TensorEntry, bool) {
	for _, e := range f.Tensors {
		if e.Name == name {
			return e, true
		}
	}
	return TensorEntry{}, false
}

// WriteTensors writes f to path. The file appears whole or not at all, also
// after a crash: it is written under another name in the same folder, synced,
// and renamed. The same content gives the same bytes.
func WriteTensors(path string, f *TensorFile) error {
	header, err := encodeHeader(f)
	if err != nil {
		return fmt.Errorf("safetensors: %s: %w", path, err)
	}
	if err := atomicfile.WriteWith(path, func(w io.Writer) error { return writeTensors(w, header, f) }); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

// Digest returns the SHA-256, in hexadecimal, of the bytes that WriteTensors
// writes for f: metadata, names, types, shapes and data.
func (f *TensorFile) Digest() (string, error) {
	header, err := encodeHeader(f)
	if err != nil {
		return "", fmt.Errorf("safetensors: %w", err)
	}
	h := sha256.New()
	if err := writeTensors(h, header, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// headerEntry is a tensor's line of the header.
type headerEntry struct {
	Type    string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets []int  `json:"data_offsets"`
}

const metadataKey = "__metadata__"

// encodeHeader returns length and header, padded with spaces so that the data
// begin at a multiple of 8 bytes.
func encodeHeader(f *TensorFile) ([]byte, error) {
	out := []byte("{")
	add := func(name string, value any) error {
		k, err := json.Marshal(name)
		if err != nil {
			return err
		}
		v, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, k...), ':'), v...)
		return nil
	}
	if f.Metadata != nil {
		if err := add(metadataKey, f.Metadata); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{metadataKey: true}
	at := 0
	for _, e := range f.Tensors {
		if seen[e.Name] || e.Name == "" {
			return nil, fmt.Errorf("tensor %q: the name is empty or in use", e.Name)
		}
		seen[e.Name] = true
		size, typ, err := e.writable()
		if err != nil {
			return nil, err
		}
		shape := e.Shape
		if shape == nil {
			shape = []int{} // the format wants [], not null
		}
		if err := add(e.Name, headerEntry{typ, shape, []int{at, at + 4*size}}); err != nil {
			return nil, err
		}
		at += 4 * size
	}
	out = append(out, '}')
	for len(out)%8 != 0 {
		out = append(out, ' ')
	}
	if len(out) > maxHeader {
		return nil, fmt.Errorf("header of %d bytes; readers take at most %d", len(out), maxHeader)
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(out))), out...), nil
}

// writable returns the number of elements and the format's word for their type.
func (e TensorEntry) writable() (size int, typ string, err error) {
	size, err = elements(e.Shape)
	switch {
	case err != nil:
		return 0, "", fmt.Errorf("tensor %s: %w", e.Name, err)
	case e.Float32 != nil && e.Int32 == nil && len(e.Float32) == size:
		return size, "F32", nil
	case e.Int32 != nil && e.Float32 == nil && len(e.Int32) == size:
		return size, "I32", nil
	}
	return 0, "", fmt.Errorf("tensor %s: shape %v needs %d elements, found %d float32 and %d int32; give one slice of that length",
		e.Name, e.Shape, size, len(e.Float32), len(e.Int32))
}

func writeTensors(w io.Writer, header []byte, f *TensorFile) error {
	if _, err := w.Write(header); err != nil {
		return err
	}
	buf := make([]byte, 0, 1<<16)
	flush := func(need int) error {
		if len(buf)+need <= cap(buf) {
			return nil
		}
		_, err := w.Write(buf)
		buf = buf[:0]
		return err
	}
	for _, e := range f.Tensors {
		for _, v := range e.Float32 {
			if err := flush(4); err != nil {
				return err
			}
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		for _, v := range e.Int32 {
			if err := flush(4); err != nil {
				return err
			}
			buf = binary.LittleEndian.AppendUint32(buf, uint32(v))
		}
	}
	_, err := w.Write(buf)
	return err
}
