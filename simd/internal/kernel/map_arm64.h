// The loop of a function of one slice, or of two if TWO is defined, 8 elements at a time. R0 dst, R1 x, R8 y, R2
// elements; the pointers end behind what was done. Whoever includes it has a frame of 64 bytes and rows_arm64.h, and
// defines BODY, which makes V2, V3 from V0, V1 (and V4, V5) and leaves R0 .. R13 alone. What is left of 8 elements goes
// through the frame: R4 is how many those are while they are under way, and 0 before.

	MOVD $0, R4
	SUBS $8, R2
	BLT left
block:
	LD1X2P(0, 1)
#ifdef TWO
	LD1X2P(4, 8)
#endif
	BODY
	ST1X2P(2, 0)
	SUBS $8, R2
	BGE block
	CBNZ R4, leave
left:
	ADDS $8, R2
	BEQ end
	MOVD R2, R4
	MOVD $first-64(SP), R5
	COPY(R4, R1, R5)
	MOVD R1, R12
	MOVD $first-64(SP), R1
#ifdef TWO
	MOVD $second-32(SP), R5
	COPY(R4, R8, R5)
	MOVD R8, R13
	MOVD $second-32(SP), R8
#endif
	MOVD R0, R6
	MOVD R1, R0
	MOVD $0, R2
	B block
leave:
	MOVD $first-64(SP), R5
	COPY(R4, R5, R6)
	MOVD R6, R0
	MOVD R12, R1
#ifdef TWO
	MOVD R13, R8
#endif
end:
