package benchdata

import (
	"fmt"
	"sync/atomic"
)

// openImages reads a folder or an archive with a directory a class.
func openImages(name string, src source, opt Options) (*Set, error) {
	s, err := loadImages(name, src, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, s.finish()
}

func loadImages(name string, src source, opt Options) (*Set, error) {
	files, dirs, err := src.list()
	if err != nil {
		return nil, err
	}
	p, err := makePlan(files, dirs)
	if err != nil {
		return nil, err
	}
	l := &imageLoader{option: opt.Side, places: map[string]place{}}
	if err := l.measure(src, files); err != nil {
		return nil, err
	}
	s := &Set{Name: name, Side: l.side, Channels: 3, Classes: len(p.classes), ClassNames: p.classes, FlipOK: opt.FlipOK}
	images := len(p.splits[0]) + len(p.splits[1]) + len(p.splits[2])
	if int64(images) > maxTensorBytes/int64(3*l.side*l.side) {
		return nil, fmt.Errorf("%s images of %dx%d: need at most %s bytes decoded; give a smaller side",
			thousands(images), l.side, l.side, thousands(int64(maxTensorBytes)))
	}
	var wanted []string
	for i, split := range []*Split{&s.Train, &s.Val, &s.Test} {
		*split = Split{
			Images: make([]uint8, len(p.splits[i])*3*l.side*l.side),
			Labels: make([]int32, len(p.splits[i])),
		}
		for j, image := range p.splits[i] {
			split.Labels[j] = image.label
			l.places[image.path] = place{split, j}
			wanted = append(wanted, image.path)
		}
	}
	if err := src.read(wanted, opt.threads(), l.decode); err != nil {
		return nil, err
	}
	if n := int(l.done.Load()); n != len(wanted) {
		return nil, fmt.Errorf("read %s of %s images: the archive changed while it was read", thousands(n), thousands(len(wanted)))
	}
	if !l.colour.Load() {
		s.dropColour()
	}
	s.holdOutMissing()
	return s, nil
}

// An imageLoader decodes images to their places.
type imageLoader struct {
	option int    // Options.Side
	side   int    // of all images
	model  string // the file that decided side
	places map[string]place
	done   atomic.Int64
	colour atomic.Bool // some image has colour
}

type place struct {
	split *Split
	index int
}

// measure takes the side from the source's first image, unless the option says it.
func (l *imageLoader) measure(src source, files []string) error {
	l.side = l.option
	for _, file := range files {
		if ok, _ := isImage(file); !ok || isHidden(file) {
			continue
		}
		return src.read([]string{file}, 1, func(file string, data []byte) error {
			p, err := decodePicture(data)
			if err == nil {
				err = checkSize(p.h, p.w, l.option)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if l.option == 0 {
				l.side, l.model = p.h, file
			}
			return nil
		})
	}
	return nil
}

// decode puts one image where it belongs.
func (l *imageLoader) decode(file string, data []byte) error {
	at, ok := l.places[file]
	if !ok {
		return fmt.Errorf("%s: not in the list made before: the archive changed while it was read", file)
	}
	p, err := decodePicture(data)
	if err == nil {
		err = checkSize(p.h, p.w, l.option)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if l.option == 0 && p.h != l.side {
		return fmt.Errorf("%s: %dx%d pixels where %s has %dx%d: need one size; give a side to resize", file, p.w, p.h, l.model, l.side, l.side)
	}
	dst := at.split.Image(at.index)
	if p.h == l.side && p.w == l.side {
		copy(dst, p.pix)
	} else {
		cropResize(dst, l.side, p.pix, p.h, p.w, 3)
	}
	if !p.grey {
		l.colour.Store(true)
	}
	l.done.Add(1)
	return nil
}

// dropColour keeps one of three equal channels.
func (s *Set) dropColour() {
	s.Channels = 1
	for _, split := range []*Split{&s.Train, &s.Val, &s.Test} {
		n := len(split.Images) / 3
		for i := range n {
			split.Images[i] = split.Images[3*i]
		}
		split.Images = split.Images[:n:n]
	}
}
