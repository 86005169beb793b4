#include "textflag.h"
#include "neon_arm64.h"

// func peakFMANEON(n int)
//
// V0 .. V23 are 24 chains: four units of latency 4 need 16. V24 and V25 are the factors, 1.25 and -0.75.
TEXT ·peakFMANEON(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R0
	MOVW $0x3fa00000, R1
	VDUP R1, V24.S4
	MOVW $0xbf400000, R1
	VDUP R1, V25.S4
	ZEROV(0); ZEROV(1); ZEROV(2); ZEROV(3); ZEROV(4); ZEROV(5); ZEROV(6); ZEROV(7)
	ZEROV(8); ZEROV(9); ZEROV(10); ZEROV(11); ZEROV(12); ZEROV(13); ZEROV(14); ZEROV(15)
	ZEROV(16); ZEROV(17); ZEROV(18); ZEROV(19); ZEROV(20); ZEROV(21); ZEROV(22); ZEROV(23)
turn:
	FMLA(0, 24, 25); FMLA(1, 24, 25); FMLA(2, 24, 25); FMLA(3, 24, 25)
	FMLA(4, 24, 25); FMLA(5, 24, 25); FMLA(6, 24, 25); FMLA(7, 24, 25)
	FMLA(8, 24, 25); FMLA(9, 24, 25); FMLA(10, 24, 25); FMLA(11, 24, 25)
	FMLA(12, 24, 25); FMLA(13, 24, 25); FMLA(14, 24, 25); FMLA(15, 24, 25)
	FMLA(16, 24, 25); FMLA(17, 24, 25); FMLA(18, 24, 25); FMLA(19, 24, 25)
	FMLA(20, 24, 25); FMLA(21, 24, 25); FMLA(22, 24, 25); FMLA(23, 24, 25)
	SUBS $1, R0
	BNE turn
	RET

// func streamReadNEON(dst, x, y []float32)
TEXT ·streamReadNEON(SB), NOSPLIT, $0-72
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R3
turn:
	LD1X4P(0, 1)
	LD1X4P(4, 1)
	LD1X4P(8, 1)
	LD1X4P(12, 1)
	SUBS $64, R3
	BNE turn
	RET

// func streamCopyNEON(dst, x, y []float32)
TEXT ·streamCopyNEON(SB), NOSPLIT, $0-72
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R3
turn:
	LD1X4P(0, 1)
	LD1X4P(4, 1)
	LD1X4P(8, 1)
	LD1X4P(12, 1)
	ST1X4P(0, 0)
	ST1X4P(4, 0)
	ST1X4P(8, 0)
	ST1X4P(12, 0)
	SUBS $64, R3
	BNE turn
	RET

// func streamTriadNEON(dst, x, y []float32)
TEXT ·streamTriadNEON(SB), NOSPLIT, $0-72
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R3
	MOVD y_base+48(FP), R2
turn:
	LD1X4P(0, 1)
	LD1X4P(4, 1)
	LD1X4P(16, 2)
	LD1X4P(20, 2)
	FMLA(0, 16, 16); FMLA(1, 17, 17); FMLA(2, 18, 18); FMLA(3, 19, 19)
	FMLA(4, 20, 20); FMLA(5, 21, 21); FMLA(6, 22, 22); FMLA(7, 23, 23)
	ST1X4P(0, 0)
	ST1X4P(4, 0)
	SUBS $32, R3
	BNE turn
	RET
