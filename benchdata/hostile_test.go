package benchdata

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color/palette"
	"image/gif"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Hostile archives: each must end in an error that names archive and member, at once and in little memory.

// refused opens a generated archive and requires an error with each of the texts, having taken less than 2 GiB in all,
// what was freed again included: bombs unfold to 40 GiB, and under the race detector pools keep nothing.
func refused(t *testing.T, name string, data []byte, want ...string) {
	t.Helper()
	file := archive(t, name, data)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Open(file, Options{Threads: 2})
	runtime.ReadMemStats(&after)
	for _, text := range append(want, strings.TrimSuffix(name, filepath.Ext(name))) {
		require.ErrorContains(t, err, text)
	}
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<30), "memory for %s bytes", thousands(len(data)))
}

// zipOf writes members with headers of one's own.
func zipOf(t *testing.T, files map[string][]byte, change func(h *zip.FileHeader)) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		change(h)
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		_, err = f.Write(files[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

// tarOf writes the headers given, with zeros as content, behind a whole set.
func tarOf(t *testing.T, headers ...*tar.Header) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range headers {
		require.NoError(t, w.WriteHeader(h))
		_, err := io.CopyN(w, zeros{}, h.Size)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestHostilePathsAreRefused(t *testing.T) {
	for _, name := range []string{"../train/a/1.png", "/train/a/1.png", "a/../../1.png", "train/../../1.png", "./../1.png", `C:\train\1.png`, "train/a\x00b/1.png", "..", "a//../b/1.png/.."} {
		data := zipOf(t, map[string][]byte{name: nil}, func(*zip.FileHeader) {})
		refused(t, "pets.zip", data, "need a path inside the archive")
		if !strings.Contains(name, "\x00") { // tar ends a name there
			refused(t, "pets.tar", tarOf(t, &tar.Header{Name: name, Typeflag: tar.TypeReg}), "need a path inside the archive")
		}
	}
	// A PAX record has the last word on a name.
	refused(t, "pets.tar", tarOf(t, &tar.Header{Name: "train/a/1.png", Typeflag: tar.TypeReg, Format: tar.FormatPAX,
		PAXRecords: map[string]string{"MTOBENCH.x": "y"}}, &tar.Header{Name: "../" + strings.Repeat("x", 200) + ".png", Typeflag: tar.TypeReg}), "need a path inside the archive")
	long := strings.Repeat("y", maxNameBytes+1) + ".png"
	refused(t, "pets.zip", zipOf(t, map[string][]byte{long: nil}, func(*zip.FileHeader) {}), "a path of 4,101 bytes: need at most 4,096")
	refused(t, "pets.tar", tarOf(t, &tar.Header{Name: long, Typeflag: tar.TypeReg}), "a path of 4,101 bytes: need at most 4,096")
	deep := strings.Repeat("d/", maxDepth+1) + "1.png"
	refused(t, "pets.zip", zipOf(t, map[string][]byte{deep: nil}, func(*zip.FileHeader) {}), `member "d/d/`, "more than 16 directories deep")
	refused(t, "pets.tar", tarOf(t, &tar.Header{Name: deep, Typeflag: tar.TypeReg}), "more than 16 directories deep")
}

func TestHostileLinksAndDevicesAreRefused(t *testing.T) {
	for kind, want := range map[byte]string{
		tar.TypeSymlink: "a symbolic link", tar.TypeLink: "a hard link", tar.TypeChar: "a device",
		tar.TypeBlock: "a device", tar.TypeFifo: "a pipe",
	} {
		h := &tar.Header{Name: "train/a/1.png", Typeflag: kind, Linkname: "/etc/passwd"}
		if kind != tar.TypeSymlink && kind != tar.TypeLink {
			h.Linkname = ""
		}
		refused(t, "pets.tar", tarOf(t, h), `member "train/a/1.png": `+want)
	}
	for mode, want := range map[os.FileMode]string{
		os.ModeSymlink: "a symbolic link", os.ModeDevice: "a device", os.ModeNamedPipe: "a pipe", os.ModeSocket: "a socket",
	} {
		data := zipOf(t, map[string][]byte{"train/a/1.png": []byte("/etc/passwd")}, func(h *zip.FileHeader) { h.SetMode(mode | 0o644) })
		refused(t, "pets.zip", data, `member "train/a/1.png": `+want)
	}
}

func TestHostileSizesAreRefused(t *testing.T) {
	// Holes: 60 MiB that take no space, in GNU's old form and in PAX's.
	for _, h := range []*tar.Header{
		{Name: "train/a/1.png", Typeflag: tar.TypeReg, Format: tar.FormatPAX, PAXRecords: map[string]string{"MTOBENCH.sparse": "1"}},
	} {
		data := tarOf(t, h)
		data = bytes.Replace(data, []byte("MTOBENCH.sparse=1"), []byte("GNU.sparse.majo=1"), 1) // as long as before
		refused(t, "pets.tar", data, `member "train/a/1.png": a file with holes`)
	}
	gnu := tarOf(t, &tar.Header{Name: "train/a/1.png", Typeflag: tar.TypeReg, Format: tar.FormatGNU})
	gnu[156] = tar.TypeGNUSparse
	fixTarChecksum(gnu)
	refused(t, "pets.tar", gnu, "train/a/1.png", "a file with holes")

	// A member larger than any image, in the header and in fact.
	huge := tarOf(t, &tar.Header{Name: "train/a/1.png", Typeflag: tar.TypeReg, Size: 2048})
	copy(huge[124:136], "77777777777\x00") // 8 GiB
	fixTarChecksum(huge)
	refused(t, "pets.tar", huge, "pets.tar", "unexpected EOF")

	// A bomb in gzip: a gigabyte of zeros in a megabyte.
	var bomb bytes.Buffer
	w := tar.NewWriter(&bomb)
	for i := range 4 {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("train/a/%d.bin", i), Typeflag: tar.TypeReg, Size: 40 << 20}))
		_, err := io.CopyN(w, zeros{}, 40<<20)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	refused(t, "pets.tgz", gzipped(t, bomb.Bytes()), "over 200 times its own", "made to exhaust")

	// The same in zip: every member fine by itself, and the archive's size told apart from what it unpacks to.
	padded := append(colourPNG(t, 8, 8, 1), make([]byte, 30<<20)...)
	files := map[string][]byte{}
	for i := range 10 {
		files[fmt.Sprintf("%s/%s/%d.png", []string{"train", "test"}[i%2], []string{"a", "b"}[i/5], i)] = padded
	}
	file := archive(t, "pets.zip", zipOf(t, files, func(*zip.FileHeader) {}))
	_, err := Open(file, Options{Threads: 1})
	require.ErrorContains(t, err, "pets: ")
	require.ErrorContains(t, err, "over 200 times its own")
}

func fixTarChecksum(block []byte) {
	copy(block[148:156], "        ")
	sum := 0
	for _, b := range block[:512] {
		sum += int(b)
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

// Zip files whose directory lies about sizes, or whose members share their bytes.
func TestHostileZipDirectoriesAreRefused(t *testing.T) {
	image := colourPNG(t, 8, 8, 1)
	files := map[string][]byte{"train/a/1.png": image, "test/a/2.png": image}
	whole := zipOf(t, files, func(*zip.FileHeader) {})
	central := bytes.Index(whole, []byte("PK\x01\x02"))
	lie := func(at int, value uint32) []byte {
		data := slices.Clone(whole)
		binary.LittleEndian.PutUint32(data[central+at:], value)
		return data
	}
	refused(t, "pets.zip", lie(24, 10), "test/a/2.png", "damaged")                              // unpacked size: less than there is
	refused(t, "pets.zip", lie(24, 1<<31), "test/a/2.png", "2,147,483,648 bytes: need at most") // more than an image has
	refused(t, "pets.zip", lie(24, 1<<20), "test/a/2.png", "damaged")                           // more than there is
	refused(t, "pets.zip", lie(20, 5), "test/a/2.png", "damaged")                               // packed size: too little
	refused(t, "pets.zip", lie(16, 0), "test/a/2.png", "checksum")                              // CRC-32
	refused(t, "pets.zip", lie(42, 1<<30), "test/a/2.png")                                      // where it begins: behind the end
	refused(t, "pets.zip", lie(8, 1|8<<16), "test/a/2.png: encrypted")                          // flags: encrypted

	// Ten thousand entries that all lead to one member of 4 MiB: 40 GiB out of 50 KB.
	var kernel bytes.Buffer
	pack, err := flate.NewWriter(&kernel, 9)
	require.NoError(t, err)
	padded := append(slices.Clone(image), make([]byte, 4<<20)...)
	_, err = pack.Write(padded)
	require.NoError(t, err)
	require.NoError(t, pack.Close())
	refused(t, "pets.zip", overlapping(kernel.Bytes(), padded, 10_000), "over 200 times its own")

	end := slices.Clone(whole) // the directory announces 60,000 members, and there are two
	copy(end[len(end)-14:], "\x60\xea\x60\xea")
	refused(t, "pets.zip", end, "pets.zip", "not a whole zip archive")
}

// overlapping is a zip whose n entries share one member's bytes.
func overlapping(packed, plain []byte, n int) []byte {
	var out []byte
	header := func(signature string, name string, central bool) {
		out = append(out, signature...)
		if central {
			out = append(out, 20, 0)
		}
		out = append(out, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0)
		out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(plain))
		out = binary.LittleEndian.AppendUint32(out, uint32(len(packed)))
		out = binary.LittleEndian.AppendUint32(out, uint32(len(plain)))
		out = binary.LittleEndian.AppendUint16(out, uint16(len(name)))
		out = append(out, 0, 0)
		if central {
			out = append(out, make([]byte, 14)...) // comment, disk, attributes, offset 0
		}
		out = append(out, name...)
	}
	header("PK\x03\x04", "train/a/0.png", false)
	out = append(out, packed...)
	at := len(out)
	for i := range n {
		header("PK\x01\x02", fmt.Sprintf("%s/a/%d.png", []string{"train", "test"}[i%2], i), true)
	}
	size := len(out) - at
	out = append(out, "PK\x05\x06\x00\x00\x00\x00"...)
	out = binary.LittleEndian.AppendUint16(out, uint16(n))
	out = binary.LittleEndian.AppendUint16(out, uint16(n))
	out = binary.LittleEndian.AppendUint32(out, uint32(size))
	out = binary.LittleEndian.AppendUint32(out, uint32(at))
	return append(out, 0, 0)
}

func TestHostileImagesAreRefused(t *testing.T) {
	check := func(file string, data []byte, want string) {
		t.Helper()
		files := imageTree(t)
		files[file] = data
		refused(t, "pets.zip", zipped(t, files), file, want)
	}
	// 8000x8000 pixels of 16-bit colour: 512 MB for a file of 100 bytes.
	png := colourPNG(t, 8, 8, 0)
	binary.BigEndian.PutUint32(png[16:], 8000)
	binary.BigEndian.PutUint32(png[20:], 8000)
	png[24] = 16
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(png[12:29]))
	check("train/cat/04.png", png, "8000x8000 pixels in a file of")

	jpeg := jpegOf(t, 8, 0)
	at := bytes.Index(jpeg, []byte("\xff\xc0"))
	require.Positive(t, at)
	copy(jpeg[at+5:], "\x1f\x40\x1f\x40")
	check("test/dog/b.jpg", jpeg, "8000x8000 pixels in a file of")
	copy(jpeg[at+5:], "\xff\xff\xff\xff")
	check("test/dog/b.jpg", jpeg, "65535x65535 pixels: need 1 to 67,108,864 in all")

	scans := jpegOf(t, 8, 0)
	for range maxScans + 1 {
		scans = append(scans, "\xff\xda"...)
	}
	check("test/dog/b.jpg", scans, "202 scans: need at most 200")

	var frames bytes.Buffer
	g := &gif.GIF{}
	for range 1000 {
		g.Image, g.Delay = append(g.Image, image.NewPaletted(image.Rect(0, 0, 8, 8), palette.Plan9)), append(g.Delay, 1)
	}
	require.NoError(t, gif.EncodeAll(&frames, g))
	check("train/cat/04.png", frames.Bytes(), "starts with 47 49 46 38")
	check("train/cat/04.gif", frames.Bytes(), "only PNG and JPEG images are read")
}

// Pipes and devices in a folder would make a reader wait for ever.
func TestHostileFoldersAreRefused(t *testing.T) {
	dir := write(t, "pets", imageTree(t))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(dir, "train", "cat", "zero.png")))
	_, err := Open(dir, Options{})
	require.ErrorContains(t, err, `pets: member "train/cat/zero.png": a device`)
}

// Any bytes of an archive may be wrong: it is an error, or a set that passes its own checks.
func TestDamagedArchivesNeverBecomeSets(t *testing.T) {
	files := imageTree(t)
	names := slices.Sorted(maps.Keys(files))
	want, err := Open(archive(t, "pets.zip", zipped(t, files)), Options{})
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		name, data := "pets.zip", zipped(t, files)
		if random.IntN(2) == 0 {
			name, data = "pets.tgz", gzipped(t, tarball(t, names, files))
		}
		for range 1 + random.IntN(3) {
			data[random.IntN(len(data))] ^= 1 << random.IntN(8)
		}
		s, err := Open(archive(t, name, data), Options{Threads: 1})
		if err != nil {
			require.Contains(t, err.Error(), "pets")
			continue
		}
		require.NoError(t, s.check())
		if name == "pets.tgz" { // zip has no checksum over its directory, and so over names
			require.Equal(t, want.SHA256, s.SHA256)
		}
	}
}
