package benchdata

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// cifarRecords makes n records; the planes of image i hold i, i+1 and i+2, the first
// pixel of each plane 255 more.
func cifarRecords(n, labelBytes, classes int) []byte {
	var out []byte
	for i := range n {
		for range labelBytes - 1 {
			out = append(out, 7) // coarse label
		}
		out = append(out, byte(i%classes))
		for c := range 3 {
			plane := bytes.Repeat([]byte{byte(i + c)}, cifarPixels)
			plane[0]--
			out = append(out, plane...)
		}
	}
	return out
}

func cifar10Like() map[string][]byte {
	files := map[string][]byte{
		"batches.meta.txt": []byte("airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"),
		"test_batch.bin":   cifarRecords(3, 1, 10),
		"readme.html":      []byte("<html>"),
	}
	for _, name := range cifar10Layout.train {
		files[name] = cifarRecords(10, 1, 10)
	}
	return files
}

// tarball packs files and, for names that end in a slash, directories.
func tarball(t testing.TB, names []string, files map[string][]byte) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range names {
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if name[len(name)-1] == '/' {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		require.NoError(t, w.WriteHeader(h))
		_, err := w.Write(files[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func TestCIFAR10FolderAndArchiveAreTheSame(t *testing.T) {
	folder, err := Open(write(t, "cifar-10-batches-bin", cifar10Like()), Options{})
	require.NoError(t, err)
	require.Equal(t, []int{32, 3, 10}, []int{folder.Side, folder.Channels, folder.Classes})
	require.Equal(t, []int{40, 10, 3}, []int{folder.Train.Len(), folder.Val.Len(), folder.Test.Len()})
	require.Equal(t, []uint8{0, 1, 2, 1, 2, 3}, folder.Test.Image(1)[:6], "planes become channels")
	require.Equal(t, "bird", folder.ClassNames[folder.Test.Labels[2]])
	require.True(t, folder.FlipOK)

	// batches in any order, in a directory, as distributed
	names := []string{"c/", "c/test_batch.bin", "c/batches.meta.txt", "c/readme.html"}
	packed := map[string][]byte{}
	for i := range cifar10Layout.train {
		names = append(names, "c/"+cifar10Layout.train[4-i])
	}
	for name, data := range cifar10Like() {
		packed["c/"+name] = data
	}
	file := filepath.Join(t.TempDir(), "cifar-10-binary.tar.gz")
	require.NoError(t, os.WriteFile(file, gzipped(t, tarball(t, names, packed)), 0o644))
	archive, err := Open(file, Options{})
	require.NoError(t, err)
	require.Equal(t, "cifar-10-binary", archive.Name)
	require.Equal(t, folder.SHA256, archive.SHA256)
}

func TestCIFAR100TakesTheFineLabel(t *testing.T) {
	s, err := Open(write(t, "c100", map[string][]byte{
		"train.bin": cifarRecords(200, 2, 100), "test.bin": cifarRecords(5, 2, 100),
	}), Options{})
	require.NoError(t, err)
	require.Equal(t, 100, s.Classes)
	require.Equal(t, []int32{0, 1, 2, 3, 4}, s.Test.Labels)
	require.Equal(t, "4", s.ClassNames[4], "numbers where there are no names")
}

func TestBadCIFARFilesAreRefused(t *testing.T) {
	check := func(file string, data []byte, want string) {
		t.Helper()
		files := cifar10Like()
		files[file] = data
		_, err := Open(write(t, "c10", files), Options{})
		require.EqualError(t, err, "c10: "+want)
	}
	check("data_batch_3.bin", nil, "data_batch_3.bin: empty: need records of 3,073 bytes")
	check("data_batch_3.bin", cifarRecords(2, 1, 10)[:3073+100], "data_batch_3.bin: truncated: record 1 ends after 100 of 3,073 bytes")
	check("data_batch_3.bin", cifarRecords(20, 1, 20), "data_batch_3.bin: record 10: label 10: need 0 to 9; is this the official binary version?")
	check("batches.meta.txt", []byte("one\ntwo\n"), "batches.meta.txt: 2 class names: need 10")

	files := cifar10Like()
	delete(files, "data_batch_5.bin")
	dir := write(t, "c10", files)
	_, err := Open(dir, Options{})
	require.EqualError(t, err, "c10: no data_batch_5.bin in "+dir+": need the official binary version")
}

func TestKnownSetsAreChecked(t *testing.T) {
	cache := filepath.Dir(write(t, "cifar10", cifar10Like()))
	_, err := Open("cifar10", Options{Dir: cache})
	require.ErrorContains(t, err, "cifar10: test_batch.bin: sha256 of its contents is ")
	require.ErrorContains(t, err, "not the official file; fetch it again")
}
