package kernel

// Table is one implementation of every kernel, for one instruction set. An entry for which there is no assembly is the
// meaning, so each table is complete but for AttentionKernels.
type Table struct {
	Name string // "generic", "avx2", "avx512" or "neon": a value of MTOBENCH_ISA
	GEMMKernels
	AttentionKernels
	RowKernels
}

// GEMMKernels are the kernels matrix products and attention are made of.
type GEMMKernels struct {
	// MR is the most rows of a tile. Columns are cut into panels of NR, but the last two may be cut otherwise to waste
	// less: Wide, NR or more, is the most columns of a tile, and 1 to Narrow columns cost less than a tile of NR. Where a
	// table has no such tiles, Wide is NR and Narrow 0.
	MR, NR, Wide, Narrow int

	// Lanes divides NR and Wide. The microkernel reads the rows of its B panel in whole multiples of Lanes columns: a
	// panel must be readable (its values past Tile.Cols don't matter) up to the next multiple.
	Lanes int

	// MultiplyTile computes one tile of a product; see Tile. It keeps no pointer of t.
	MultiplyTile func(t *Tile)

	// PackRows copies k rows of cols columns into a panel of rows of width elements, and fills up with zeros:
	// dst[p*width+j] = src[p*ld+j] for j < cols, +0 for cols <= j < width. dst has k*width elements.
	PackRows func(dst, src []float32, ld, k, cols, width int)

	// PackTiles is PackRows for PackedTiles tiles at once, for k rows of PackedTiles*MR columns, each tile in a panel of
	// its own, one after another, as wide as MR rounded up to Lanes. It reads that width from each tile's first column on.
	// It is nil where a tile has so many rows that form TN reads A in place.
	PackTiles func(dst, src []float32, ld, k int)

	// PackColumns is PackRows of the transposed source: dst[p*width+j] = src[j*ld+p], and zeros past cols.
	PackColumns func(dst, src []float32, ld, k, cols, width int)

	// PairRow and PairRows round to bfloat16 (see RoundBF16) and pair elements of even k with the next, or with +0 where
	// k ends. They are nil in tables that don't know Tile.Pairs.
	PairRow  func(dst, src []float32)                         // dst[p] = (src[2p], src[2p+1])
	PairRows func(dst, src []float32, ld, k, cols, width int) // PackRows of (k+1)/2 rows: dst[p*width+j] = (src[2p*ld+j], src[(2p+1)*ld+j])
}

// PackedTiles is how many tiles PackTiles packs.
const PackedTiles = 4

// Tile describes one call of the microkernel:
//
//	x[i,j] = start[i,j], or +0 where Start is nil
//	for p = 0 .. K-1: x[i,j] = fma(a[i,p], b[p,j], x[i,j])
//	c[i,j] = x[i,j], or x[i,j] + add[i,j] where Add is not nil
//
// for 0 <= i < Rows and 0 <= j < Cols: one chain over ascending p for each element (numerics rule 1). K may be 0.
// All strides are in bytes. The columns of B, C, Start and Add are contiguous. Nothing outside the Rows x Cols
// elements of C is written, and nothing outside those of Start and Add is read; B is read as said at Lanes. Start and
// Add may each be C itself (same address, same stride); otherwise they don't overlap it.
//
// Every field takes 8 bytes, in the order written here, which is how assembly finds them.
type Tile struct {
	K     int      // 0: length of the chain
	A     *float32 // 8: a[0,0]
	ARow  int      // 16: from a[i,p] to a[i+1,p]
	AStep int      // 24: from a[i,p] to a[i,p+1]
	B     *float32 // 32: b[0,0]
	BStep int      // 40: from b[p,j] to b[p+1,j]
	C     *float32 // 48: c[0,0]
	CRow  int      // 56

	Start    *float32 // 64: start[0,0]: a bias (StartRow 0), the stored C, or nil
	StartRow int      // 72
	Add      *float32 // 80: add[0,0]: a residual, or nil
	AddRow   int      // 88

	Rows int // 96: 1..MR
	Cols int // 104: 1..Wide

	// Two cache lines a step may be prefetched from address Ahead on, which moves by AheadStep bytes. It is a hint, not
	// a pointer: nothing is read, and there may be nothing.
	Ahead     uintptr // 112
	AheadStep int     // 120

	// Not 0: elements of A and B are pairs of bfloat16, and a step of the chain adds both products, in an order and with
	// roundings that are the instruction's own; subnormal numbers count as zero. For tables that have PairRow.
	Pairs int // 128

	// One more may be from Far on, which moves by FarStep, into the second-level cache alone. What will be needed much later is
	// fetched that way, so that it leaves room for what is needed now. Tables without room for it ignore it.
	Far     uintptr // 136
	FarStep int     // 144

	// Above 1, the tile is computed for so many panels of B that lie BPanel bytes apart, each as wide as the first; C, Start and
	// Add of a panel begin where those of the one before end. B, C, Start, Add and Ahead move with them, Panels counts down.
	Panels int // 152
	BPanel int // 160
}

// Generic is the table of the meanings.
var Generic = Table{Name: "generic", GEMMKernels: gemmGeneric(), RowKernels: rowsGeneric()}

// Supported returns the tables this CPU can run, the fastest first; the last is Generic.
func Supported() []*Table { return append(supported(), &Generic) }

// Names lists all tables of all machines, as MTOBENCH_ISA spells them.
func Names() []string { return []string{"avx512", "avx2", "neon", "generic"} }
