package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// rowCase is a call of one entry of RowKernels. The operands are slices of the sizes given; all of them are compared
// afterwards, sources too.
type rowCase struct {
	name  string
	sizes string // a letter an operand: m = rows*cols, r = rows, c = cols, 1 = one element
	run   func(k *RowKernels, s [][]float32, cols int)
}

// rowCases has every entry of RowKernels, and every aliasing that is allowed.
var rowCases = []rowCase{
	{"Add", "mmm", func(k *RowKernels, s [][]float32, _ int) { k.Add(s[0], s[1], s[2]) }},
	{"Add/dst=a", "mm", func(k *RowKernels, s [][]float32, _ int) { k.Add(s[0], s[0], s[1]) }},
	{"Add/dst=b", "mm", func(k *RowKernels, s [][]float32, _ int) { k.Add(s[0], s[1], s[0]) }},
	{"Sub", "mmm", func(k *RowKernels, s [][]float32, _ int) { k.Sub(s[0], s[1], s[2]) }},
	{"Mul", "mmm", func(k *RowKernels, s [][]float32, _ int) { k.Mul(s[0], s[1], s[2]) }},
	{"Scale", "mm", func(k *RowKernels, s [][]float32, _ int) { k.Scale(s[0], s[1], 0.3) }},
	{"AddScaled", "mm", func(k *RowKernels, s [][]float32, _ int) { k.AddScaled(s[0], s[1], -0.7) }},
	{"EMA", "mm", func(k *RowKernels, s [][]float32, _ int) { k.EMA(s[0], s[1], 0.997) }},
	{"AllFinite", "m1", func(k *RowKernels, s [][]float32, _ int) {
		s[1][0] = 0
		if k.AllFinite(s[0]) {
			s[1][0] = 1
		}
	}},
	{"AdamW", "mmmm", func(k *RowKernels, s [][]float32, _ int) {
		for i, v := range s[2] {
			s[2][i] = magnitude(v)
		}
		k.AdamW(s[0], s[1], s[2], s[3], &AdamW{0.7, 0.9, 0.1, 0.95, 0.05, 0.9999, 1.3, 1e-8, -2e-3})
	}},
	{"Exp", "mm", func(k *RowKernels, s [][]float32, _ int) { k.Exp(s[0], s[1]) }},
	{"Log", "mm", func(k *RowKernels, s [][]float32, _ int) { k.Log(s[0], s[1]) }},
	{"Tanh", "mm", func(k *RowKernels, s [][]float32, _ int) { k.Tanh(s[0], s[1]) }},
	{"Erf", "mm", func(k *RowKernels, s [][]float32, _ int) { k.Erf(s[0], s[1]) }},
	{"Exp/dst=x", "m", func(k *RowKernels, s [][]float32, _ int) { k.Exp(s[0], s[0]) }},
	{"GELUTanh", "mm", func(k *RowKernels, s [][]float32, _ int) { k.GELUTanh(s[0], s[1]) }},
	{"GELUTanh/dst=x", "m", func(k *RowKernels, s [][]float32, _ int) { k.GELUTanh(s[0], s[0]) }},
	{"GELUErf", "mm", func(k *RowKernels, s [][]float32, _ int) { k.GELUErf(s[0], s[1]) }},
	{"GELUTanhGrad", "mmm", func(k *RowKernels, s [][]float32, _ int) { k.GELUTanhGrad(s[0], s[1], s[2]) }},
	{"GELUTanhGrad/dx=dy", "mm", func(k *RowKernels, s [][]float32, _ int) { k.GELUTanhGrad(s[0], s[0], s[1]) }},
	{"GELUErfGrad", "mmm", func(k *RowKernels, s [][]float32, _ int) { k.GELUErfGrad(s[0], s[1], s[2]) }},
	{"GELUTanhAndGrad", "mmmm", func(k *RowKernels, s [][]float32, _ int) { k.GELUTanhAndGrad(s[0], s[1], s[2], s[3]) }},
	{"GELUTanhAndGrad/dx=dy", "mmm", func(k *RowKernels, s [][]float32, _ int) { k.GELUTanhAndGrad(s[0], s[1], s[1], s[2]) }},
	{"GELUErfAndGrad", "mmmm", func(k *RowKernels, s [][]float32, _ int) { k.GELUErfAndGrad(s[0], s[1], s[2], s[3]) }},
	{"GELUErfAndGrad/dx=dy", "mmm", func(k *RowKernels, s [][]float32, _ int) { k.GELUErfAndGrad(s[0], s[1], s[1], s[2]) }},
	{"SoftmaxRows", "mm", func(k *RowKernels, s [][]float32, cols int) { k.SoftmaxRows(s[0], s[1], cols, 0.125) }},
	{"SoftmaxRows/dst=x", "m", func(k *RowKernels, s [][]float32, cols int) { k.SoftmaxRows(s[0], s[0], cols, 3) }},
	{"SoftmaxRowsGrad", "mmm", func(k *RowKernels, s [][]float32, cols int) { k.SoftmaxRowsGrad(s[0], s[1], s[2], cols, 0.125) }},
	{"SoftmaxRowsGrad/dx=dy", "mm", func(k *RowKernels, s [][]float32, cols int) { k.SoftmaxRowsGrad(s[0], s[0], s[1], cols, 1) }},
	{"LogSoftmaxRows", "mm", func(k *RowKernels, s [][]float32, cols int) { k.LogSoftmaxRows(s[0], s[1], cols) }},
	{"LayerNorm", "mrrmcc", func(k *RowKernels, s [][]float32, cols int) {
		k.LayerNorm(s[0], s[1], s[2], s[3], s[4], s[5], cols, 1e-6)
	}},
	{"LayerNorm/dst=x", "mrrcc", func(k *RowKernels, s [][]float32, cols int) {
		k.LayerNorm(s[0], s[1], s[2], s[0], s[3], s[4], cols, 1e-6)
	}},
	{"LayerNormGrad", "mccmmrrc", func(k *RowKernels, s [][]float32, cols int) {
		k.LayerNormGrad(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], cols, false)
	}},
	{"LayerNormGrad/dx=dy", "mccmrrc", func(k *RowKernels, s [][]float32, cols int) {
		k.LayerNormGrad(s[0], s[1], s[2], s[0], s[3], s[4], s[5], s[6], cols, false)
	}},
	{"LayerNormGrad/add", "mccmmrrc", func(k *RowKernels, s [][]float32, cols int) {
		k.LayerNormGrad(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], cols, true)
	}},
	{"RowSum", "rm", func(k *RowKernels, s [][]float32, cols int) { k.RowSum(s[0], s[1], cols) }},
	{"RowMax", "rm", func(k *RowKernels, s [][]float32, cols int) { k.RowMax(s[0], s[1], cols) }},
	{"RowDot", "rmm", func(k *RowKernels, s [][]float32, cols int) { k.RowDot(s[0], s[1], s[2], cols) }},
	{"RowL1", "rmm", func(k *RowKernels, s [][]float32, cols int) { k.RowL1(s[0], s[1], s[2], cols) }},
	{"RowL2", "rmm", func(k *RowKernels, s [][]float32, cols int) { k.RowL2(s[0], s[1], s[2], cols) }},
	{"ColumnAdd", "cm", func(k *RowKernels, s [][]float32, cols int) { k.ColumnAdd(s[0], s[1], cols) }},
	{"RowL1Grad", "mmmr", func(k *RowKernels, s [][]float32, cols int) { k.RowL1Grad(s[0], s[1], s[2], s[3], cols, 0.01) }},
	{"RowL2Grad", "mmmr", func(k *RowKernels, s [][]float32, cols int) { k.RowL2Grad(s[0], s[1], s[2], s[3], cols, 0.01) }},
	{"RowL2Grad/dx=x", "mmr", func(k *RowKernels, s [][]float32, cols int) { k.RowL2Grad(s[0], s[0], s[1], s[2], cols, 0.01) }},
}

// rowShapes are rows and columns: nothing, one element, a vector of 4, 8 or 16 lanes and a group of 16 more or less
// one, several of them with and without a rest, and the widths of training.
var rowShapes = [][2]int{
	{0, 1}, {0, 16}, {1, 1}, {2, 1}, {3, 2}, {2, 3}, {2, 4}, {3, 5}, {2, 7}, {3, 8}, {2, 9}, {1, 12}, {3, 15}, {4, 16}, {3, 17},
	{2, 20}, {2, 24}, {2, 31}, {3, 32}, {2, 33}, {3, 47}, {2, 48}, {5, 49}, {2, 63}, {3, 64}, {4, 65}, {1, 100}, {2, 192}, {1, 769},
}

// contents fill operands: what random training data looks like, and what it shouldn't.
var contents = []struct {
	name string
	fill func(r *rand.Rand, s []float32)
}{
	{"normal", func(r *rand.Rand, s []float32) {
		for i := range s {
			s[i] = float32(r.NormFloat64())
		}
	}},
	{"wide", func(r *rand.Rand, s []float32) { // all branches of the elementary functions
		for i := range s {
			s[i] = float32(r.NormFloat64() * math.Exp2(8*r.Float64()-1))
		}
	}},
	{"bits", func(r *rand.Rand, s []float32) { // any number at all, NaNs with payloads
		for i := range s {
			s[i] = math.Float32frombits(r.Uint32())
		}
	}},
	{"special", func(r *rand.Rand, s []float32) { // subnormal, huge, infinite, zero of either sign, equal, rarely NaN
		special := []float32{0, float32(math.Copysign(0, -1)), 0x1p-149, -0x1p-130, 0x1p-126, 0x1.8p-75, 1, -1, 1, 2,
			-87.33654, -87.33655, 88.72283, 88.72284, 10, -10, 12.5, -12.5, 0.625, 9,
			math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
		for i := range s {
			k := r.IntN(len(special))
			if k < len(special)-5 || r.IntN(10) == 0 {
				s[i] = special[k]
			} else {
				s[i] = float32(r.NormFloat64())
			}
		}
	}},
	{"-Inf", func(r *rand.Rand, s []float32) { // masked rows
		for i := range s {
			s[i] = float32(math.Inf(-1))
			if r.IntN(30) == 0 {
				s[i] = float32(r.NormFloat64())
			}
		}
	}},
}

// memory gives slices of n elements; intact reports whether nothing around them was written.
type memory interface {
	take(n int) []float32
	intact() bool
}

// TestRowKernelsHaveTheBitsOfTheMeaning compares all row and vector kernels of every table with the plain-Go meaning,
// between NaNs and at odd addresses.
func TestRowKernelsHaveTheBitsOfTheMeaning(t *testing.T) {
	for _, table := range Supported() {
		for _, c := range rowCases {
			t.Run(table.Name+"/"+c.name, func(t *testing.T) {
				for i, shape := range rowShapes {
					for j, content := range contents {
						r := rand.New(rand.NewPCG(uint64(i), uint64(j)))
						c.check(t, table, &guards{shift: i % 5}, shape, func(s []float32) { content.fill(r, s) })
						if t.Failed() {
							t.Fatalf("%d rows of %d, %s", shape[0], shape[1], content.name)
						}
					}
				}
			})
		}
	}
}

// check runs c with the meaning and with table on the same contents.
func (c *rowCase) check(t *testing.T, table *Table, m memory, shape [2]int, fill func(s []float32)) {
	t.Helper()
	rows, cols := shape[0], shape[1]
	var want, got [][]float32
	for _, size := range c.sizes {
		n := map[rune]int{'m': rows * cols, 'r': rows, 'c': cols, '1': 1}[size]
		s := make([]float32, n)
		fill(s)
		want = append(want, s)
		g := m.take(n)
		copy(g, s)
		got = append(got, g)
	}
	c.run(&Generic.RowKernels, want, cols)
	c.run(&table.RowKernels, got, cols)
	for i := range want {
		if at := firstDifference(want[i], got[i]); at >= 0 {
			w, g := want[i][at], got[i][at]
			t.Errorf("%s %s: operand %d, element %d of %d: want %v (%#x), got %v (%#x)", table.Name, c.name, i, at, len(want[i]),
				w, math.Float32bits(w), g, math.Float32bits(g))
			return
		}
	}
	if !m.intact() {
		t.Errorf("%s %s: wrote outside its slices", table.Name, c.name)
	}
}

// firstDifference returns the first index at which the bits of a and b differ, or -1. NaNs are equal (numerics rule 14).
func firstDifference(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}

// guards is memory whose slices lie between NaNs, shift elements off a whole vector.
type guards struct {
	shift  int
	blocks [][]float32
	sizes  []int
}

const guardLen = 32

func (g *guards) take(n int) []float32 {
	b := make([]float32, n+g.shift+2*guardLen)
	for i := range b {
		b[i] = float32(math.NaN())
	}
	g.blocks, g.sizes = append(g.blocks, b), append(g.sizes, n)
	return b[guardLen+g.shift:][:n:n]
}

func (g *guards) intact() bool {
	for i, b := range g.blocks {
		start := guardLen + g.shift
		for j, v := range b {
			if (j < start || j >= start+g.sizes[i]) && v == v {
				return false
			}
		}
	}
	return true
}

// FuzzRowKernels looks for contents and shapes on which a table's bits differ from the meaning's.
func FuzzRowKernels(f *testing.F) {
	for i := range rowCases {
		f.Add(uint8(i), uint8(2), uint8(49), uint64(i), uint32(0x3f800000), uint32(0x80000000))
	}
	f.Fuzz(func(t *testing.T, which, rows, cols uint8, seed uint64, a, b uint32) {
		c := &rowCases[int(which)%len(rowCases)]
		r := rand.New(rand.NewPCG(seed, 0))
		fill := func(s []float32) {
			contents[seed%uint64(len(contents))].fill(r, s)
			for i := range s { // the two numbers the fuzzer plays with
				switch r.IntN(8) {
				case 0:
					s[i] = math.Float32frombits(a)
				case 1:
					s[i] = math.Float32frombits(b)
				}
			}
		}
		for _, table := range Supported() {
			c.check(t, table, &guards{shift: int(seed % 7)}, [2]int{int(rows % 8), int(cols%200) + 1}, fill)
		}
	})
}
