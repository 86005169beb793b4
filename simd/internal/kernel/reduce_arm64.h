// The loop of a reduction of the rows of x, or of x and y if TWO is defined. R0 dst, R4 rows, R1 x, R8 y, R2 cols.
// Whoever includes it has a frame of 128 bytes, sets V30 (what lanes start from) and V31 (what changes no lane), and
// defines BLOCK, which adds a block to the lanes V16 .. V19, and JOIN, which leaves their result in element 0 of V16.

	AND $15, R2, R5
	LSR $4, R2, R6
	MOVD $first-128(SP), R9
	MOVV(0, 31)
	MOVV(1, 31)
	MOVV(2, 31)
	MOVV(3, 31)
	ST1X4(0, 9)
#ifdef TWO
	MOVD $second-64(SP), R10
	ST1X4(0, 10)
#endif
	CBZ R4, end
row:
	MOVV(16, 30)
	MOVV(17, 30)
	MOVV(18, 30)
	MOVV(19, 30)
	CBZ R6, tail
	MOVD R6, R7
block:
	LD1X4P(0, 1)
#ifdef TWO
	LD1X4P(4, 8)
#endif
	BLOCK
	SUBS $1, R7
	BNE block
tail:
	CBZ R5, join
	MOVD R9, R3
	COPY(R5, R1, R3)
	LD1X4(0, 9)
#ifdef TWO
	MOVD R10, R3
	COPY(R5, R8, R3)
	LD1X4(4, 10)
#endif
	BLOCK
join:
	JOIN
	FMOVS.P F16, 4(R0)
	SUBS $1, R4
	BNE row
end:
