package simd

import "fmt"

// Form says which operands of a matrix product are stored transposed.
type Form uint8

const (
	NN Form = iota // C = A·B:  A stored [m,k], B stored [k,n]
	NT             // C = A·Bᵀ: A stored [m,k], B stored [n,k]
	TN             // C = Aᵀ·B: A stored [k,m], B stored [k,n]
)

// String returns "nn", "nt" or "tn".
func (f Form) String() string {
	switch f {
	case NN:
		return "nn"
	case NT:
		return "nt"
	case TN:
		return "tn"
	}
	return fmt.Sprintf("Form(%d)", uint8(f))
}

// GEMM is a matrix product C [M,N] with an inner dimension K, and what is done to each element before it is stored.
//
// Forms NN and NT (numerics rule 1): each element is one chain of fused multiply-adds over ascending k, which starts
// from +0, from the bias, or from the stored element if Accumulate is set. GELU or the addition of a residual follow.
//
// Form TN (numerics rule 2) is for gradients of weights, with a long K: chunks of 512 k are chains from +0, chunk
// results are added left to right, and the stored element, if Accumulate is set, is added to that sum last. It takes
// no bias, GELU or residual.
//
// That is precision F32. Of precision BF16, A and B are rounded first, and where Arithmetic says "bf16-vdpbf16ps" a step of
// the chain takes two k, and the stored element of form TN is added to before the chunks.
//
// A and B are read only. C overlaps neither. Slices must reach the last element and may be longer; the columns between
// N and LDC aren't touched.
type GEMM struct {
	Form      Form
	Precision Precision // of A and B
	M, N, K   int

	A   []float32 // [M,K], or [K,M] in form TN
	LDA int       // 0: rows touch
	B   []float32 // [K,N], or [N,K] in form NT
	LDB int       // 0: rows touch
	C   []float32 // [M,N], overwritten, or added to if Accumulate
	LDC int       // 0: rows touch

	Accumulate bool
	Bias       []float32 // [N], chains start from it; nil for none, excludes Accumulate

	GELU     bool // C = GELU(chain); excludes Residual and Accumulate
	GELUForm GELUForm
	Pre      []float32 // [M,N] with LDC, overwritten with the chain before GELU; nil if not wanted. Needs GELU.

	// Residual [M,N] with LDC is added after the chain; nil for none. It may be C itself, and overlaps it in no other way.
	Residual []float32
}

// check panics where g makes no sense or a slice is too short, for batch matrices that lie strides apart. It fills in
// the leading dimensions.
func (g *GEMM) check(batch, strideA, strideB, strideC int) {
	if g.Form > TN {
		panic(fmt.Sprintf("gemm: form: found %d; want simd.NN, simd.NT or simd.TN", g.Form))
	}
	if g.M < 0 || g.N < 0 || g.K < 0 || batch < 0 || strideA < 0 || strideB < 0 || strideC < 0 {
		panic(fmt.Sprintf("gemm: sizes m=%d n=%d k=%d batch=%d strides %d, %d, %d: found one below 0; give sizes of 0 or more",
			g.M, g.N, g.K, batch, strideA, strideB, strideC))
	}
	g.checkEpilogue()
	if g.Precision > BF16 {
		panic(fmt.Sprintf("gemm: precision: found %d; want simd.F32 or simd.BF16", g.Precision))
	}
	if batch == 0 {
		return
	}
	aRows, aCols, bRows, bCols := g.stored()
	g.LDA = checkMatrix("a", g.A, aRows, aCols, g.LDA, (batch-1)*strideA)
	g.LDB = checkMatrix("b", g.B, bRows, bCols, g.LDB, (batch-1)*strideB)
	ldc := g.LDC
	g.LDC = checkMatrix("c", g.C, g.M, g.N, ldc, (batch-1)*strideC)
	if g.Pre != nil {
		checkMatrix("pre", g.Pre, g.M, g.N, ldc, (batch-1)*strideC)
	}
	if g.Residual != nil {
		checkMatrix("residual", g.Residual, g.M, g.N, ldc, (batch-1)*strideC)
	}
	if g.Bias != nil && len(g.Bias) < g.N {
		panic(fmt.Sprintf("gemm: bias has %d elements, need n = %d", len(g.Bias), g.N))
	}
}

// stored returns the shapes of A and B as they lie in memory.
func (g *GEMM) stored() (aRows, aCols, bRows, bCols int) {
	switch g.Form {
	case NT:
		return g.M, g.K, g.N, g.K
	case TN:
		return g.K, g.M, g.K, g.N
	}
	return g.M, g.K, g.K, g.N
}

// checkEpilogue panics where two things are asked for that exclude each other.
func (g *GEMM) checkEpilogue() {
	refuse := func(what string) {
		panic("gemm: " + what + ": found both; do one of them in a separate pass")
	}
	switch {
	case g.Form == TN && (g.Bias != nil || g.GELU || g.Residual != nil):
		panic("gemm: form tn: found a bias, GELU or residual; form tn takes none, do it in a separate pass")
	case g.Accumulate && g.Bias != nil:
		refuse("accumulate and bias, which both start the chain")
	case g.GELU && g.Residual != nil:
		refuse("GELU and residual")
	case g.GELU && g.Accumulate:
		refuse("GELU and accumulate")
	case g.Pre != nil && !g.GELU:
		panic("gemm: pre-activations: found GELU off; leave Pre nil, C is the chain then")
	case g.GELU && g.GELUForm > GELUErf:
		panic(fmt.Sprintf("gemm: GELU form: found %d; want simd.GELUTanh or simd.GELUErf", g.GELUForm))
	}
}

// checkMatrix panics unless s holds, from offset on, rows x cols elements with leading dimension ld, and returns ld,
// or cols where ld is 0.
func checkMatrix(name string, s []float32, rows, cols, ld, offset int) int {
	if ld == 0 {
		ld = cols
	}
	if ld < cols {
		panic(fmt.Sprintf("gemm: %s has leading dimension %d, need at least its %d columns, or 0 for rows that touch", name, ld, cols))
	}
	if rows == 0 || cols == 0 {
		return ld
	}
	if need := offset + (rows-1)*ld + cols; len(s) < need {
		panic(fmt.Sprintf("gemm: %s has %d elements, need %d for %d rows of %d columns with leading dimension %d from element %d on",
			name, len(s), need, rows, cols, ld, offset))
	}
	return ld
}
