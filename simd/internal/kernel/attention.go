package kernel

// AttentionKernels are the kernels attention is made of, for a head with all rows of its matrices in scratch memory.
// Strip is nil where there is no assembly: products and row kernels serve then.
type AttentionKernels struct {
	// Strip computes a matrix product of so many columns; see Strip.
	Strip func(s *Strip, columns int)

	// CutStrip returns how many of columns left, a multiple of 8, the next strip takes, and the most rows of its tiles.
	CutStrip func(left int) (columns, mostRows int)

	Softmax     func(r *AttentionRows)
	SoftmaxGrad func(r *AttentionRows)
}

// Strip is a product of some rows and as many columns as CutStrip says:
//
//	x = +0; for p = 0 .. K-1: x = fma(a[i,p], b[p,j], x)
//	c[i,j] = x, or x·Scale where Scaled isn't 0
//
// one chain over ascending p for each element (numerics rule 1), K >= 1. Strides are in bytes; the columns of B and C are
// contiguous. Rows are computed in Tiles tiles of Rows rows each, the first Higher of them of one more.
//
// Every field takes 8 bytes, in the order written here, which is how assembly finds them.
type Strip struct {
	K      int      // 0
	A      *float32 // 8: a[0,0]
	ARow   int      // 16: from a[i,p] to a[i+1,p]
	AStep  int      // 24: from a[i,p] to a[i,p+1]
	B      *float32 // 32: b[0,0]
	BStep  int      // 40: from b[p,j] to b[p+1,j]
	C      *float32 // 48: c[0,0]
	CRow   int      // 56
	Tiles  int      // 64
	Rows   int      // 72
	Higher int      // 80
	Scale  float32  // 88
	_      float32
	Scaled int // 96

	// Each tile takes two elements of the list Ahead, while AheadLeft says that there are two, and prefetches K places of
	// each into the second-level cache. Both fields are moved on.
	Ahead     *Ahead // 104
	AheadLeft int    // 112
}

// Ahead is a column of memory that will be needed soon: the cache lines at an address and steps of so many bytes. It is
// a hint and never read: there may be nothing.
type Ahead struct {
	Address uintptr
	Step    int
}

// AttentionRows are the square matrices of one head, for the row kernels. X [N,N] has rows XRow bytes apart, which is
// room for a multiple of 16 elements; what lies between is overwritten. Rows of the others touch. Work holds
// AttentionWork elements.
//
// Softmax: X holds scaled logits; bias, where there is one, is added to them. Probs becomes their softmax, and LogProbs,
// where wanted, its logarithm, as SoftmaxRows and LogSoftmaxRows compute them. X is used up.
//
// SoftmaxGrad: X holds the gradient of Probs, to which DProbs is added, where there is one. It becomes
// (P∘(X - rowsum(P∘X)) + DLogits)·Scale, as SoftmaxRowsGrad, Add and Scale compute it.
//
// Every field takes 8 bytes, in the order written here.
type AttentionRows struct {
	Tokens   int      // 0: 1 <= N <= 512
	X        *float32 // 8
	XRow     int      // 16
	Probs    *float32 // 24
	Work     *float32 // 32
	Bias     *float32 // 40: nil for none, like those below
	LogProbs *float32 // 48
	DProbs   *float32 // 56
	DLogits  *float32 // 64
	Scale    float32  // 72
	_        float32
}

// AttentionWork is the number of elements of AttentionRows.Work.
const AttentionWork = 16*16 + 3*512
