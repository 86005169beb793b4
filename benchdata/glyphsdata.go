package benchdata

var glyphsDescription = description{
	Info: Info{
		Name: "glyphs", Title: "characters of the Go fonts, turned, sheared and stretched, on structured ground (embedded)",
		Side: defaultGlyphs.side, Channels: 1, Classes: len(defaultGlyphs.characters),
		Train: defaultGlyphs.train, Val: defaultGlyphs.val, Test: defaultGlyphs.test,
		Licence:  "drawn by this program; the Go fonts are under a BSD licence",
		Source:   "golang.org/x/image/font/gofont",
		Citation: "C. Bigelow, K. Holmes, Go fonts, 2016",
	},
	open: func(d *description, _ string, opt Options) (*Set, error) { return glyphs(defaultGlyphs) },
}
