package benchdata

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzReaders hands any bytes to each parser: it must return a set that passes its own
// checks, or an error, and neither panic nor take memory that the input doesn't justify.
func FuzzReaders(f *testing.F) {
	f.Add(uint8(0), idx(ramp(64), 1, 8, 8))
	f.Add(uint8(1), cifarRecords(2, 1, 10))
	f.Add(uint8(2), cifarRecords(2, 2, 100))
	files := imageTree(f) // small: the fuzzer's minimizing of large inputs takes its whole time
	names := []string{"train/", "train/cat/00.png", "train/dog/01.png", "test/dog/b.jpg", "test/cat/a.png"}
	f.Add(uint8(3), zipped(f, files))
	f.Add(uint8(4), tarball(f, names, files))
	f.Add(uint8(4), gzipped(f, tarball(f, names, files)))
	f.Add(uint8(5), files["test/cat/a.png"])
	f.Add(uint8(5), files["test/dog/b.jpg"])
	f.Add(uint8(6), []byte("train/a/1.png\ntest/a/1.png\ntrain/b/1.png"))
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		switch kind % 7 {
		case 0:
			a, err := readIDX(bytes.NewReader(data), 3)
			if err == nil && len(a.data) != a.dims[0]*a.dims[1]*a.dims[2] {
				t.Fatalf("%d bytes for dimensions %v", len(a.data), a.dims)
			}
		case 1, 2:
			layout := []*cifarLayout{&cifar10Layout, &cifar100Layout}[kind%7-1]
			s, err := layout.readCIFAR(bytes.NewReader(data))
			if err == nil && len(s.Images) != s.Len()*3*cifarPixels {
				t.Fatalf("%d bytes for %d labels", len(s.Images), s.Len())
			}
		case 3, 4:
			file := filepath.Join(t.TempDir(), []string{"x.zip", "x.tar"}[kind%7-3])
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if s, err := Open(file, Options{Threads: 1}); err == nil && s.check() != nil {
				t.Fatal(s.check())
			}
		case 5:
			if p, err := decodePicture(data); err == nil && len(p.pix) != 3*p.h*p.w {
				t.Fatalf("%d bytes for %dx%d", len(p.pix), p.w, p.h)
			}
		case 6:
			p, err := makePlan(strings.Split(string(data), "\n"), nil)
			if err != nil {
				return
			}
			for _, split := range p.splits {
				for _, image := range split {
					if int(image.label) >= len(p.classes) || !strings.Contains(image.path, p.classes[image.label]) {
						t.Fatalf("%q has label %d of %q", image.path, image.label, p.classes)
					}
				}
			}
		}
	})
}
