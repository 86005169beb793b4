package nn

const (
	KindPatchify         Kind = "patchify"          // y [B,N,P] <- img [B,S,S,C]
	KindNormalizePatches Kind = "normalize-patches" // y [R,P], mean [R], rstd [R] <- x [R,P]
)

// A PatchOrder says how the p·p·C values of a patch are laid out.
type PatchOrder uint8

const (
	ChannelLast  PatchOrder = iota // (row, column, channel): MAE's targets
	ChannelFirst                   // (channel, row, column): timm's patch_embed.proj.weight
)

// String returns the order's name.
func (o PatchOrder) String() string { return [...]string{"channel-last", "channel-first"}[o] }

// PatchifyAttr are the numbers of a [KindPatchify].
type PatchifyAttr struct {
	Patch int // side of a patch, p
	Order PatchOrder
}

// Patchify cuts images [B,S,S,C] in N = (S/p)² patches, row by row, and returns
// them flattened: [B,N,p·p·C]. Images have no gradient.
func (p *Program) Patchify(img Tensor, patch int, order PatchOrder) Tensor {
	check(img.Rank() == 4 && img.Dim(1) == img.Dim(2) && patch > 0 && img.Dim(1)%patch == 0, KindPatchify,
		"images %v, patch %d: need [B,S,S,C] with S a multiple of the patch", img, patch)
	check(!img.info().needs, KindPatchify, "images %v depend on a parameter; Detach them", img)
	batch, side, channels := img.Dim(0), img.Dim(1), img.Dim(3)
	grid := side / patch
	y := p.value("patches", batch, grid*grid, patch*patch*channels)
	p.record(Op{
		Kind: KindPatchify, Reads: []Tensor{img}, Writes: []Tensor{y}, Attr: PatchifyAttr{patch, order},
		CPU: func(m *Memory) func() {
			dst, src := m.F32(y), m.F32(img)
			size := side * side * channels
			one := func(b, _ int) {
				patchify(dst[b*size:][:size], src[b*size:][:size], side, patch, channels, order)
			}
			return func() { m.Pool.For(batch, one) }
		},
	})
	return y
}

// patchify rearranges one image [side,side,channels] to patches.
func patchify(dst, src []float32, side, patch, channels int, order PatchOrder) {
	grid, area := side/patch, patch*patch
	for gy := range grid {
		for gx := range grid {
			d := dst[(gy*grid+gx)*area*channels:][:area*channels]
			for row := range patch {
				s := src[((gy*patch+row)*side+gx*patch)*channels:][:patch*channels]
				if order == ChannelLast || channels == 1 {
					copy(d[row*patch*channels:], s)
					continue
				}
				for col := range patch {
					for c := range channels {
						d[c*area+row*patch+col] = s[col*channels+c]
					}
				}
			}
		}
	}
}
