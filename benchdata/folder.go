package benchdata

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

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
		kind := e.Type()
		if kind&fs.ModeSymlink != 0 {
			info, err := os.Stat(s.file(name))
			if err != nil {
				return err
			}
			kind = info.Mode()
		}
		isDir := kind.IsDir()
		if !isDir && !kind.IsRegular() && !isHidden(name) {
			return irregular(name, kind) // to read a pipe is to wait for ever
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
