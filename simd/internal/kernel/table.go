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

	// SmallTile says that a step of k takes a tile so few cycles that cache lines which bring little of A and B limit it.
	SmallTile bool

	// MultiplyTile computes one tile of a product; see Tile. It keeps no pointer of t.
	MultiplyTile func(t *Tile)

	// PackRows copies k rows of cols columns into a panel of rows of width elements, and fills up with zeros:
	// dst[p*width+j] = src[p*ld+j] for j < cols, +0 for cols <= j < width. dst has k*width elements.
	PackRows func(dst, src []float32, ld, k, cols, width int)

	// PackColumns is PackRows of the transposed source: dst[p*width+j] = src[j*ld+p], and zeros past cols.
	PackColumns func(dst, src []float32, ld, k, cols, width int)
}

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
}

// Generic is the table of the meanings.
var Generic = Table{Name: "generic", GEMMKernels: gemmGeneric(), RowKernels: rowsGeneric()}

// Supported returns the tables this CPU can run, the fastest first; the last is Generic.
func Supported() []*Table { return append(supported(), &Generic) }

// Names lists all tables of all machines, as MTOBENCH_ISA spells them.
func Names() []string { return []string{"avx512", "avx2", "neon", "generic"} }
