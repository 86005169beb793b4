// The body of a microkernel of 6 rows. Whoever includes it defines, for its width,
//
//	ZERO        +0 into all accumulators
//	LOAD(r, n)  row r of the accumulators from memory at general register n
//	PLUS(r, n)  row r plus memory at n, through V24 .. V27
//	STORE(r, n) row r to memory at n
//	STEP(i)     one p: row r of the accumulators += element i of V(24+r) * b[p]; moves to the next row of B
//	STEPC       the same with row r's factor in element r of V24 (r < 4) or element r-2 of V25
//
// R0 t, R1 the p still to do, R2 b[p], R3 AStep, R4 ARow, R5 BStep, R6 Rows, R7 scratch, R10 .. R15 a[r,p].
// All six rows are always computed. Rows 0 to 3 of the registers are the tile's rows, its last one repeated; 4 and 5 are
// its last two, so that from four rows on two loads fetch a column. A row that is there twice is stored twice.

#define IFROW(r, stride, from, to) CMP $r, R6; CSEL GT, stride, ZR, R7; ADD R7, from, to
#define LASTBUT(i, stride, from, to) SUBS $(i+1), R6, R7; CSEL GE, R7, ZR, R7; MADD R7, from, stride, to
// Applies do to the rows of a matrix at R8, R9 bytes apart.
#define ROWS(do) \
	do(0, 8); \
	IFROW(1, R9, R8, R16); do(1, 16); \
	IFROW(2, R9, R16, R16); do(2, 16); \
	IFROW(3, R9, R16, R16); do(3, 16); \
	LASTBUT(1, R9, R8, R16); do(4, 16); \
	LASTBUT(0, R9, R8, R16); do(5, 16)

	MOVD t+0(FP), R0
	MOVD Tile_K(R0), R1
	MOVD Tile_A(R0), R10
	MOVD Tile_B(R0), R2
	MOVD Tile_AStep(R0), R3
	MOVD Tile_ARow(R0), R4
	MOVD Tile_BStep(R0), R5
	MOVD Tile_Rows(R0), R6
	IFROW(1, R4, R10, R11)
	IFROW(2, R4, R11, R12)
	IFROW(3, R4, R12, R13)
	LASTBUT(1, R4, R10, R14)
	LASTBUT(0, R4, R10, R15)

	// x = start, or +0
	MOVD Tile_Start(R0), R8
	CBZ R8, zero
	MOVD Tile_StartRow(R0), R9
	ROWS(LOAD)
	B chain
zero:
	ZERO

chain:
	CMP $4, R3
	BEQ rows
	CMP $4, R4
	BNE single
	CMP $4, R6
	BLT single

	// a[0..Rows-1,p] lie side by side.
	CBZ R1, done
	SUB $8, R14 // a[Rows-4,p]
columns:
	VLD1.P (R10)(R3), [V24.S4]
	VLD1.P (R14)(R3), [V25.S4]
	STEPC
	SUBS $1, R1
	BNE columns
	B done

	// a[r,p..p+3] lie side by side: four p at a time.
rows:
	SUBS $4, R1
	BLT rest
four:
	FMOVQ.P 16(R10), F24
	FMOVQ.P 16(R11), F25
	FMOVQ.P 16(R12), F26
	FMOVQ.P 16(R13), F27
	FMOVQ.P 16(R14), F28
	FMOVQ.P 16(R15), F29
	STEP(0)
	STEP(1)
	STEP(2)
	STEP(3)
	SUBS $4, R1
	BGE four
rest:
	ADD $4, R1

	// Any strides, and what is left of four p.
single:
	CBZ R1, done
one:
	VLD1R.P (R10)(R3), [V24.S4]
	VLD1R.P (R11)(R3), [V25.S4]
	VLD1R.P (R12)(R3), [V26.S4]
	VLD1R.P (R13)(R3), [V27.S4]
	VLD1R.P (R14)(R3), [V28.S4]
	VLD1R.P (R15)(R3), [V29.S4]
	STEP(0)
	SUBS $1, R1
	BNE one

done:
	// c = x + add, or x
	MOVD Tile_Add(R0), R8
	CBZ R8, store
	MOVD Tile_AddRow(R0), R9
	ROWS(PLUS)

store:
	MOVD Tile_C(R0), R8
	MOVD Tile_CRow(R0), R9
	ROWS(STORE)
	RET

#undef IFROW
#undef LASTBUT
#undef ROWS
