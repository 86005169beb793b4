package benchdata

import (
	"archive/zip"
	"fmt"
	"path/filepath"
)

// A zipSource reads members of a zip archive wherever they lie.
type zipSource struct {
	z       *zip.ReadCloser
	budget  *budget // of all that is read of it
	members map[string]*zip.File
}

func openZip(file string) (*zipSource, error) {
	b, err := newBudget(file)
	if err != nil {
		return nil, err
	}
	z, err := zip.OpenReader(file) // its memory is a small multiple of the file's size: a member takes 46 bytes there
	if err != nil {
		return nil, fmt.Errorf("%s: not a whole zip archive: %w", filepath.Base(file), err)
	}
	return &zipSource{z: z, budget: b}, nil
}

func (s *zipSource) Close() error { return s.z.Close() }

func (s *zipSource) list() (files, dirs []string, err error) {
	var all roster
	s.members = make(map[string]*zip.File, len(s.z.File))
	for _, m := range s.z.File {
		name, err := all.add(m.Name)
		if err != nil {
			return nil, nil, err
		}
		if m.Mode().IsDir() {
			dirs = append(dirs, name)
			continue
		}
		if !m.Mode().IsRegular() {
			return nil, nil, irregular(name, m.Mode())
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
		m := s.members[wanted[i]]
		if m.Flags&1 != 0 {
			return fmt.Errorf("%s: encrypted: pack it without a password", wanted[i])
		}
		if m.UncompressedSize64 > maxMemberBytes {
			return fmt.Errorf("%s: %s bytes: need at most %s for an image", wanted[i], thousands(int64(min(m.UncompressedSize64, 1<<62))), thousands(maxMemberBytes))
		}
		r, err := m.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", wanted[i], err)
		}
		defer r.Close()
		data, err := readMember(wanted[i], s.budget.reader(r))
		if err != nil {
			return err
		}
		return visit(wanted[i], data)
	})
}
