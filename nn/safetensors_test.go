package nn

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// file makes the bytes of a safetensors file by hand.
func file(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

// The example's bytes are written out from the format's description: length 8,
// header, then 1.0, -2.5 and -1 in little-endian order.
func TestFormatByHand(t *testing.T) {
	header := `{"__metadata__":{"gelu":"tanh"},` +
		`"a.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},` +
		`"idx":{"dtype":"I32","shape":[],"data_offsets":[8,12]}}   `
	require.Zero(t, len(header)%8)
	want := file(header, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0, 0xff, 0xff, 0xff, 0xff)
	f := &TensorFile{
		Metadata: map[string]string{"gelu": "tanh"},
		Tensors: []TensorEntry{
			{Name: "a.weight", Shape: []int{1, 2}, Type: "F32", Float32: []float32{1, -2.5}},
			{Name: "idx", Shape: []int{}, Type: "I32", Int32: []int32{-1}},
		},
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, WriteTensors(path, f))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))

	back, err := ReadTensors(path)
	require.NoError(t, err)
	require.Equal(t, f, back)
	e, ok := back.Lookup("idx")
	require.True(t, ok)
	require.Equal(t, []int32{-1}, e.Int32)
	_, ok = back.Lookup("nope")
	require.False(t, ok)
}

// Any order in the header is read; other element types are listed, not decoded.
func TestForeignFile(t *testing.T) {
	f, err := decodeTensors(file(`{"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
		0, 0, 0x80, 0x3f, 1, 2, 3, 4))
	require.NoError(t, err)
	require.Equal(t, []TensorEntry{
		{Name: "a", Shape: []int{1}, Type: "F32", Float32: []float32{1}},
		{Name: "b", Shape: []int{2}, Type: "BF16"},
	}, f.Tensors)
	require.Nil(t, f.Metadata)
}

func TestBitsSurvive(t *testing.T) {
	bits := []uint32{0, 0x80000000, 1, 0x7f800000, 0x7fc00001, 0xff800000, 0x00800000, 0x7f7fffff}
	values := make([]float32, len(bits))
	for i, b := range bits {
		values[i] = math.Float32frombits(b)
	}
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, WriteTensors(path, &TensorFile{Tensors: []TensorEntry{{Name: "v", Shape: []int{8}, Float32: values}}}))
	f, err := ReadTensors(path)
	require.NoError(t, err)
	for i, v := range f.Tensors[0].Float32 {
		require.Equal(t, bits[i], math.Float32bits(v))
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	check := func(want string, data []byte) {
		t.Helper()
		_, err := decodeTensors(data)
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, want)
	}
	one := `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	four := []byte{0, 0, 0, 0}
	check("7 bytes, need at least 8", make([]byte, 7))
	check("header of 54 bytes, but only 50 follow", file(one)[:58])
	check("at most 100000000", binary.LittleEndian.AppendUint64(nil, 1<<63))
	check("doesn't begin with an object", file(`[]`))
	check("goes on", file(`{} {}`))
	check("header:", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`, four...))
	check("tensor \"a\":", file(`{"a":3}`))
	check("metadata", file(`{"__metadata__":{"a":1}}`))
	check(`names "a" twice`, file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 0, 0, 0, 0, 0, 0, 0, 0))
	check("needs a shape and two data offsets", file(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, four...))
	check("needs a shape and two data offsets", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}`, four...))
	check(`unknown element type "F8"`, file(`{"a":{"dtype":"F8","shape":[4],"data_offsets":[0,4]}}`, four...))
	check("negative side", file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, four...))
	check("more than", file(`{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`))
	check("shape [2] of F32 takes 8", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, four...))
	check("bytes 0 to 8 of 4", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, four...))
	check("begins at byte 4", file(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}`, four...))
	check("begins at byte 2 of the data, need 4", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}`, four...))
	check("8 bytes of data, but the tensors take 4", file(one, 0, 0, 0, 0, 0, 0, 0, 0))

	_, err := ReadTensors(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestBadContentIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	check := func(want string, entries ...TensorEntry) {
		t.Helper()
		require.ErrorContains(t, WriteTensors(path, &TensorFile{Tensors: entries}), want)
	}
	v := []float32{1}
	check("in use", TensorEntry{Name: "a", Shape: []int{1}, Float32: v}, TensorEntry{Name: "a", Shape: []int{1}, Float32: v})
	check("in use", TensorEntry{Name: "__metadata__", Shape: []int{1}, Float32: v})
	check("needs 2 elements, found 1 float32 and 0 int32", TensorEntry{Name: "a", Shape: []int{2}, Float32: v})
	check("needs 1 elements, found 0 float32 and 0 int32", TensorEntry{Name: "a", Shape: []int{1}})
	check("negative", TensorEntry{Name: "a", Shape: []int{-1}, Float32: v})
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// A write that fails leaves the old file whole and no temporary one.
func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	require.NoError(t, os.Mkdir(path, 0o755)) // a folder in the way: the rename fails
	err := WriteTensors(path, &TensorFile{})
	require.Error(t, err)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

// Whatever is accepted is written and read back unchanged.
func FuzzDecodeTensors(f *testing.F) {
	f.Add(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0x80, 0x3f))
	f.Add(file(`{"__metadata__":{"k":"v"},"a":{"dtype":"I32","shape":[0,3],"data_offsets":[0,0]}}`))
	f.Add(file(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decodeTensors(data)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		for _, e := range got.Tensors {
			if e.Float32 == nil && e.Int32 == nil || e.Name == "" {
				return // types that aren't decoded, and a name that isn't written
			}
		}
		once := encode(t, got)
		again, err := decodeTensors(once)
		require.NoError(t, err)
		require.Equal(t, once, encode(t, again))
	})
}

// encode returns the bytes that WriteTensors writes.
func encode(t *testing.T, f *TensorFile) []byte {
	t.Helper()
	header, err := encodeHeader(f)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, writeTensors(&b, header, f))
	return b.Bytes()
}
