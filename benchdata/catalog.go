package benchdata

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Info describes a set that is known by name.
type Info struct {
	Name     string
	Title    string
	Side     int
	Channels int
	Classes  int
	// Train, Val and Test are numbers of images.
	Train, Val, Test int
	FlipOK           bool

	Licence  string
	Source   string // where it comes from
	Citation string

	// Files are what [Fetch] downloads; none for the embedded set.
	Files []File
	// SHA256 is that of the decoded tensors ([Set.Hash]) as this program splits them; ""
	// where it hasn't been computed from the official files.
	SHA256 string
}

// A File is one file of a public set at its official address.
type File struct {
	Name   string
	URL    string
	Bytes  int64
	SHA256 string
}

// Bytes is the size of the download.
func (i Info) Bytes() int64 {
	var n int64
	for _, f := range i.Files {
		n += f.Bytes
	}
	return n
}

// A description is an Info and how to open the set.
type description struct {
	Info
	// elsewhere are folders where a system's packages put the files.
	elsewhere []string
	// pins are SHA-256 of the files' uncompressed contents.
	pins map[string]string
	// open reads the set from a folder; fs.ErrNotExist where the files aren't there.
	open func(d *description, dir string, opt Options) (*Set, error)
}

// catalog lists the known sets in the order they are shown.
func catalog() []*description {
	return []*description{&glyphsDescription, &fashionMNIST, &cifar10, &cifar100}
}

// List returns the known sets, the embedded one first.
func List() []Info {
	var infos []Info
	for _, d := range catalog() {
		infos = append(infos, d.Info)
	}
	return infos
}

// Describe returns what is known of the set of that name. An unknown name is an error
// that lists the known ones.
func Describe(name string) (Info, error) {
	if d := lookup(name); d != nil {
		return d.Info, nil
	}
	return Info{}, unknown(name)
}

// Locate returns the folder that holds the files of a known set, where [Open] would find
// them: below dir ("" is [CacheDir]) or where a system package puts them. It returns "" if
// they are nowhere, and for the embedded set.
func Locate(name, dir string) (string, error) {
	d := lookup(name)
	if d == nil {
		return "", unknown(name)
	}
	places, err := d.places(dir)
	if err != nil {
		return "", err
	}
	for _, place := range places {
		if len(d.Files) > 0 && d.present(place) {
			return place, nil
		}
	}
	return "", nil
}

func unknown(name string) error {
	return notThereF("%s: not a known data set: need one of %s", name, strings.Join(names(), ", "))
}

func lookup(name string) *description {
	for _, d := range catalog() {
		if d.Name == name {
			return d
		}
	}
	return nil
}

func names() []string {
	var all []string
	for _, d := range catalog() {
		all = append(all, d.Name)
	}
	return all
}

// places are the folders to look in.
func (d *description) places(dir string) ([]string, error) {
	if dir == "" {
		cache, err := CacheDir()
		if err != nil {
			return d.elsewhere, nil // a system without a home still has packages
		}
		dir = cache
	}
	return append([]string{filepath.Join(dir, d.Name)}, d.elsewhere...), nil
}

// present says whether all files are in the folder, as downloaded.
func (d *description) present(dir string) bool {
	for _, f := range d.Files {
		if !isFile(filepath.Join(dir, f.Name)) {
			return false
		}
	}
	return true
}

// openHere opens the set from the first place that has it.
func (d *description) openHere(opt Options) (*Set, error) {
	if len(d.Files) == 0 {
		return d.describe(d.open(d, "", opt))
	}
	places, err := d.places(opt.Dir)
	if err != nil {
		return nil, err
	}
	for _, dir := range places {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		s, err := d.open(d, dir, opt)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return d.describe(s, err)
	}
	return nil, notThereF("%s: not in %s; fetch it: mtobench data fetch %s", d.Name, strings.Join(places, " or "), d.Name)
}

// describe completes a set with what only its description knows.
func (d *description) describe(s *Set, err error) (*Set, error) {
	if err != nil {
		return nil, err
	}
	s.FlipOK = d.FlipOK
	if d.SHA256 != "" && s.Side == d.Side && s.SHA256 != d.SHA256 {
		return nil, fmt.Errorf("%s: sha256 of the decoded images is %s, need %s: a decoder or the split has changed", d.Name, s.SHA256, d.SHA256)
	}
	return s, nil
}
