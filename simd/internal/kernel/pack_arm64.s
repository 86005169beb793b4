#include "textflag.h"
#include "neon_arm64.h"

// func packFourNEON(dst, src *float32, ld, k, width int)
//
// dst[p*width+j] = src[j*ld+p] for j < 4 and p < k, k a multiple of 4 above 0: 4 x 4 elements at a time.
TEXT ·packFourNEON(SB), NOSPLIT, $0-40
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1 // row j = 0
	MOVD ld+16(FP), R2
	MOVD k+24(FP), R3
	MOVD width+32(FP), R4
	LSL $2, R2
	LSL $2, R4
	ADD R2, R1, R5 // row j = 1
	ADD R2, R5, R6
	ADD R2, R6, R7
block:
	LD1X1P(0, 1)
	LD1X1P(1, 5)
	LD1X1P(2, 6)
	LD1X1P(3, 7)
	TRN1(4, 0, 1) // s[0,p] s[1,p] s[0,p+2] s[1,p+2]
	TRN2(5, 0, 1)
	TRN1(6, 2, 3)
	TRN2(7, 2, 3)
	TRN1D(0, 4, 6) // s[0..3,p]
	TRN1D(1, 5, 7)
	TRN2D(2, 4, 6)
	TRN2D(3, 5, 7)
	ST1X1(0, 0)
	ADD R4, R0
	ST1X1(1, 0)
	ADD R4, R0
	ST1X1(2, 0)
	ADD R4, R0
	ST1X1(3, 0)
	ADD R4, R0
	SUBS $4, R3
	BNE block
	RET
