package benchdata

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A source is a folder or an archive of image files.
type source interface {
	// list returns all files, in the source's own order, and all directories.
	list() (files, dirs []string, err error)
	// read calls visit for each of the wanted files, from up to threads goroutines, in
	// any order. The first error ends it. Data is valid during the call only.
	read(wanted []string, threads int, visit func(file string, data []byte) error) error
	io.Closer
}

var (
	_ source = (*folderSource)(nil)
	_ source = (*zipSource)(nil)
	_ source = (*tarSource)(nil)
)

// cleanMember refuses paths that an archive has no business with.
func cleanMember(name string) (string, error) {
	clean := path.Clean(strings.TrimSuffix(name, "/"))
	if strings.ContainsAny(name, "\\\x00") || path.IsAbs(name) || !fs.ValidPath(clean) {
		return "", fmt.Errorf("member %q: need a path inside the archive, parted by slashes", name)
	}
	return clean, nil
}

// readMember reads a file of at most maxMemberBytes.
func readMember(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxMemberBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: damaged after %s bytes: %w", name, thousands(len(data)), err)
	}
	if len(data) > maxMemberBytes {
		return nil, fmt.Errorf("%s: more than %s bytes: too large for an image", name, thousands(maxMemberBytes))
	}
	return data, nil
}

// each runs visit(0..n-1) on up to threads goroutines and returns the error of the
// smallest index that failed.
func each(n, threads int, visit func(i int) error) error {
	var next atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	firstBad, firstErr := n, error(nil)
	for range min(threads, n) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := visit(i); err != nil {
					mu.Lock()
					if i < firstBad {
						firstBad, firstErr = i, err
					}
					mu.Unlock()
					next.Store(int64(n))
				}
			}
		})
	}
	wg.Wait()
	return firstErr
}

// A folderSource reads a directory. Links are followed.
type folderSource struct{ root string }

func (s *folderSource) Close() error { return nil }

func (s *folderSource) list() (files, dirs []string, err error) {
	err = s.walk("", 0, &files, &dirs)
	return files, dirs, err
}

func (s *folderSource) walk(dir string, depth int, files, dirs *[]string) error {
	if depth > maxDepth {
		return fmt.Errorf("%s: more than %d directories deep: is there a link to a directory above it?", dir, maxDepth)
	}
	entries, err := os.ReadDir(filepath.Join(s.root, filepath.FromSlash(dir)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := os.Stat(s.file(name))
			if err != nil {
				return err
			}
			isDir = info.IsDir()
		}
		if len(*files)+len(*dirs) >= maxMembers {
			return fmt.Errorf("more than %s files", thousands(maxMembers))
		}
		if !isDir {
			*files = append(*files, name)
			continue
		}
		*dirs = append(*dirs, name)
		if isHidden(e.Name()) {
			continue
		}
		if err := s.walk(name, depth+1, files, dirs); err != nil {
			return err
		}
	}
	return nil
}

func (s *folderSource) file(name string) string {
	return filepath.Join(s.root, filepath.FromSlash(name))
}

func (s *folderSource) read(wanted []string, threads int, visit func(string, []byte) error) error {
	return each(len(wanted), threads, func(i int) error {
		f, err := os.Open(s.file(wanted[i]))
		if err != nil {
			return err
		}
		defer f.Close()
		data, err := readMember(wanted[i], f)
		if err != nil {
			return err
		}
		return visit(wanted[i], data)
	})
}

// A zipSource reads members of a zip archive wherever they lie.
type zipSource struct {
	z       *zip.ReadCloser
	members map[string]*zip.File
}

func openZip(file string) (*zipSource, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: not a whole zip archive: %w", filepath.Base(file), err)
	}
	return &zipSource{z: z}, nil
}

func (s *zipSource) Close() error { return s.z.Close() }

func (s *zipSource) list() (files, dirs []string, err error) {
	if len(s.z.File) > maxMembers {
		return nil, nil, fmt.Errorf("%s members: need at most %s", thousands(len(s.z.File)), thousands(maxMembers))
	}
	s.members = make(map[string]*zip.File, len(s.z.File))
	for _, m := range s.z.File {
		name, err := cleanMember(m.Name)
		if err != nil {
			return nil, nil, err
		}
		if m.Mode().IsDir() {
			dirs = append(dirs, name)
			continue
		}
		if s.members[name] != nil {
			return nil, nil, fmt.Errorf("member %s: there twice", name)
		}
		s.members[name] = m
		files = append(files, name)
	}
	return files, dirs, nil
}

func (s *zipSource) read(wanted []string, threads int, visit func(string, []byte) error) error {
	return each(len(wanted), threads, func(i int) error {
		r, err := s.members[wanted[i]].Open()
		if err != nil {
			return fmt.Errorf("%s: %w", wanted[i], err)
		}
		defer r.Close()
		data, err := readMember(wanted[i], r)
		if err != nil {
			return err
		}
		return visit(wanted[i], data)
	})
}

// A tarSource reads a tar archive, gzipped or not, from its start each time.
type tarSource struct{ file string }

func (s *tarSource) Close() error { return nil }

// eachTarFile calls visit for each regular file of the archive.
func eachTarFile(file string, visit func(name string, size int64, r io.Reader) error) error {
	return eachTarMember(file, func(h *tar.Header, name string, r io.Reader) error {
		if h.Typeflag != tar.TypeReg {
			return nil
		}
		return visit(name, h.Size, r)
	})
}

func eachTarMember(file string, visit func(h *tar.Header, name string, r io.Reader) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	plain, err := gunzip(bufio.NewReaderSize(f, 1<<18))
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	t := tar.NewReader(plain)
	for n := 0; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: damaged after %d members: %w", filepath.Base(file), n, err)
		}
		if n >= maxMembers {
			return fmt.Errorf("%s: more than %s members", filepath.Base(file), thousands(maxMembers))
		}
		name, err := cleanMember(h.Name)
		if err != nil {
			return err
		}
		if err := visit(h, name, t); err != nil {
			return err
		}
	}
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
	err := eachTarFile(s.file, func(name string, _ int64, r io.Reader) error {
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
