package vit

import (
	"fmt"

	"github.com/mtobench/mtobench/nn"
)

// Prepend puts the class token before x [B,k,D], if the encoder has one:
// [B,ClassTokens+k,D]. Its position is zero.
func (c Config) Prepend(p *nn.Program, x nn.Tensor) nn.Tensor {
	if !c.ClassToken {
		return x
	}
	b, k := x.Dim(0), x.Dim(1)
	// Index k is past the last row of x, which stands for the token.
	return p.Restore(x, p.Param("cls_token"), rows(p, "prepend", b, func(i int) int { return (i + k) % (k + 1) }, k+1))
}

// Patchwise drops the class token from x [B,ClassTokens+k,D], if the encoder
// has one: [B,k,D].
func (c Config) Patchwise(p *nn.Program, x nn.Tensor) nn.Tensor {
	if !c.ClassToken {
		return x
	}
	return p.Gather(x, rows(p, "patchwise", x.Dim(0), func(i int) int { return i + 1 }, x.Dim(1)-1))
}

// rows returns a constant of indices [b,k], the same for all images, made once
// a program.
func rows(p *nn.Program, name string, b int, index func(i int) int, k int) nn.Tensor {
	name = fmt.Sprintf("%s/%dx%d", name, b, k)
	if t, ok := p.Lookup(name); ok {
		return t
	}
	data := make([]int32, b*k)
	for i := range data {
		data[i] = int32(index(i % k))
	}
	return p.IndexConst(name, data, b, k)
}
