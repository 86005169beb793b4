#include "textflag.h"
#include "neon_arm64.h"
#include "rows_arm64.h"

// func layerNormNEON(dst, mean, rstd, x, gamma, beta []float32, cols int, eps float32)
//
// R0 dst, R1 x, R8 gamma, R9 beta, R10 mean, R11 rstd, R4 rows left, R2 cols, R6 blocks and R5 elements of the tail in a
// row, R7 the tail's mask; R13 .. R15 walk. V24 m, V25 s, V29 1, V30 eps, V31 n. In the frame lie the tails of x, gamma,
// beta and dst.
TEXT ·layerNormNEON(SB), NOSPLIT, $256-156
	MOVD dst_base+0(FP), R0
	MOVD mean_base+24(FP), R10
	MOVD mean_len+32(FP), R4
	MOVD rstd_base+48(FP), R11
	MOVD x_base+72(FP), R1
	MOVD gamma_base+96(FP), R8
	MOVD beta_base+120(FP), R9
	MOVD cols+144(FP), R2
	FMOVS eps+152(FP), F30
	FMOVS $1.0, F29
	SCVTFS R2, F31
	AND $15, R2, R5
	LSR $4, R2, R6
	MOVD $·laneMasks+64(SB), R7
	SUB R5<<2, R7, R7
	MOVD $xtail-256(SP), R12
	ZERO4(0)
	ST1X4(0, 12)
	ADD R6<<6, R8, R13
	MOVD $gammatail-192(SP), R3
	COPY(R5, R13, R3)
	ADD R6<<6, R9, R13
	MOVD $betatail-128(SP), R3
	COPY(R5, R13, R3)
row:
	CBZ R4, end
	SUB $1, R4

	// m
	ZERO4(16)
	MOVD R1, R13
	MOVD R6, R16
	CBZ R16, meantail
mean:
	LD1X4P(0, 13)
	FADD4(16, 16, 0)
	SUBS $1, R16
	BNE mean
meantail:
	CBZ R5, meandone
	MOVD R12, R3
	COPY(R5, R13, R3)
	LD1X4(0, 12)
	FADD4(16, 16, 0)
meandone:
	SUM16(16)
	FDIVS F31, F16, F16
	FMOVS.P F16, 4(R10)
	DUPE(24, 16, 0)

	// s
	ZERO4(16)
	MOVD R1, R13
	MOVD R6, R16
	CBZ R16, vartail
var:
	LD1X4P(0, 13)
	FSUB4K(0, 0, 24)
	FMLA4(16, 0, 0)
	SUBS $1, R16
	BNE var
vartail:
	CBZ R5, vardone
	LD1X4(0, 12)
	LD1X4(4, 7)
	FSUB4K(0, 0, 24)
	AND4(0, 0, 4)
	FMLA4(16, 0, 0)
vardone:
	SUM16(16)
	FDIVS F31, F16, F16
	FADDS F30, F16, F16
	FSQRTS F16, F16
	FDIVS F16, F29, F16
	FMOVS.P F16, 4(R11)
	DUPE(25, 16, 0)

	// dst
	MOVD R8, R14
	MOVD R9, R15
	MOVD R6, R16
	CBZ R16, lasttail
last:
	LD1X4P(0, 1)
	LD1X4P(4, 14)
	LD1X4P(8, 15)
	FSUB4K(0, 0, 24)
	FMUL4K(0, 0, 25)
	FMLA4(8, 0, 4)
	ST1X4P(8, 0)
	SUBS $1, R16
	BNE last
lasttail:
	CBZ R5, row
	ADD R5<<2, R1
	MOVD $gammatail-192(SP), R14
	MOVD $betatail-128(SP), R15
	MOVD $dsttail-64(SP), R3
	LD1X4(0, 12)
	LD1X4(4, 14)
	LD1X4(8, 15)
	FSUB4K(0, 0, 24)
	FMUL4K(0, 0, 25)
	FMLA4(8, 0, 4)
	ST1X4(8, 3)
	COPY(R5, R3, R0)
	B row
end:
	RET

// A block of the second walk of layerNormGrad: R13 dy, R14 gamma, R15 x, R16 dgamma, R17 dbeta, R19 dx, all of which
// advance. V24 m, V25 s, V26 a, V27 b; R23 is not 0 to add to dx.
#define GRADBLOCK \
	LD1X4P(0, 13); LD1X4P(4, 14); LD1X4P(8, 15); \
	LD1X4(12, 16); LD1X4(16, 17); \
	FSUB4K(8, 8, 24); FMUL4K(8, 8, 25); \
	FMLA4(12, 0, 8); ST1X4P(12, 16); \
	FADD4(16, 16, 0); ST1X4P(16, 17); \
	FMUL4(4, 0, 4); FSUB4K(4, 4, 26); FMLS4K(4, 8, 27); \
	ZERO4(20); CBZ R23, 2(PC); LD1X4(20, 19); \
	FMLA4K(20, 4, 25); ST1X4P(20, 19)

// func layerNormGradNEON(dx, dgamma, dbeta, dy, x, mean, rstd, gamma []float32, cols int, add bool)
//
// R0 dx, R1 x, R8 dy, R9 gamma, R12 dgamma, R22 dbeta, R10 mean, R11 rstd, R4 rows left, R2 cols, R6 blocks and R5
// elements of the tail in a row, R7 the tail's mask. V31 n. In the frame lie the tails of dy, x, gamma, dgamma, dbeta
// and dx; those of dgamma and dbeta gather there until the end.
TEXT ·layerNormGradNEON(SB), NOSPLIT, $384-201
	MOVD dx_base+0(FP), R0
	MOVD dgamma_base+24(FP), R12
	MOVD dbeta_base+48(FP), R22
	MOVD dy_base+72(FP), R8
	MOVD x_base+96(FP), R1
	MOVD mean_base+120(FP), R10
	MOVD mean_len+128(FP), R4
	MOVD rstd_base+144(FP), R11
	MOVD gamma_base+168(FP), R9
	MOVD cols+192(FP), R2
	MOVBU add+200(FP), R23
	SCVTFS R2, F31
	AND $15, R2, R5
	LSR $4, R2, R6
	MOVD $·laneMasks+64(SB), R7
	SUB R5<<2, R7, R7
	MOVD $dytail-384(SP), R25
	ZERO4(0)
	MOVD R25, R3
	ST1X4P(0, 3) // dy
	ST1X4P(0, 3) // x
	ST1X4P(0, 3) // gamma
	MOVD $gammatail-256(SP), R3
	ADD R6<<6, R9, R13
	COPY(R5, R13, R3)
	MOVD $dgammatail-192(SP), R3
	ADD R6<<6, R12, R13
	COPY(R5, R13, R3)
	MOVD $dbetatail-128(SP), R3
	ADD R6<<6, R22, R13
	COPY(R5, R13, R3)
row:
	CBZ R4, end
	SUB $1, R4
	VLD1R.P 4(R10), [V24.S4]
	VLD1R.P 4(R11), [V25.S4]

	// a and b
	ZERO4(16)
	ZERO4(20)
	MOVD R8, R13
	MOVD R9, R14
	MOVD R1, R15
	MOVD R6, R24
	CBZ R24, sumtail
sum:
	LD1X4P(0, 13)
	LD1X4P(4, 14)
	LD1X4P(8, 15)
	FMUL4(0, 0, 4)
	FADD4(16, 16, 0)
	FSUB4K(8, 8, 24)
	FMUL4K(8, 8, 25)
	FMLA4(20, 0, 8)
	SUBS $1, R24
	BNE sum
sumtail:
	CBZ R5, sumdone
	MOVD R25, R3
	COPY(R5, R13, R3)
	MOVD $xtail-320(SP), R3
	COPY(R5, R15, R3)
	MOVD R25, R3
	LD1X4P(0, 3)
	LD1X4P(8, 3)
	LD1X4P(4, 3)
	LD1X4(12, 7)
	FMUL4(0, 0, 4)
	FADD4(16, 16, 0)
	FSUB4K(8, 8, 24)
	FMUL4K(8, 8, 25)
	AND4(8, 8, 12)
	FMLA4(20, 0, 8)
sumdone:
	SUM16(16)
	SUM16(20)
	FDIVS F31, F16, F16
	FDIVS F31, F20, F20
	DUPE(26, 16, 0)
	DUPE(27, 20, 0)

	// dgamma, dbeta, dx
	MOVD R8, R13
	MOVD R9, R14
	MOVD R1, R15
	MOVD R12, R16
	MOVD R22, R17
	MOVD R0, R19
	MOVD R6, R24
	CBZ R24, lasttail
last:
	GRADBLOCK
	SUBS $1, R24
	BNE last
lasttail:
	ADD R2<<2, R8
	ADD R2<<2, R1
	ADD R2<<2, R0
	CBZ R5, row
	MOVD R19, R24
	MOVD $dxtail-64(SP), R3
	COPY(R5, R19, R3)
	MOVD R25, R13
	ADD $64, R25, R15
	ADD $128, R25, R14
	ADD $192, R25, R16
	ADD $256, R25, R17
	ADD $320, R25, R19
	GRADBLOCK
	MOVD $dxtail-64(SP), R3
	COPY(R5, R3, R24)
	B row
end:
	MOVD $dgammatail-192(SP), R3
	ADD R6<<6, R12, R13
	COPY(R5, R3, R13)
	MOVD $dbetatail-128(SP), R3
	ADD R6<<6, R22, R13
	COPY(R5, R3, R13)
	RET
