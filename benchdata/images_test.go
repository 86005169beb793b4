package benchdata

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// colourPNG is a w x h image whose red channel tells the column, green the row, blue v.
func colourPNG(t testing.TB, w, h int, v uint8) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), v, 255})
		}
	}
	var buf bytes.Buffer
	require.NoError(t, png.Encode(&buf, m))
	return buf.Bytes()
}

func greyPNG(t testing.TB, side int, v uint8) []byte {
	m := image.NewGray(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		m.Pix[i] = v
	}
	var buf bytes.Buffer
	require.NoError(t, png.Encode(&buf, m))
	return buf.Bytes()
}

func jpegOf(t testing.TB, side int, v uint8) []byte {
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		m.Pix[i] = v + uint8(i*i%31)
	}
	var buf bytes.Buffer
	require.NoError(t, jpeg.Encode(&buf, m, nil))
	return buf.Bytes()
}

// imageTree is a small set in train/CLASS and test/CLASS, one of them a JPEG.
func imageTree(t testing.TB) map[string][]byte {
	files := map[string][]byte{"README.md": []byte("# tree")}
	for i := range 10 {
		files[fmt.Sprintf("train/%s/%02d.png", []string{"cat", "dog"}[i%2], i)] = colourPNG(t, 8, 8, uint8(i))
	}
	files["test/cat/a.png"] = colourPNG(t, 8, 8, 100)
	files["test/dog/b.jpg"] = jpegOf(t, 8, 50)
	return files
}

func zipped(t testing.TB, files map[string][]byte) []byte {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		require.NoError(t, err)
		_, err = f.Write(files[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func archive(t testing.TB, name string, data []byte) string {
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, data, 0o644))
	return file
}

func TestFolderZipAndTarAreTheSame(t *testing.T) {
	files := imageTree(t)
	folder, err := Open(write(t, "pets", files), Options{Threads: 1})
	require.NoError(t, err)
	require.Equal(t, []int{8, 3, 2}, []int{folder.Side, folder.Channels, folder.Classes})
	require.Equal(t, []string{"cat", "dog"}, folder.ClassNames)
	require.Equal(t, []int{8, 2, 2}, []int{folder.Train.Len(), folder.Val.Len(), folder.Test.Len()}, "val is held out of train")
	require.Equal(t, []uint8{3, 2, 100}, folder.Test.Image(0)[(2*8+3)*3:][:3], "height, width, channels")

	names := slices.Sorted(maps.Keys(files))
	slices.Reverse(names)
	for name, data := range map[string][]byte{
		"pets.zip":    zipped(t, files),
		"pets.tar":    tarball(t, append([]string{"train/", "test/"}, names...), files),
		"Pets.TAR.GZ": gzipped(t, tarball(t, names, files)),
		"pets.tgz":    gzipped(t, tarball(t, names, files)),
	} {
		s, err := Open(archive(t, name, data), Options{Threads: 3})
		require.NoError(t, err, name)
		require.Equal(t, "pets", s.Name)
		require.Equal(t, folder.SHA256, s.SHA256, name)
	}
}

func TestLinksAreFollowed(t *testing.T) {
	dir := write(t, "pets", imageTree(t))
	want, err := Open(dir, Options{})
	require.NoError(t, err)
	moved := filepath.Join(t.TempDir(), "dogs")
	require.NoError(t, os.Rename(filepath.Join(dir, "train", "dog"), moved))
	if err := os.Symlink(moved, filepath.Join(dir, "train", "dog")); err != nil {
		t.Skip(err)
	}
	got, err := Open(dir, Options{})
	require.NoError(t, err)
	require.Equal(t, want.SHA256, got.SHA256)

	require.NoError(t, os.Symlink(dir, filepath.Join(moved, "again")))
	_, err = Open(dir, Options{})
	require.ErrorContains(t, err, "more than 16 directories deep: is there a link to a directory above it?")
}

func TestGreyImagesHaveOneChannel(t *testing.T) {
	files := map[string][]byte{}
	for i := range 10 {
		files[fmt.Sprintf("train/%d/%d.png", i%2, i)] = greyPNG(t, 8, uint8(i))
	}
	files["test/0/x.png"] = greyPNG(t, 8, 77)
	s, err := Open(write(t, "grey", files), Options{})
	require.NoError(t, err)
	require.Equal(t, 1, s.Channels)
	require.Equal(t, slices.Repeat([]uint8{77}, 64), s.Test.Images)

	files["test/1/y.png"] = colourPNG(t, 8, 8, 1)
	s, err = Open(write(t, "mixed", files), Options{})
	require.NoError(t, err)
	require.Equal(t, 3, s.Channels, "one image has colour")
	require.Equal(t, slices.Repeat([]uint8{77}, 3*64), s.Test.Image(0))
}

func TestSideCropsAndResizes(t *testing.T) {
	files := imageTree(t)
	files["test/cat/a.png"] = colourPNG(t, 20, 16, 100)
	s, err := Open(write(t, "pets", files), Options{Side: 8})
	require.NoError(t, err)
	// The 16x16 centre begins at column 2; pixel (0,0) averages columns 2, 3 and rows 0, 1.
	require.Equal(t, []uint8{3, 1, 100}, s.Test.Image(0)[:3])

	_, err = Open(write(t, "pets", files), Options{Side: 8192})
	require.EqualError(t, err, "data: side 8192: need 4 to 512 pixels")
}

func TestBadImagesAreRefused(t *testing.T) {
	check := func(file string, data []byte, opt Options, want string) {
		t.Helper()
		files := imageTree(t)
		files[file] = data
		dir := write(t, "pets", files)
		for _, path := range []string{dir, archive(t, "pets.zip", zipped(t, files)),
			archive(t, "pets.tar", tarball(t, slices.Sorted(maps.Keys(files)), files))} {
			_, err := Open(path, opt)
			require.EqualError(t, err, "pets: "+want, filepath.Base(path))
		}
	}
	check("train/cat/04.png", colourPNG(t, 8, 6, 0), Options{}, "train/cat/04.png: 8x6 pixels: need square images; give a side (run: -s data.side=32, data info: --side 32) to crop the centre and resize")
	check("train/cat/04.png", colourPNG(t, 3, 3, 0), Options{}, "train/cat/04.png: 3x3 pixels: need 4 to 512 a side; give a side to resize")
	check("train/cat/04.png", colourPNG(t, 9, 9, 0), Options{}, "train/cat/04.png: 9x9 pixels where test/cat/a.png has 8x8: need one size; give a side to resize")
	check("train/cat/04.png", []byte("GIF89a..."), Options{}, "train/cat/04.png: starts with 47 49 46 38 39 61 2e 2e: need a PNG or JPEG image")
	check("train/cat/04.png", nil, Options{}, "train/cat/04.png: starts with : need a PNG or JPEG image")
	check("train/cat/04.png", colourPNG(t, 8, 8, 0)[:60], Options{}, "train/cat/04.png: png: invalid format: unexpected EOF")
	check("test/cat/a.png", jpegOf(t, 8, 0)[:100], Options{}, "test/cat/a.png: unexpected EOF")
	huge := colourPNG(t, 8, 8, 0)
	copy(huge[16:24], "\x00\x01\x00\x00\x00\x01\x00\x00") // 65536x65536, in the header's checksum too
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	check("train/cat/04.png", huge, Options{}, "train/cat/04.png: 65536x65536 pixels: need 1 to 67,108,864 in all")
}

func TestDamagedArchivesAreRefused(t *testing.T) {
	check := func(name string, data []byte, want string) {
		t.Helper()
		_, err := Open(archive(t, name, data), Options{})
		require.ErrorContains(t, err, want)
	}
	files := imageTree(t)
	whole := zipped(t, files)
	damaged := slices.Clone(whole)
	at := bytes.Index(damaged, files["test/cat/a.png"])
	damaged[at+50] ^= 0xff
	check("pets.zip", damaged, "pets: test/cat/a.png: damaged after ")
	check("pets.zip", damaged, "checksum error")
	check("pets.zip", whole[:len(whole)-30], "pets: pets.zip: not a whole zip archive: zip: not a valid zip file")
	check("pets.zip", zipped(t, map[string][]byte{"../train/a/1.png": nil}), `pets: member "../train/a/1.png": need a path inside the archive, parted by slashes`)
	check("pets.zip", zipped(t, map[string][]byte{"/train/a/1.png": nil}), `pets: member "/train/a/1.png": need a path inside the archive, parted by slashes`)
	check("pets.zip", zipped(t, map[string][]byte{`train\a\1.png`: nil}), `need a path inside the archive, parted by slashes`)

	names := slices.Sorted(maps.Keys(files))
	packed := tarball(t, names, files)
	check("pets.tar", packed[:len(packed)-3000], "pets: pets.tar: damaged after 11 members: unexpected EOF")
	check("pets.tar.gz", gzipped(t, packed)[:900], "pets.tar.gz: damaged after ")
	check("pets.tar", tarball(t, append(names, "train/cat/00.png"), files), "pets: member train/cat/00.png: there twice")
	check("pets.tar", tarball(t, []string{"a/../../b.png"}, files), `pets: member "a/../../b.png": need a path inside the archive`)
	check("pets.tar", []byte("not a tar archive, much too short"), "pets: pets.tar: damaged after 0 members: unexpected EOF")
	check("pets.rar", packed, "pets.rar: pets.rar: need a folder, a .zip, .tar, .tar.gz or .tgz file, or a known data set (glyphs, fashion-mnist, cifar10, cifar100)")
}

func TestOversizedMembersAreRefused(t *testing.T) {
	_, err := readMember("big.png", strings.NewReader(strings.Repeat("x", maxMemberBytes+1)))
	require.EqualError(t, err, "big.png: more than 67,108,864 bytes: too large for an image")
}

func TestNamesAreMadeFitForResults(t *testing.T) {
	check := func(path, want string) {
		t.Helper()
		got, err := NameOf(path)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	check("/data/My Photos (2024)", "my_photos__2024_")
	check("/data/cifar10-jpeg", "cifar10-jpeg")
	check("/data/größe.v2", "gr__e.v2")
	_, err := NameOf("/data/___")
	require.EqualError(t, err, "/data/___: no letter or digit in its name: rename it, the name stands in the results")
}

// The 60,000 JPEG images of CIFAR-10 that lie beside a checkout in some places.
func TestCIFAR10JPEG(t *testing.T) {
	file := filepath.Join("..", "..", "shared", "data", "cifar10-jpeg.zip")
	if !isFile(file) {
		t.Skip("no " + file)
	}
	if testing.Short() {
		t.Skip("60,000 images")
	}
	s, err := Open(file, Options{FlipOK: true})
	require.NoError(t, err)
	require.Equal(t, "cifar10-jpeg", s.Name)
	require.Equal(t, []int{40_000, 10_000, 10_000}, []int{s.Train.Len(), s.Val.Len(), s.Test.Len()})
	require.Equal(t, 32, s.Side)
	require.InDelta(t, 125.3, s.Mean[0], 0.2) // 125.3 on the official files
}
