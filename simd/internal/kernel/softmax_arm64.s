#include "textflag.h"
#include "neon_arm64.h"
#include "pairs_arm64.h"
#include "elementary_arm64.h"
#include "rows_arm64.h"

// func softmaxRowsNEON(dst, x []float32, cols int, scale float32)
//
// softmax_arm64.h leaves e^(x*scale - m) in dst; here they are multiplied by 1/sum.
TEXT ·softmaxRowsNEON(SB), NOSPLIT, $64-60
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R4
	MOVD cols+48(FP), R2
	FMOVS scale+56(FP), F26
	LOADEXP
#define KEEP(p, to) ST1X2P(p, to)
#include "softmax_arm64.h"
#undef KEEP
	DUPE(0, 28, 1)
	FDIV(0, 0, 16)
	ZEROV(1)
	FCMEQ(1, 1, 16)
	BIC(0, 0, 1) // 0 where sum is 0
	DUPE(20, 0, 0) // inverse
	MOVD R6, R11
	CBZ R11, lasttail
last:
	LD1X4(0, 0)
	FMUL4K(0, 0, 20)
	ST1X4P(0, 0)
	SUBS $1, R11
	BNE last
lasttail:
	CBZ R5, row
	LD1X4(0, 9)
	FMUL4K(0, 0, 20)
	ST1X4(0, 9)
	MOVD R9, R3
	COPY(R5, R3, R0)
	B row
end:
	RET

// func logSoftmaxRowsNEON(dst, x []float32, cols int)
//
// softmax_arm64.h leaves dst alone, so that x may be dst; V24 is m. The logarithm takes the exponential's registers.
TEXT ·logSoftmaxRowsNEON(SB), NOSPLIT, $64-56
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R4
	MOVD cols+48(FP), R2
	FMOVS $1.0, F26
	LOADEXP
#define KEEP(p, to)
#include "softmax_arm64.h"
#undef KEEP
	MOVV(24, 27) // m
	MOVV(17, 16)
	LOADLOG
	LOG(16, 0, 2, 4, 6, 8, 10)
	ZEROV(1)
	FCMEQ(1, 1, 16)
	BIC(0, 0, 1) // 0 where sum is 0
	DUPE(20, 0, 0) // ln
	LOADEXP
	DUPE(26, 28, 1) // scale
	SUB R2<<2, R1, R10 // the row again
	MOVD R6, R11
	CBZ R11, lasttail
last:
	LD1X4P(0, 10)
	FSUB4K(0, 0, 24)
	FSUB4K(0, 0, 20)
	ST1X4P(0, 0)
	SUBS $1, R11
	BNE last
lasttail:
	CBZ R5, row
	LD1X4(0, 9)
	FSUB4K(0, 0, 24)
	FSUB4K(0, 0, 20)
	ST1X4(0, 9)
	MOVD R9, R3
	COPY(R5, R3, R0)
	B row
end:
	RET

// func softmaxRowsGradNEON(dx, dy, y []float32, cols int, scale float32)
//
// R0 dx, R1 dy, R8 y, R4 elements left, R6 blocks and R5 elements of the tail in a row; V27 scale. In the frame lie the
// tails of dy, y and dx.
TEXT ·softmaxRowsGradNEON(SB), NOSPLIT, $192-84
	MOVD dx_base+0(FP), R0
	MOVD dy_base+24(FP), R1
	MOVD y_base+48(FP), R8
	MOVD y_len+56(FP), R4
	MOVD cols+72(FP), R2
	FMOVS scale+80(FP), F27
	DUPE(27, 27, 0)
	AND $15, R2, R5
	LSR $4, R2, R6
	MOVD $first-192(SP), R9
	MOVD $second-128(SP), R10
	MOVD $third-64(SP), R11
	ZERO4(0)
	ST1X4(0, 9)
	ST1X4(0, 10)
row:
	CBZ R4, end
	SUB R2, R4
	MOVD R1, R12
	MOVD R8, R13
	ZERO4(16)
	CBZ R6, dottail
	MOVD R6, R7
dot:
	LD1X4P(0, 12)
	LD1X4P(4, 13)
	FMLA4(16, 4, 0)
	SUBS $1, R7
	BNE dot
dottail:
	CBZ R5, join
	MOVD R9, R3
	COPY(R5, R12, R3)
	MOVD R10, R3
	COPY(R5, R13, R3)
	LD1X4(0, 9)
	LD1X4(4, 10)
	FMLA4(16, 4, 0)
join:
	SUM16(16)
	DUPE(20, 16, 0) // d
	CBZ R6, lasttail
	MOVD R6, R7
last:
	LD1X4P(0, 1)
	LD1X4P(4, 8)
	FSUB4K(0, 0, 20)
	FMUL4(0, 4, 0)
	FMUL4K(0, 0, 27)
	ST1X4P(0, 0)
	SUBS $1, R7
	BNE last
lasttail:
	MOVD R12, R1
	MOVD R13, R8
	CBZ R5, row
	LD1X4(0, 9)
	LD1X4(4, 10)
	FSUB4K(0, 0, 20)
	FMUL4(0, 4, 0)
	FMUL4K(0, 0, 27)
	ST1X4(0, 11)
	MOVD R11, R3
	COPY(R5, R3, R0)
	B row
end:
	RET
