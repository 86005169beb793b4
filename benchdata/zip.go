package benchdata

import (
	"archive/zip"
	"fmt"
	"path/filepath"
)

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
