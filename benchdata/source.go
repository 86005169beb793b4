package benchdata

import (
	"fmt"
	"io"
	"io/fs"
	"path"
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

// A roster checks the members' names of an archive as they come.
type roster struct{ members, bytes int }

// add returns the name of one more member, cleaned, or refuses it.
func (r *roster) add(name string) (string, error) {
	r.members++
	r.bytes += len(name)
	switch {
	case r.members > maxMembers:
		return "", fmt.Errorf("more than %s members", thousands(maxMembers))
	case len(name) > maxNameBytes:
		return "", fmt.Errorf("member %.60q...: a path of %s bytes: need at most %s", name, thousands(len(name)), thousands(maxNameBytes))
	case r.bytes > maxListBytes:
		return "", fmt.Errorf("member %.60q: all paths together have more than %s bytes", name, thousands(maxListBytes))
	}
	clean, err := cleanMember(name)
	if err == nil && strings.Count(clean, "/") > maxDepth {
		return "", fmt.Errorf("member %.60q: more than %d directories deep", name, maxDepth)
	}
	return clean, err
}

// irregular refuses a member, or a file, that is neither a file nor a directory.
func irregular(name string, mode fs.FileMode) error {
	kind := "a special file"
	switch {
	case mode&fs.ModeSymlink != 0:
		kind = "a symbolic link"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	}
	return fmt.Errorf("member %q: %s: need files and directories only; pack what it leads to (tar -h, zip without -y), or take it out", name, kind)
}

// cleanMember refuses paths that an archive has no business with.
func cleanMember(name string) (string, error) {
	clean := path.Clean(strings.TrimSuffix(name, "/"))
	if strings.ContainsAny(name, "\\\x00") || !fs.ValidPath(clean) || slices.Contains(strings.Split(name, "/"), "..") {
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
