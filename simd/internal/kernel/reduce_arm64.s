#include "textflag.h"
#include "neon_arm64.h"
#include "rows_arm64.h"

// The loops of the reductions stand in reduce_arm64.h: V16 .. V19 are the lanes, V30 what they start from, V31 what
// fills up a tail; V0 .. V3 and V4 .. V7 are a block of x and y.

// func rowSumNEON(dst, x []float32, cols int)
TEXT ·rowSumNEON(SB), NOSPLIT, $128-56
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R4
	MOVD x_base+24(FP), R1
	MOVD cols+48(FP), R2
	ZEROV(30)
	ZEROV(31)
#define BLOCK FADD4(16, 16, 0)
#define JOIN SUM16(16)
#include "reduce_arm64.h"
	RET
#undef BLOCK
#undef JOIN

// func rowMaxNEON(dst, x []float32, cols int)
TEXT ·rowMaxNEON(SB), NOSPLIT, $128-56
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R4
	MOVD x_base+24(FP), R1
	MOVD cols+48(FP), R2
	MOVW $0xff800000, R3 // -Inf
	VDUP R3, V30.S4
	MOVV(31, 30)
#define BLOCK GREATER4(16, 0, 4)
#define JOIN MAX16(16, 4)
#include "reduce_arm64.h"
	RET
#undef BLOCK
#undef JOIN

#define TWO

// func rowDotNEON(dst, x, y []float32, cols int)
TEXT ·rowDotNEON(SB), NOSPLIT, $128-80
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R4
	MOVD x_base+24(FP), R1
	MOVD y_base+48(FP), R8
	MOVD cols+72(FP), R2
	ZEROV(30)
	ZEROV(31)
#define BLOCK FMLA4(16, 0, 4)
#define JOIN SUM16(16)
#include "reduce_arm64.h"
	RET
#undef BLOCK
#undef JOIN

// func rowL1NEON(dst, x, y []float32, cols int)
TEXT ·rowL1NEON(SB), NOSPLIT, $128-80
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R4
	MOVD x_base+24(FP), R1
	MOVD y_base+48(FP), R8
	MOVD cols+72(FP), R2
	ZEROV(30)
	ZEROV(31)
#define BLOCK FABD4(0, 0, 4); FADD4(16, 16, 0)
#define JOIN SUM16(16)
#include "reduce_arm64.h"
	RET
#undef BLOCK
#undef JOIN

// func rowL2NEON(dst, x, y []float32, cols int)
TEXT ·rowL2NEON(SB), NOSPLIT, $128-80
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R4
	MOVD x_base+24(FP), R1
	MOVD y_base+48(FP), R8
	MOVD cols+72(FP), R2
	ZEROV(30)
	ZEROV(31)
#define BLOCK FSUB4(0, 0, 4); FMLA4(16, 0, 0)
#define JOIN SUM16(16)
#include "reduce_arm64.h"
	RET
#undef BLOCK
#undef JOIN

// func columnAddNEON(dst, x []float32, cols int)
//
// 16 columns at a time through all rows, then 4, then single ones.
TEXT ·columnAddNEON(SB), NOSPLIT, $0-56
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R4
	MOVD cols+48(FP), R2
	CBZ R4, end
	UDIV R2, R4 // rows
	LSL $2, R2, R3 // from row to row
	SUBS $16, R2
	BLT few
sixteen:
	MOVD R1, R5
	MOVD R4, R6
	LD1X4(16, 0)
rows16:
	VLD1.P (R5)(R3), [V0.S4, V1.S4, V2.S4, V3.S4]
	FADD4(16, 16, 0)
	SUBS $1, R6
	BNE rows16
	ST1X4P(16, 0)
	ADD $64, R1
	SUBS $16, R2
	BGE sixteen
few:
	ADD $16, R2
	SUBS $4, R2
	BLT last
four:
	MOVD R1, R5
	MOVD R4, R6
	LD1X1(16, 0)
rows4:
	VLD1.P (R5)(R3), [V0.S4]
	FADD(16, 16, 0)
	SUBS $1, R6
	BNE rows4
	ST1X1P(16, 0)
	ADD $16, R1
	SUBS $4, R2
	BGE four
last:
	ADDS $4, R2
	BEQ end
one:
	MOVD R1, R5
	MOVD R4, R6
	FMOVS (R0), F16
rows1:
	FMOVS (R5), F0
	ADD R3, R5
	FADDS F0, F16, F16
	SUBS $1, R6
	BNE rows1
	FMOVS.P F16, 4(R0)
	ADD $4, R1
	SUBS $1, R2
	BNE one
end:
	RET
