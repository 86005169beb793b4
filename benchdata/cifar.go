package benchdata

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	cifarSide   = 32
	cifarPixels = cifarSide * cifarSide
)

// A cifarLayout is one of the two official binary forms. A record is labelBytes labels, the
// last of which counts (CIFAR-100 puts a coarse one before it), and then the red, the
// green and the blue plane of 32x32 bytes.
type cifarLayout struct {
	labelBytes int
	classes    int
	train      []string // file names
	test       string
	names      string // file with a class name a line
}

var (
	cifar10Layout = cifarLayout{
		labelBytes: 1, classes: 10,
		train: []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
		test:  "test_batch.bin", names: "batches.meta.txt",
	}
	cifar100Layout = cifarLayout{
		labelBytes: 2, classes: 100,
		train: []string{"train.bin"}, test: "test.bin", names: "fine_label_names.txt",
	}
)

// cifarLayoutOf tells from file names which layout it is, nil for neither.
func cifarLayoutOf(has func(name string) bool) *cifarLayout {
	switch {
	case has("data_batch_1.bin"):
		return &cifar10Layout
	case has("train.bin") && has("test.bin"):
		return &cifar100Layout
	}
	return nil
}

// readCIFAR reads records to the end of the file.
func (l *cifarLayout) readCIFAR(r io.Reader) (Split, error) {
	var s Split
	record := make([]byte, l.labelBytes+3*cifarPixels)
	for i := 0; ; i++ {
		n, err := io.ReadFull(r, record)
		if err == io.EOF {
			if i == 0 {
				return s, errors.New("empty: need records of " + thousands(len(record)) + " bytes")
			}
			return s, nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return s, fmt.Errorf("truncated: record %d ends after %s of %s bytes", i, thousands(n), thousands(len(record)))
		}
		if err != nil {
			return s, fmt.Errorf("record %d: %w", i, err)
		}
		if len(s.Images) > maxTensorBytes {
			return s, fmt.Errorf("more than %s bytes", thousands(int64(maxTensorBytes)))
		}
		label := int(record[l.labelBytes-1])
		if label >= l.classes {
			return s, fmt.Errorf("record %d: label %d: need 0 to %d; is this the official binary version?", i, label, l.classes-1)
		}
		s.Labels = append(s.Labels, int32(label))
		planes := record[l.labelBytes:]
		for p := range cifarPixels {
			s.Images = append(s.Images, planes[p], planes[cifarPixels+p], planes[2*cifarPixels+p])
		}
	}
}

// A cifarReader collects the files of a layout in whatever order they come.
type cifarReader struct {
	layout *cifarLayout
	pins   map[string]string // SHA-256 of a file, by its name
	splits map[string]Split
	bytes  int // of all splits
	names  []string
}

// take reads the file if it is one of the set's.
func (c *cifarReader) take(name string, r io.Reader) error {
	if name == c.layout.names {
		return c.takeNames(name, r)
	}
	wanted := name == c.layout.test
	for _, t := range c.layout.train {
		wanted = wanted || name == t
	}
	if !wanted {
		return nil
	}
	check := newPinned(bufio.NewReaderSize(r, 1<<18), c.pins[name])
	if _, twice := c.splits[name]; twice {
		return fmt.Errorf("%s: there twice", name)
	}
	s, err := c.layout.readCIFAR(check)
	if err == nil {
		err = check.verify()
	}
	if c.bytes += len(s.Images); err == nil && c.bytes > maxTensorBytes {
		err = fmt.Errorf("with the files before more than %s bytes", thousands(int64(maxTensorBytes)))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.splits[name] = s
	return nil
}

func (c *cifarReader) takeNames(name string, r io.Reader) error {
	lines := bufio.NewScanner(io.LimitReader(r, 1<<16))
	for lines.Scan() {
		if lines.Text() != "" {
			c.names = append(c.names, lines.Text())
		}
	}
	if len(c.names) != c.layout.classes {
		return fmt.Errorf("%s: %d class names: need %d", name, len(c.names), c.layout.classes)
	}
	return lines.Err()
}

// set puts the files together.
func (c *cifarReader) set(name, where string, side int) (*Set, error) {
	s := &Set{Name: name, Channels: 3, Classes: c.layout.classes, ClassNames: c.names, FlipOK: true}
	for i := len(s.ClassNames); i < s.Classes; i++ {
		s.ClassNames = append(s.ClassNames, strconv.Itoa(i))
	}
	for _, file := range append(c.layout.train[:len(c.layout.train):len(c.layout.train)], c.layout.test) {
		part, ok := c.splits[file]
		if !ok {
			return nil, fmt.Errorf("%s: no %s in %s: need the official binary version", name, file, where)
		}
		delete(c.splits, file)
		images, got, err := squares(part.Images, cifarSide, cifarSide, 3, side)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.Side = got
		to := &s.Train
		if file == c.layout.test {
			to = &s.Test
		}
		to.Images = append(to.Images, images...)
		to.Labels = append(to.Labels, part.Labels...)
	}
	s.holdOutMissing()
	return s, s.finish()
}

// openCIFARFolder reads the unpacked binary version.
func openCIFARFolder(name, dir string, layout *cifarLayout, side int, pins map[string]string) (*Set, error) {
	c := &cifarReader{layout: layout, pins: pins, splits: map[string]Split{}}
	for _, file := range append([]string{layout.names, layout.test}, layout.train...) {
		f, err := os.Open(filepath.Join(dir, file))
		if errors.Is(err, os.ErrNotExist) {
			continue // set says which one is missing
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		err = c.take(file, f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c.set(name, dir, side)
}

// openCIFARTar reads the binary version as it is distributed.
func openCIFARTar(name, file string, layout *cifarLayout, side int, pins map[string]string) (*Set, error) {
	c := &cifarReader{layout: layout, pins: pins, splits: map[string]Split{}}
	err := eachTarFile(file, func(member string, r io.Reader) error { return c.take(path.Base(member), r) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c.set(name, file, side)
}

// cifarTarLayout tells from the members' names whether the archive is CIFAR's.
func cifarTarLayout(file string) (*cifarLayout, error) {
	seen := map[string]bool{}
	err := eachTarFile(file, func(member string, _ io.Reader) error {
		if strings.HasSuffix(member, ".bin") {
			seen[path.Base(member)] = true
		}
		return nil
	})
	return cifarLayoutOf(func(name string) bool { return seen[name] }), err
}
