package benchdata

import (
	"fmt"
	"io"
	"io/fs"
	"path"
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
	if strings.ContainsAny(name, "\\\x00") || !fs.ValidPath(clean) {
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
