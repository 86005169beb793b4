package benchdata

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// idx writes an IDX file of bytes.
func idx(data []byte, dims ...int) []byte {
	out := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		out = binary.BigEndian.AppendUint32(out, uint32(d))
	}
	return append(out, data...)
}

func gzipped(t testing.TB, data []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func ramp(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 5)
	}
	return data
}

func labels(n, classes int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i % classes)
	}
	return data
}

// write puts files into a fresh folder of that name.
func write(t testing.TB, name string, files map[string][]byte) string {
	dir := filepath.Join(t.TempDir(), name)
	for file, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(file))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, data, 0o644))
	}
	return dir
}

func mnistLike(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"train-images-idx3-ubyte.gz": gzipped(t, idx(ramp(10*8*8), 10, 8, 8)),
		"train-labels-idx1-ubyte":    idx(labels(10, 3), 10),
		"t10k-images.idx3-ubyte":     idx(ramp(4*8*8), 4, 8, 8),
		"t10k-labels-idx1-ubyte.gz":  gzipped(t, idx(labels(4, 2), 4)),
	}
}

func TestIDXFolderOpens(t *testing.T) {
	s, err := Open(write(t, "My Digits", mnistLike(t)), Options{})
	require.NoError(t, err)
	require.Equal(t, "my_digits", s.Name)
	require.Equal(t, []int{8, 1, 3}, []int{s.Side, s.Channels, s.Classes})
	require.Equal(t, []int{8, 2, 4}, []int{s.Train.Len(), s.Val.Len(), s.Test.Len()}, "val is held out of train")
	require.Equal(t, ramp(4*8*8), s.Test.Images)
	require.Equal(t, []int32{0, 1, 0, 1}, s.Test.Labels)

	small, err := Open(write(t, "digits", mnistLike(t)), Options{Side: 4})
	require.NoError(t, err)
	require.Equal(t, 4, small.Side)
	require.Len(t, small.Test.Images, 4*4*4)
}

func TestBadIDXFilesAreRefused(t *testing.T) {
	check := func(file string, data []byte, want string) {
		t.Helper()
		files := mnistLike(t)
		delete(files, file+".gz")
		files[file] = data
		_, err := Open(write(t, "digits", files), Options{})
		require.EqualError(t, err, "digits: "+want)
	}
	images, labelFile := "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
	check(images, nil, images+": no IDX header: unexpected EOF")
	check(images, []byte("PK\x03\x04more"), images+": starts with 50 4b 03 04: need 00 00 08 03, an IDX file of bytes with 3 dimensions")
	check(images, idx(labels(10, 3), 10), images+": starts with 00 00 08 01: need 00 00 08 03, an IDX file of bytes with 3 dimensions")
	check(images, idx(nil, 10, 8, 8)[:9], images+": truncated in its header: unexpected EOF")
	check(images, idx(ramp(639), 10, 8, 8), images+": truncated after 639 of 640 bytes")
	check(images, idx(ramp(641), 10, 8, 8), images+": goes on after the 640 bytes its header announces")
	check(images, idx(ramp(8), 1<<31, 1<<31, 1<<31), images+": header announces dimensions [2147483648 2147483648]: need 1 to 8,589,934,592 bytes")
	check(images, idx(nil, 0, 8, 8), images+": header announces dimensions [0]: need 1 to 8,589,934,592 bytes")
	check(images, idx(ramp(560), 10, 8, 7), images+": 7x8 pixels: need square images; give a side (run: -s data.side=32, data info: --side 32) to crop the centre and resize")
	check(images, idx(ramp(90), 10, 3, 3), images+": 3x3 pixels: need 4 to 512 a side; give a side to resize")
	check(images, idx(ramp(810), 10, 9, 9), "t10k-images.idx3-ubyte: images of 8x8 where the training images have 9x9")
	check(labelFile, idx(labels(9, 3), 9), labelFile+" has 9 labels for the 10 images of train-images-idx3-ubyte.gz: the files don't belong together")
	check(images, gzipped(t, idx(ramp(640), 10, 8, 8))[:40], images+": truncated after 17 of 640 bytes")
}

func TestMissingIDXFileIsNamed(t *testing.T) {
	files := mnistLike(t)
	delete(files, "t10k-labels-idx1-ubyte.gz")
	dir := write(t, "digits", files)
	_, err := Open(dir, Options{})
	require.EqualError(t, err, "digits: t10k-labels-idx1-ubyte: no file of this name in "+dir+", with .gz or without")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestPinnedContentsAreChecked(t *testing.T) {
	dir := write(t, "digits", mnistLike(t))
	_, err := openIDX("digits", dir, 0, map[string]string{"t10k-images-idx3-ubyte": "00ff"})
	require.ErrorContains(t, err, "digits: t10k-images.idx3-ubyte: sha256 of its contents is ")
	require.ErrorContains(t, err, ", need 00ff: not the official file; fetch it again")
}

// Fashion-MNIST as the Debian package dataset-fashion-mnist installs it.
func TestFashionMNIST(t *testing.T) {
	if dir, _ := Locate("fashion-mnist", ""); dir == "" {
		t.Skip("no fashion-mnist on this machine")
	}
	if testing.Short() {
		t.Skip("60,000 images")
	}
	s, err := Open("fashion-mnist", Options{})
	require.NoError(t, err)
	require.Equal(t, []int{50_000, 10_000, 10_000}, []int{s.Train.Len(), s.Val.Len(), s.Test.Len()})
	require.Equal(t, fashionMNIST.SHA256, s.SHA256)
	require.Equal(t, []float32{73.00887}, s.Mean)
	require.Equal(t, []float32{90.05357}, s.Std)
	require.True(t, s.NearBinary && s.FlipOK)
	require.Equal(t, "ankle-boot", s.ClassNames[s.Test.Labels[0]])
}
