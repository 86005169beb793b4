package benchdata

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A tarSource reads a tar archive, gzipped or not, from its start each time.
type tarSource struct{ file string }

func (s *tarSource) Close() error { return nil }

// eachTarFile calls visit for each regular file of the archive.
func eachTarFile(file string, visit func(name string, r io.Reader) error) error {
	return eachTarMember(file, func(h *tar.Header, name string, r io.Reader) error {
		if h.Typeflag != tar.TypeReg {
			return nil
		}
		return visit(name, r)
	})
}

func eachTarMember(file string, visit func(h *tar.Header, name string, r io.Reader) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := newBudget(file)
	if err != nil {
		return err
	}
	plain, err := gunzip(bufio.NewReaderSize(f, 1<<18))
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	var all roster
	t := tar.NewReader(b.reader(plain))
	for n := 0; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			if _, err := io.Copy(io.Discard, b.reader(plain)); err != nil { // the checksum of gzip comes last
				return fmt.Errorf("%s: damaged behind %d members: %w", filepath.Base(file), n, err)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: damaged after %d members: %w", filepath.Base(file), n, err)
		}
		name, err := all.add(h.Name)
		if err != nil {
			return err
		}
		if err := checkTarMember(name, h); err != nil {
			return err
		}
		if err := visit(h, name, t); err != nil {
			return err
		}
	}
}

// checkTarMember refuses what is neither file nor directory, and files with holes: those take no space in the
// archive, however long they say they are.
func checkTarMember(name string, h *tar.Header) error {
	sparse := h.Typeflag == tar.TypeGNUSparse
	for key := range h.PAXRecords {
		sparse = sparse || strings.HasPrefix(key, "GNU.sparse.")
	}
	switch {
	case sparse:
		return fmt.Errorf("member %q: a file with holes: pack it without --sparse", name)
	case h.Typeflag == tar.TypeXGlobalHeader:
		return nil // holds no file
	case h.Typeflag == tar.TypeLink:
		return fmt.Errorf("member %q: a hard link to another: pack with --hard-dereference, or take it out", name)
	case h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir:
		return irregular(name, h.FileInfo().Mode())
	}
	return nil
}

func (s *tarSource) list() (files, dirs []string, err error) {
	seen := map[string]bool{}
	err = eachTarMember(s.file, func(h *tar.Header, name string, r io.Reader) error {
		switch {
		case h.Typeflag == tar.TypeDir && name != ".":
			dirs = append(dirs, name)
		case h.Typeflag == tar.TypeReg && seen[name]:
			return fmt.Errorf("member %s: there twice", name)
		case h.Typeflag == tar.TypeReg:
			seen[name] = true
			files = append(files, name)
		}
		return nil
	})
	return files, dirs, err
}

// errEnough ends a pass over a tar archive when every wanted file has been read.
var errEnough = errors.New("enough")

// read passes members through one reader to the goroutines that visit them.
func (s *tarSource) read(wanted []string, threads int, visit func(string, []byte) error) error {
	type job struct {
		name string
		data []byte
	}
	sorted := slices.Sorted(slices.Values(wanted))
	jobs := make(chan job)
	failed := make(chan struct{})
	var once sync.Once
	var firstErr error
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for j := range jobs {
				if err := visit(j.name, j.data); err != nil {
					once.Do(func() { firstErr = err; close(failed) })
					return
				}
			}
		})
	}
	left := len(sorted)
	err := eachTarFile(s.file, func(name string, r io.Reader) error {
		if _, ok := slices.BinarySearch(sorted, name); !ok {
			return nil
		}
		data, err := readMember(name, r)
		if err != nil {
			return err
		}
		select {
		case jobs <- job{name, data}:
		case <-failed:
			return errEnough
		}
		if left--; left == 0 {
			return errEnough
		}
		return nil
	})
	close(jobs)
	wg.Wait()
	if firstErr != nil {
		return firstErr
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
