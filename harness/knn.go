package harness

import (
	"cmp"
	"math"

	"github.com/viterin/partial"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/simd"
)

// neighbour is one image of the bank seen from a validation image.
type neighbour struct {
	similarity float32
	index      int32
}

// closer orders neighbours by falling similarity, then by rising index, so that
// ties never depend on the selection algorithm (numerics rule 16).
func closer(a, b neighbour) int {
	return cmp.Or(cmp.Compare(b.similarity, a.similarity), cmp.Compare(a.index, b.index))
}

// knnTop1 is the secondary probe: cosine similarity of standardised features,
// the k nearest images of the bank, votes weighted by exp(similarity/T). It
// returns the accuracy on val in percent.
func knnTop1(p *simd.Pool, bank, val features, classes, k int, temperature float64) float64 {
	k = min(k, bank.n)
	b, v := bank.unitRows(), val.unitRows()
	d := bank.d
	const block = 128 // validation images a product
	similarity := make([]float32, block*bank.n)
	scratch := make([][]neighbour, p.Threads())
	votes := make([][]float64, p.Threads())
	for i := range scratch {
		scratch[i] = make([]neighbour, bank.n)
		votes[i] = make([]float64, classes)
	}
	hits := make([]int, val.n)
	for from := 0; from < val.n; from += block {
		rows := min(block, val.n-from)
		p.GEMM(&simd.GEMM{Form: simd.NT, M: rows, N: bank.n, K: d,
			A: v[from*d:], LDA: d, B: b, LDB: d, C: similarity, LDC: bank.n})
		p.For(rows, func(r, worker int) {
			near := scratch[worker]
			for j := range near {
				near[j] = neighbour{similarity[r*bank.n+j], int32(j)}
			}
			partial.SortFunc(near, k, closer) // sorted: the order of adding votes is fixed
			vote := votes[worker]
			clear(vote)
			for _, x := range near[:k] {
				vote[bank.labels[x.index]] += detmath.Exp(float64(x.similarity) / temperature)
			}
			best, most := 0, math.Inf(-1)
			for c, w := range vote {
				if w > most {
					best, most = c, w
				}
			}
			if best == int(val.labels[from+r]) {
				hits[from+r] = 1
			}
		})
	}
	return percent(hits, val.n)
}

// unitRows gives the features row by row [n,d] in float32, each row of length 1
// (or 0 where all its features are 0).
func (f features) unitRows() []float32 {
	rows := make([]float32, f.n*f.d)
	for i := 0; i < f.n; i++ {
		var square float64
		for j := 0; j < f.d; j++ {
			x := f.columns[j*f.n+i]
			square += float64(x * x)
		}
		scale := 0.0
		if square > 0 {
			scale = 1 / math.Sqrt(square)
		}
		for j := 0; j < f.d; j++ {
			rows[i*f.d+j] = float32(f.columns[j*f.n+i] * scale)
		}
	}
	return rows
}
