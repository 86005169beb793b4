package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// withPairs are the tables that have kernels for pairs of bfloat16.
func withPairs(t *testing.T) []*Table {
	var have []*Table
	for _, table := range Supported() {
		if table.PairRow != nil {
			have = append(have, table)
		}
	}
	if have == nil {
		t.Log("not tested: this CPU has no instructions for bfloat16")
	}
	return have
}

func TestRoundBF16IsToTheNearestEven(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range [][2]float32{ // bfloat16 has 8 bits of precision: neighbours of 1 are 1-2^-8 and 1+2^-7
		{0, 0}, {1, 1}, {-1.5, -1.5}, {1 + 0x1p-8, 1}, {1 + 0x1p-8 + 0x1p-23, 1 + 0x1p-7}, {1 + 3*0x1p-8, 1 + 0x1p-6}, {1 - 0x1p-9, 1},
		{-1 - 0x1p-8, -1}, {0x1p-126, 0x1p-126}, {0x1p-126 - 0x1p-149, 0}, {0x1p-149, 0}, {inf, inf}, {-inf, -inf}, {math.MaxFloat32, inf}, {0x1.fep127, 0x1.fep127},
	} {
		var got [1]float32
		RoundBF16(got[:], c[:1])
		require.Equal(t, c[1], got[0], "%g", c[0])
	}
	var got [2]float32
	RoundBF16(got[:], []float32{float32(math.NaN()), float32(math.Copysign(0x1p-140, -1))})
	require.True(t, got[0] != got[0])
	require.Equal(t, uint32(1<<31), math.Float32bits(got[1]))
}

// TestPairsHaveTheBitsOfTheMeaning runs both kernels that round on all remainders, on numbers of every kind.
func TestPairsHaveTheBitsOfTheMeaning(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const ld = 71
	src := make([]float32, ld*ld)
	for i := range src {
		src[i] = math.Float32frombits(random.Uint32()) // one in 256 is NaN or infinite, one in 256 subnormal or zero
	}
	same := func(want, got []float32, name string, at ...int) {
		t.Helper()
		for i := range want {
			w, g := math.Float32bits(want[i]), math.Float32bits(got[i])
			for _, shift := range []int{0, 16} {
				w, g := w>>shift&0xffff, g>>shift&0xffff
				if w != g && (w&0x7fff <= 0x7f80 || g&0x7fff <= 0x7f80) {
					require.Fail(t, "bits differ", "%s %v: element %d: %x, want %x", name, at, i, g, w)
				}
			}
		}
	}
	for _, table := range withPairs(t) {
		for n := range 3 * 64 {
			m := &guards{shift: n % 5}
			w, g := m.take((n+1)/2), m.take((n+1)/2)
			pairRow(w, src[n:2*n])
			table.PairRow(g, src[n:2*n])
			same(w, g, "row", n)
			require.True(t, m.intact(), "row of %d", n)
		}
		for _, k := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33} {
			for _, width := range []int{16, 32, 48, 7} {
				for cols := 1; cols <= width; cols++ {
					used := src[:(k-1)*ld+cols]
					m := &guards{}
					w, g := m.take((k+1)/2*width), m.take((k+1)/2*width)
					pairRows(w, used, ld, k, cols, width)
					table.PairRows(g, used, ld, k, cols, width)
					same(w, g, "rows", k, cols, width)
					require.True(t, m.intact(), "rows: k %d, cols %d, width %d", k, cols, width)
				}
			}
		}
	}
}

// TestTilesOfPairsAreExactOnIntegers runs every microkernel for pairs on all edges of its tile. Products and sums of
// small integers are exact whatever the order, so bits must be those of the meaning on unrounded numbers.
func TestTilesOfPairsAreExactOnIntegers(t *testing.T) {
	for _, table := range withPairs(t) {
		for rows := 1; rows <= table.MR; rows++ {
			for cols := 1; cols <= table.Wide; cols++ {
				for _, k := range []int{0, 1, 2, 3, 8, 9} {
					checkPairTile(t, table, &guards{shift: (rows + cols) % 5}, rows, cols, k, (rows+cols+k)%8)
				}
			}
		}
	}
}

// checkPairTile checks one tile. variant chooses how A lies (rows, columns), what the chain starts from (nothing, a
// bias, C) and what is added. Operands lie in m.
func checkPairTile(t *testing.T, table *Table, m memory, rows, cols, k, variant int) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(rows*1000+cols), uint64(k)))
	integers := func(n int) []float32 {
		x := m.take(n)
		for i := range x {
			x[i] = float32(random.IntN(257) - 128)
		}
		return x
	}
	pairs := (k + 1) / 2
	width := (cols + table.Lanes - 1) / table.Lanes * table.Lanes
	const ldc, guard = 67, 3
	a, b := integers(rows*k), integers(k*cols)
	bias, residual := integers(cols), integers(rows*cols)
	stored := integers(guard + (rows-1)*ldc + cols)
	pa, pb := m.take(max(1, rows*pairs)), m.take(max(1, pairs*width))
	tile := Tile{Rows: rows, Cols: cols, K: k, A: first(a), ARow: 4 * k, AStep: 4, B: first(b), BStep: 4 * cols, CRow: 4 * ldc}
	paired := tile
	paired.Pairs, paired.K, paired.A, paired.B, paired.BStep = 1, pairs, &pa[0], &pb[0], 4*width
	if variant%2 == 0 {
		for i := range rows {
			pairRow(pa[i*pairs:][:pairs], a[i*k:][:k])
		}
		paired.ARow, paired.AStep = 4*pairs, 4
	} else {
		for i := range rows {
			for p := range pairs {
				var two [2]float32
				copy(two[:], a[i*k+2*p:][:min(2, k-2*p)])
				pa[p*rows+i] = pair(two[0], two[1])
			}
		}
		paired.ARow, paired.AStep = 4, 4*rows
	}
	if k > 0 {
		pairRows(pb, b, cols, k, cols, width)
	}
	result := func(s Tile, multiply func(*Tile)) []float32 {
		c := m.take(len(stored))
		copy(c, stored)
		s.C = &c[guard]
		switch variant / 2 {
		case 1:
			s.Start = &bias[0]
		case 2:
			s.Start, s.StartRow = s.C, s.CRow
			s.Add, s.AddRow = &residual[0], 4*cols
		case 3:
			s.Start = &bias[0]
			s.Add, s.AddRow = s.C, s.CRow
		}
		multiply(&s)
		return c
	}
	require.Equal(t, result(tile, multiplyTile), result(paired, table.MultiplyTile), "rows %d cols %d k %d variant %d", rows, cols, k, variant)
	require.True(t, m.intact(), "rows %d cols %d k %d variant %d", rows, cols, k, variant)
}

func first(x []float32) *float32 {
	if len(x) == 0 {
		return &zeros[0]
	}
	return &x[0]
}
