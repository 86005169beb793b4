package mim

import (
	"math"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// naive is the methods' forward pass in float64, written from methods.md 1 to 3
// with none of the program's parts. Tokens are rows.
type naive struct {
	vit.Config
	w map[string][]float64
}

// naiveOf reads the weights of a flat buffer.
func naiveOf(c vit.Config, ps *nn.Params, flat []float32) naive {
	n := naive{c, map[string][]float64{}}
	for _, name := range ps.Names() {
		for _, v := range ps.Slice(flat, name) {
			n.w[name] = append(n.w[name], float64(v))
		}
	}
	return n
}

type rows = [][]float64

func each(x rows, f func(row []float64) []float64) rows {
	y := make(rows, len(x))
	for i := range x {
		y[i] = f(x[i])
	}
	return y
}

func add(a, b rows) rows {
	y := make(rows, len(a))
	for i := range a {
		for j := range a[i] {
			y[i] = append(y[i], a[i][j]+b[i][j])
		}
	}
	return y
}

func (n naive) linear(name string, x rows) rows {
	weight, bias := n.w[name+".weight"], n.w[name+".bias"]
	return each(x, func(row []float64) (y []float64) {
		for o, sum := range bias {
			for k, v := range row {
				sum += v * weight[o*len(row)+k]
			}
			y = append(y, sum)
		}
		return y
	})
}

// norm normalises each row; without a name there is no gain and shift.
func (n naive) norm(name string, x rows) rows {
	return each(x, func(row []float64) (y []float64) {
		var mean, variance float64
		for _, v := range row {
			mean += v / float64(len(row))
		}
		for _, v := range row {
			variance += (v - mean) * (v - mean) / float64(len(row))
		}
		for j, v := range row {
			v = (v - mean) / math.Sqrt(variance+float64(n.Eps))
			if name != "" {
				v = v*n.w[name+".weight"][j] + n.w[name+".bias"][j]
			}
			y = append(y, v)
		}
		return y
	})
}

func (n naive) attention(name string, heads int, x rows) rows {
	qkv := n.linear(name+".qkv", x)
	d := len(x[0])
	hd := d / heads
	out := each(x, func([]float64) []float64 { return make([]float64, d) })
	for h := range heads {
		for i := range x {
			a := make([]float64, len(x))
			var sum float64
			for j := range x {
				for k := h * hd; k < (h+1)*hd; k++ {
					a[j] += qkv[i][k] * qkv[j][d+k] / math.Sqrt(float64(hd))
				}
				a[j] = math.Exp(a[j])
				sum += a[j]
			}
			for j := range x {
				for k := h * hd; k < (h+1)*hd; k++ {
					out[i][k] += a[j] / sum * qkv[j][2*d+k]
				}
			}
		}
	}
	return n.linear(name+".proj", out)
}

func (n naive) gelu(x rows) rows {
	return each(x, func(row []float64) (y []float64) {
		for _, v := range row {
			if n.GELU == simd.GELUErf {
				y = append(y, 0.5*v*(1+math.Erf(v/math.Sqrt2)))
			} else {
				y = append(y, 0.5*v*(1+math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v))))
			}
		}
		return y
	})
}

func (n naive) block(name string, heads int, x rows) rows {
	x = add(x, n.attention(name+".attn", heads, n.norm(name+".norm1", x)))
	return add(x, n.linear(name+".mlp.fc2", n.gelu(n.linear(name+".mlp.fc1", n.norm(name+".norm2", x)))))
}

// patch flattens patch i of an image [S,S,C].
func (n naive) patch(image []float32, i int, channelFirst bool) (v []float64) {
	g, p, c := n.Grid(), n.Patch, n.Channels
	at := func(k, y, x int) {
		v = append(v, float64(image[((i/g*p+y)*n.Side+i%g*p+x)*c+k]))
	}
	if channelFirst {
		for j := range c * p * p {
			at(j/(p*p), j/p%p, j%p)
		}
	} else {
		for j := range p * p * c {
			at(j%c, j/(p*c), j/c%p)
		}
	}
	return v
}

func (n naive) embed(image []float32) (z rows) {
	for i := range n.Patches() {
		z = append(z, n.patch(image, i, true))
	}
	return n.linear("patch_embed.proj", z)
}

func (n naive) position(i, width int) (v []float64) {
	g, k := n.Grid(), width/4
	for _, c := range []int{i % g, i / g} {
		for j := range 2 * k {
			angle := float64(c) * math.Pow(10000, -float64(j%k)/float64(k))
			if j < k {
				v = append(v, math.Sin(angle))
			} else {
				v = append(v, math.Cos(angle))
			}
		}
	}
	return v
}

func (n naive) place(x rows) rows {
	var table rows
	for i := range x {
		table = append(table, n.position(i, len(x[i])))
	}
	return add(x, table)
}

// encode runs the encoder's first depth blocks, over a class token too if there
// is one.
func (n naive) encode(x rows, depth int) rows {
	x = append(append(rows{}, each(make(rows, n.ClassTokens()), func([]float64) []float64 { return n.w["cls_token"] })...), x...)
	for l := range depth {
		x = n.block(blockName("blocks", l), n.Heads, x)
	}
	return x
}

// features is the mean patch token after block l, normalised.
func (n naive) features(image []float32, l int) []float64 {
	x := n.norm("", n.encode(n.place(n.embed(image)), l))[n.ClassTokens():]
	mean := make([]float64, n.Width)
	for i := range x {
		for j := range mean {
			mean[j] += x[i][j] / float64(len(x))
		}
	}
	return mean
}

// simMIM is the loss over a batch.
func (n naive) simMIM(b *Batch) float64 {
	var sum, pixels float64
	for i := range b.Layout.Images {
		image, mask := b.Image(i), b.Mask[i*n.Patches():]
		x := n.embed(image)
		for j := range x {
			if mask[j] == 1 {
				x[j] = n.w["mask_token"]
			}
		}
		pred := n.linear("decoder.0", n.norm("norm", n.encode(n.place(x), n.Depth))[n.ClassTokens():])
		for j := range pred {
			if mask[j] == 1 {
				pixels += float64(n.Patch * n.Patch)
				for k, v := range n.patch(image, j, true) {
					sum += math.Abs(v - pred[j][k])
				}
			}
		}
	}
	return sum / ((pixels + 1e-5) * float64(n.Channels))
}

// mae is the loss over a batch.
func (n naive) mae(b *Batch, c Config) float64 {
	var sum, masked float64
	for i := range b.Layout.Images {
		image, mask := b.Image(i), b.Mask[i*n.Patches():]
		x := n.place(n.embed(image))
		var visible rows
		for j := range x {
			if mask[j] == 0 {
				visible = append(visible, x[j])
			}
		}
		y := n.linear("decoder_embed", n.norm("norm", n.encode(visible, n.Depth)))
		class, y := y[:n.ClassTokens()], y[n.ClassTokens():]
		var full rows
		for j := range x {
			if mask[j] == 0 {
				full, y = append(full, y[0]), y[1:]
			} else {
				full = append(full, n.w["mask_token"])
			}
		}
		full = append(append(rows{}, class...), n.place(full)...)
		for l := range c.DecoderDepth {
			full = n.block(blockName("decoder_blocks", l), c.DecoderHeads, full)
		}
		pred := n.linear("decoder_pred", n.norm("decoder_norm", full)[n.ClassTokens():])
		for j := range pred {
			if mask[j] == 1 {
				masked++
				for k, t := range normPix(n.patch(image, j, false), c) {
					sum += (pred[j][k] - t) * (pred[j][k] - t) / float64(n.PatchLen())
				}
			}
		}
	}
	return sum / masked
}

func normPix(patch []float64, c Config) []float64 {
	if c.RawPixels {
		return patch
	}
	var mean, variance float64
	for _, v := range patch {
		mean += v / float64(len(patch))
	}
	for _, v := range patch {
		variance += (v - mean) * (v - mean) / float64(len(patch)-1)
	}
	return each(rows{patch}, func(row []float64) (y []float64) {
		for _, v := range row {
			y = append(y, (v-mean)/math.Sqrt(variance+float64(c.NormPixEps)))
		}
		return y
	})[0]
}
