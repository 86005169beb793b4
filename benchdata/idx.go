package benchdata

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// An idxArray is the contents of an IDX file of unsigned bytes.
type idxArray struct {
	dims []int
	data []byte
}

// readIDX reads a whole IDX file of unsigned bytes: two zero bytes, the type 8, the
// number of dimensions, each dimension as a big-endian 32-bit number, the data, and
// nothing more.
func readIDX(r io.Reader, dimensions int) (idxArray, error) {
	var magic [4]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return idxArray{}, fmt.Errorf("no IDX header: %w", short(err))
	}
	if want := [4]byte{0, 0, 8, byte(dimensions)}; magic != want {
		return idxArray{}, fmt.Errorf("starts with % x: need % x, an IDX file of bytes with %d dimensions", magic[:], want[:], dimensions)
	}
	var a idxArray
	total := int64(1)
	for range dimensions {
		var d [4]byte
		if _, err := io.ReadFull(r, d[:]); err != nil {
			return idxArray{}, fmt.Errorf("truncated in its header: %w", short(err))
		}
		n := int64(binary.BigEndian.Uint32(d[:]))
		a.dims = append(a.dims, int(n))
		if n == 0 || total > maxTensorBytes/n {
			return idxArray{}, fmt.Errorf("header announces dimensions %v: need 1 to %s bytes", a.dims, thousands(int64(maxTensorBytes)))
		}
		total *= n
	}
	data, err := readBounded(r, total)
	if err != nil {
		return idxArray{}, err
	}
	a.data = data
	var extra [1]byte
	switch n, err := io.ReadFull(r, extra[:]); {
	case n != 0:
		return idxArray{}, fmt.Errorf("goes on after the %s bytes its header announces", thousands(total))
	case err != io.EOF:
		return idxArray{}, err
	}
	return a, nil
}

// readBounded reads exactly total bytes. Memory grows with what arrives, not with what a
// header announces.
func readBounded(r io.Reader, total int64) ([]byte, error) {
	const step = 1 << 20
	data := make([]byte, 0, min(total, step))
	for int64(len(data)) < total {
		have := len(data)
		want := int(min(total-int64(have), int64(max(step, have))))
		data = append(data, make([]byte, want)...)
		n, err := io.ReadFull(r, data[have:])
		if err != nil {
			if errors.Is(short(err), io.ErrUnexpectedEOF) {
				return nil, fmt.Errorf("truncated after %s of %s bytes", thousands(have+n), thousands(total))
			}
			return nil, fmt.Errorf("after %s of %s bytes: %w", thousands(have+n), thousands(total), err)
		}
	}
	return data, nil
}

// short makes the end of a file in the wrong place an ErrUnexpectedEOF.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// idxNames are the names an IDX file goes by, for part train or t10k and kind images or labels.
func idxNames(part, kind string) []string {
	dims := map[string]string{"images": "3", "labels": "1"}[kind]
	var names []string
	for _, sep := range []string{"-", "."} {
		name := part + "-" + kind + sep + "idx" + dims + "-ubyte"
		names = append(names, name, name+".gz")
	}
	return names
}

// hasIDX says whether the folder holds MNIST-like files.
func hasIDX(dir string) bool {
	for _, name := range idxNames("train", "images") {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// openIDX reads the four files of an MNIST-like folder. With pins, each file's
// uncompressed contents must have the SHA-256 that stands under its name.
func openIDX(name, dir string, side int, pins map[string]string) (*Set, error) {
	s := &Set{Name: name, Channels: 1}
	for _, part := range []struct {
		prefix string
		split  *Split
	}{{"train", &s.Train}, {"t10k", &s.Test}} {
		images, file, err := openIDXFile(dir, part.prefix, "images", pins)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		labels, labelFile, err := openIDXFile(dir, part.prefix, "labels", pins)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		n, h, w := images.dims[0], images.dims[1], images.dims[2]
		if labels.dims[0] != n {
			return nil, fmt.Errorf("%s: %s has %s labels for the %s images of %s: the files don't belong together",
				name, labelFile, thousands(labels.dims[0]), thousands(n), file)
		}
		split := Split{Labels: make([]int32, n)}
		for i, l := range labels.data {
			split.Labels[i] = int32(l)
			s.Classes = max(s.Classes, int(l)+1)
		}
		var got int
		if split.Images, got, err = squares(images.data, h, w, 1, side); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, file, err)
		}
		if s.Side != 0 && got != s.Side {
			return nil, fmt.Errorf("%s: %s: images of %dx%d where the training images have %dx%d", name, file, got, got, s.Side, s.Side)
		}
		*part.split = split
		s.Side = got
	}
	for i := range s.Classes {
		s.ClassNames = append(s.ClassNames, strconv.Itoa(i))
	}
	s.holdOutMissing()
	return s, s.finish()
}

func openIDXFile(dir, part, kind string, pins map[string]string) (a idxArray, file string, err error) {
	names := idxNames(part, kind)
	dims := map[string]int{"images": 3, "labels": 1}[kind]
	for _, file := range names {
		f, err := os.Open(filepath.Join(dir, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return a, file, err
		}
		defer f.Close()
		b, err := newBudget(f.Name())
		if err != nil {
			return a, file, err
		}
		r, err := gunzip(bufio.NewReaderSize(f, 1<<16))
		if err != nil {
			return a, file, fmt.Errorf("%s: %w", file, err)
		}
		check := newPinned(b.reader(r), pins[names[0]])
		if a, err = readIDX(check, dims); err == nil {
			err = check.verify()
		}
		if err != nil {
			return a, file, fmt.Errorf("%s: %w", file, err)
		}
		return a, file, nil
	}
	return a, names[0], notThereF("%s: no file of this name in %s, with .gz or without", names[0], dir)
}

// gunzip unpacks what begins as gzip does and passes on everything else.
func gunzip(r *bufio.Reader) (io.Reader, error) {
	if head, _ := r.Peek(2); string(head) != "\x1f\x8b" {
		return r, nil
	}
	return gzip.NewReader(r)
}
