// The head of a loop of rows, up to the sum of softmaxSum: V16 has sum in element 0, V27 is m. R0 dst, R1 x, R4 elements
// left of x, R2 cols, F26 scale, EXP's constants. Whoever includes it has a frame of 64 bytes, continues with what
// is to be done to dst, and jumps back to row; at end all rows are done. KEEP(p, to) may store e^(x*scale - m), a pair of
// registers, at to, a general register. R1 has moved to the next row, R0 is still at this one; R6 blocks, and R5
// elements in the tail, which lies at R9: as KEEP left it, or x. R7 is the mask of the tail's lanes.

	DUPE(26, 26, 0)
	AND $15, R2, R5
	LSR $4, R2, R6
	MOVD $tail-64(SP), R9
	MOVD $·laneMasks+64(SB), R7
	SUB R5<<2, R7, R7
row:
	CBZ R4, end
	SUB R2, R4

	// m
	MOVW $0xff800000, R3 // -Inf
	VDUP R3, V16.S4
	MOVV(17, 16)
	MOVV(18, 16)
	MOVV(19, 16)
	MOVD R1, R10
	MOVD R6, R11
	CBZ R11, maxtail
max:
	LD1X4P(0, 10)
	FMUL4K(0, 0, 26)
	GREATER4(16, 0, 4)
	SUBS $1, R11
	BNE max
maxtail:
	CBZ R5, maxdone
	VMOVI $255, V0.B16 // NaN is never greater
	MOVV(1, 0)
	MOVV(2, 0)
	MOVV(3, 0)
	ST1X4(0, 9)
	MOVD R9, R3
	COPY(R5, R10, R3)
	LD1X4(0, 9)
	FMUL4K(0, 0, 26)
	GREATER4(16, 0, 4)
maxdone:
	MAX16(16, 4)
	DUPE(27, 16, 0)
	MOVW $0xff800000, R3
	VDUP R3, V0.S4
	FCMEQ(0, 0, 27)
	BIC(27, 27, 0)

	// e^(x*scale - m) and their sum
#define SCALED(v) FMUL(v, v, 26); FMUL(v+1, v+1, 26); FSUB(v, v, 27); FSUB(v+1, v+1, 27)
	ZERO4(16)
	MOVD R0, R12
	MOVD R6, R11
	CBZ R11, sumtail
sum:
	LD1X2P(0, 1)
	SCALED(0)
	EXP(0, 4, 6, 2, 8)
	PADD(16, 16, 2)
	KEEP(2, 12)
	LD1X2P(0, 1)
	SCALED(0)
	EXP(0, 4, 6, 2, 8)
	PADD(18, 18, 2)
	KEEP(2, 12)
	SUBS $1, R11
	BNE sum
sumtail:
	CBZ R5, join
	MOVD R10, R1
	LD1X4(20, 7)
	MOVD R9, R3
	MOVD R9, R12
	LD1X2P(0, 3)
	SCALED(0)
	EXP(0, 4, 6, 2, 8)
	PAND(2, 2, 20)
	PADD(16, 16, 2)
	KEEP(2, 12)
	LD1X2P(0, 3)
	SCALED(0)
	EXP(0, 4, 6, 2, 8)
	PAND(2, 2, 22)
	PADD(18, 18, 2)
	KEEP(2, 12)
join:
	SUM16(16)
#undef SCALED
