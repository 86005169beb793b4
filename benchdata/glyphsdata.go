package benchdata

import "fmt"

var glyphsDescription = description{
	Info: Info{
		Name: "glyphs", Title: "characters of the Go fonts, turned, sheared and stretched, on structured ground (embedded)",
		Side: defaultGlyphs.side, Channels: 1, Classes: len(defaultGlyphs.characters),
		Train: defaultGlyphs.train, Val: defaultGlyphs.val, Test: defaultGlyphs.test,
		Licence:  "drawn by this program; the Go fonts are under a BSD licence",
		Source:   "golang.org/x/image/font/gofont",
		SHA256:   "8cb0ca1ed97dcc8837775a527463772245a6517448f9167c0cd6c852fce599d8",
		Citation: "C. Bigelow, K. Holmes, Go fonts, 2016",
	},
	open: func(_ *description, _ string, opt Options) (*Set, error) {
		s, err := glyphs(defaultGlyphs)
		if err != nil || opt.Side == 0 || opt.Side == s.Side {
			return s, err
		}
		return s.resized(opt.Side)
	},
}

// resized makes the images of another side.
func (s *Set) resized(side int) (*Set, error) {
	for _, split := range []*Split{&s.Train, &s.Val, &s.Test} {
		images, _, err := squares(split.Images, s.Side, s.Side, s.Channels, side)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		split.Images = images
	}
	s.Side = side
	return s, s.finish()
}
