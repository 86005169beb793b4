#include "textflag.h"
#include "neon_arm64.h"

// func packSixteenNEON(dst, src *float32, ld, k, width int)
//
// dst[p*width+j] = src[p*ld+j] for j < 16 and p < k, k above 0.
TEXT ·packSixteenNEON(SB), NOSPLIT, $0-40
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	MOVD k+24(FP), R3
	MOVD width+32(FP), R4
	LSL $2, R2
	LSL $2, R4
	SUBS $2, R3
	BLT last
two:
	VLD1.P (R1)(R2), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P (R1)(R2), [V4.S4, V5.S4, V6.S4, V7.S4]
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], (R0)(R4)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], (R0)(R4)
	SUBS $2, R3
	BGE two
last:
	TBZ $0, R3, end
	LD1X4(0, 1)
	ST1X4(0, 0)
end:
	RET

// func packSomeNEON(dst, src *float32, ld, k, width, cols int)
//
// dst[p*width+j] = src[p*ld+j] for j < cols, +0 for cols <= j < 4, p < k; cols is 1 to 4, k above 0.
TEXT ·packSomeNEON(SB), NOSPLIT, $0-48
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	MOVD k+24(FP), R3
	MOVD width+32(FP), R4
	MOVD cols+40(FP), R5
	LSL $2, R2
	LSL $2, R4
	TBNZ $2, R5, four
	TBZ $1, R5, one
	TBZ $0, R5, two
	ADD $8, R1, R6 // column 2
three:
	VLD1.P (R1)(R2), [V0.D1]
	LD1S2(0, 6)
	ADD R2, R6
	VST1.P [V0.S4], (R0)(R4)
	SUBS $1, R3
	BNE three
	RET
four:
	VLD1.P (R1)(R2), [V0.S4]
	VST1.P [V0.S4], (R0)(R4)
	SUBS $1, R3
	BNE four
	RET
two:
	VLD1.P (R1)(R2), [V0.D1]
	VST1.P [V0.S4], (R0)(R4)
	SUBS $1, R3
	BNE two
	RET
one:
	FMOVS (R1), F0
	ADD R2, R1
	VST1.P [V0.S4], (R0)(R4)
	SUBS $1, R3
	BNE one
	RET

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
	VST1.P [V0.S4], (R0)(R4)
	VST1.P [V1.S4], (R0)(R4)
	VST1.P [V2.S4], (R0)(R4)
	VST1.P [V3.S4], (R0)(R4)
	SUBS $4, R3
	BNE block
	RET
