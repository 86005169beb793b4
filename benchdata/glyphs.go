package benchdata

import (
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/gomonoitalic"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/mtobench/mtobench/nn"
)

// glyphFaces are the TrueType files of the faces that characters are drawn in.
var glyphFaces = [][]byte{
	goregular.TTF, gobold.TTF, goitalic.TTF, gobolditalic.TTF,
	gomedium.TTF, gomono.TTF, gomonobold.TTF, gomonoitalic.TTF,
}

// A glyphStyle says how characters are drawn. Angles are given by the tangent of
// half the angle, from which sine and cosine follow by a division.
type glyphStyle struct {
	characters       string // one class each
	faces            int    // of glyphFaces
	side             int    // pixels
	train, val, test int    // images

	turn             int // largest tan(angle/2), in 1/1024
	shear            int // largest shear, in 1/1024
	minSize, maxSize int // height of a capital, in 1/256 pixel
	stretch          int // largest change of width against height, in 1/1024
	shift            int // largest shift of the centre, in 1/256 pixel

	minContrast, maxContrast int // between character and background, in grey levels
	inverted                 int // share of images with a dark character on bright ground, in 1/1024
	slope                    int // largest gradient of the background across the image, in grey levels
	stripes                  int // largest amplitude of the background's stripes, in grey levels
	strokes                  int // straight strokes behind the character
	noise                    int // largest noise of a pixel, in grey levels
}

// defaultGlyphs is the embedded set.
var defaultGlyphs = glyphStyle{
	characters: "ACEHJLMPSTX4",
	faces:      6,
	side:       32,
	train:      4096, val: 2000, test: 2000,
	turn: 100, shear: 100, minSize: 21 * 256, maxSize: 28 * 256, stretch: 100, shift: 400,
	minContrast: 120, maxContrast: 160, inverted: 512,
	slope: 16, stripes: 4, strokes: 0, noise: 1,
}

// glyphs returns the embedded set drawn in that style: image i of a split has
// class i mod classes, and all its numbers come from (split, i) of stream
// data/glyphs of seed 0.
func glyphs(style glyphStyle) (*Set, error) {
	characters := []rune(style.characters)
	s := &Set{
		Name:     "glyphs",
		Side:     style.side,
		Channels: 1,
		Classes:  len(characters),
	}
	for _, r := range characters {
		s.ClassNames = append(s.ClassNames, string(r))
	}
	faces := make([][]outline, style.faces)
	for i := range faces {
		var err error
		if faces[i], err = loadOutlines(glyphFaces[i], style.characters); err != nil {
			return nil, fmt.Errorf("glyphs: face %d: %w", i, err)
		}
	}
	stream := nn.NewStream(0, "data/glyphs")
	for epoch, n := range []int{style.train, style.val, style.test} {
		split := []*Split{&s.Train, &s.Val, &s.Test}[epoch]
		*split = drawSplit(style, faces, stream, uint32(epoch), n)
	}
	return s, s.finish()
}

func drawSplit(style glyphStyle, faces [][]outline, stream nn.Stream, epoch uint32, n int) Split {
	size := style.side * style.side
	split := Split{Images: make([]uint8, n*size), Labels: make([]int32, n)}
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			p := newPainter(style, faces)
			for i := w; i < n; i += workers {
				class := i % len(faces[0])
				split.Labels[i] = int32(class)
				p.draw(split.Image(i), class, stream.At(epoch, uint32(i)))
			}
		})
	}
	wg.Wait()
	return split
}

// A painter draws one image after another.
type painter struct {
	glyphStyle
	faces  [][]outline
	canvas *canvas
	shape  [][]point // the outline on the canvas
	paint  []int32   // [side,side] grey levels
}

func newPainter(style glyphStyle, faces [][]outline) *painter {
	return &painter{
		glyphStyle: style,
		faces:      faces,
		canvas:     newCanvas(style.side),
		paint:      make([]int32, style.side*style.side),
	}
}

// draw paints an image of the class into dst, [S,S]. The order of its draws is part of
// the set.
func (p *painter) draw(dst []uint8, class int, d nn.Draw) {
	face := p.faces[d.IntN(len(p.faces))]
	at := p.pose(&d)

	contrast := int32(between(&d, p.minContrast, p.maxContrast))
	middle := int32(between(&d, int(contrast/2), 255-int(contrast/2)))
	if d.IntN(1024) < p.inverted {
		contrast = -contrast
	}
	ground, ink := middle-contrast/2, middle+contrast/2
	p.background(&d, ground)
	for range p.strokes {
		p.stroke(&d, middle+int32(around(&d, p.maxContrast/2)))
	}
	p.shape = at.apply(p.shape[:0], face[class])
	p.fill(ink)
	for i, v := range p.paint {
		dst[i] = uint8(min(max(v+int32(around(&d, p.noise)), 0), 255))
	}
}

// fill paints the shape.
func (p *painter) fill(level int32) {
	p.canvas.fill(p.shape)
	for i, c := range p.canvas.cover {
		p.paint[i] += (level - p.paint[i]) * c / fullCover
	}
}

// background paints a plane with stripes around the level.
func (p *painter) background(d *nn.Draw, level int32) {
	side := int32(p.side)
	gx, gy := int32(around(d, p.slope)), int32(around(d, p.slope))
	amplitude := int32(between(d, 0, p.stripes))
	cos, sin := direction(d)
	period := int32(between(d, 4*256, 16*256)) // in 1/256 pixel
	phase := int32(d.IntN(1 << 16))
	for y := range side {
		for x := range side {
			slope := (gx*(2*x+1-side) + gy*(2*y+1-side)) / (2 * side)
			// distance along the stripes' normal, as a fraction of the period in 1/65536
			t := (x*cos+y*sin)/16*(1<<14)/period + phase // cos, sin in 1/16384
			p.paint[y*side+x] = level + slope + amplitude*triangle(t)/256
		}
	}
}

// triangle is a wave of period 65536 between -256 and 256.
func triangle(t int32) int32 {
	t &= 1<<16 - 1
	if t >= 1<<15 {
		t = 1<<16 - t
	}
	return t>>6 - 256
}

// stroke paints a straight bar through a random place.
func (p *painter) stroke(d *nn.Draw, level int32) {
	cos, sin := direction(d)
	cx, cy := int32(d.IntN(p.side*256)), int32(d.IntN(p.side*256))
	half := int32(between(d, 160, 320)) // of its width, in 1/256 pixel
	long := int32(between(d, 4*256, 16*256))
	ax, ay := long*cos>>14, long*sin>>14
	bx, by := -half*sin>>14, half*cos>>14
	p.shape = append(p.shape[:0], []point{
		{cx - ax - bx, cy - ay - by}, {cx + ax - bx, cy + ay - by},
		{cx + ax + bx, cy + ay + by}, {cx - ax + bx, cy - ay + by},
	})
	p.fill(level)
}

// An affine map takes font units to 1/256 pixel: the matrix is in 1/2^20.
type affine struct {
	xx, xy, yx, yy int64
	dx, dy         int32
}

// pose draws a turn, shear, size, stretch and place.
func (p *painter) pose(d *nn.Draw) affine {
	cos, sin := turned(int64(around(d, p.turn)))
	shear := int64(around(d, p.shear))
	size := int64(between(d, p.minSize, p.maxSize)) << 20 / capHeight
	wide := size * int64(1024+around(d, p.stretch)) >> 10
	centre := int32(p.side * 128)
	return affine{
		xx: wide * cos >> 14,
		xy: size * (shear*cos>>10 - sin) >> 14,
		yx: wide * sin >> 14,
		yy: size * (shear*sin>>10 + cos) >> 14,
		dx: centre + int32(around(d, p.shift)),
		dy: centre + int32(around(d, p.shift)),
	}
}

// apply appends the mapped contours to dst.
func (a affine) apply(dst [][]point, o outline) [][]point {
	for _, contour := range o {
		mapped := make([]point, len(contour))
		for i, p := range contour {
			x, y := int64(p.x), int64(p.y)
			mapped[i] = point{
				int32((a.xx*x+a.xy*y)>>20) + a.dx,
				int32((a.yx*x+a.yy*y)>>20) + a.dy,
			}
		}
		dst = append(dst, mapped)
	}
	return dst
}

// turned returns cosine and sine, in 1/16384, of the angle whose half has the tangent
// t/1024.
func turned(t int64) (cos, sin int64) {
	const one = 1 << 20
	return (one - t*t) << 14 / (one + t*t), (2 * t << 10) << 14 / (one + t*t)
}

// direction returns cosine and sine, in 1/16384, of a direction of the whole circle.
func direction(d *nn.Draw) (cos, sin int32) {
	c, s := turned(int64(around(d, 1024)))
	if d.IntN(2) == 1 {
		c = -c
	}
	return int32(c), int32(s)
}

// between returns a whole number from lo to hi.
func between(d *nn.Draw, lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// around returns a whole number from -bound to bound.
func around(d *nn.Draw, bound int) int { return d.IntN(2*bound+1) - bound }
