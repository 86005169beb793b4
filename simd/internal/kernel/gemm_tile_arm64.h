// The body of a microkernel of 6 rows x VECTORS vectors of 4 columns, VECTORS 1 to 4. Whoever includes it defines, for
// its width,
//
//	VECTORS          vectors in a row; vector x of row r of the accumulators is V(VECTORS*r+x)
//	ZERO             +0 into all accumulators
//	LOADROW(v, n)    V(v) .. V(v+VECTORS-1) from memory at general register n
//	STOREROW(v, n)   the same to memory
//	LOADLEFT(v, n)   all vectors of a row but its last, from memory at n, which moves behind them
//	STORELEFT(v, n)  the same to memory
//	ADDROW(r)        row r of the accumulators plus V24 ..
//	STEP(s, d, i)    one p: row r of the accumulators += element i of V(s+d*r) * b[p]; moves to the next row of B
//	EIGHT            eight p, a[r,p..p+7] side by side
//	COLUMN           one p, a[0..7,p] side by side at R21: row r += a[r,p] * b[p]; moves to the next column and row
//
// R0 t, R1 the p still to do, R2 b[p], R3 AStep, R4 ARow, R5 BStep, R6 Rows, R7 scratch, R10 .. R15 a[r,p], R19
// BStep - 32, R20 the columns in the last vector if it isn't full, otherwise 0.
// All six rows are always computed. Those the tile doesn't have get its last row's start and some element of A; they
// are stored where the last row goes, before it.
//
// The fewest instructions there can be for one p are 6*VECTORS multiply-adds and the loads: the row of B takes one LD1
// of up to four vectors; A takes 6/16 where a[r,p] and a[r,p+1] are neighbours (an LD1 brings 16 p of a row), one where
// a[r,p] and a[r+1,p] are. TestNEONTilesRunCloseToTheirIdeal holds the loops eight and columns to it. Of A along k, so
// many vectors don't fit beside the accumulators: the wide tiles take one of each row at a time.

// The rows of a matrix at base, stride bytes apart, into R10 .. R15; the last one again for those that aren't there.
#define NEXTROW(r, stride, from, to) CMP $r, R6; CSEL GT, stride, ZR, R7; ADD R7, from, to
#define POINTROWS(stride) \
	NEXTROW(1, stride, R10, R11); NEXTROW(2, stride, R11, R12); NEXTROW(3, stride, R12, R13); \
	NEXTROW(4, stride, R13, R14); NEXTROW(5, stride, R14, R15)
#define ROWS(do) do(5, 15); do(4, 14); do(3, 13); do(2, 12); do(1, 11); do(0, 10)

// The first R20 elements of a vector, 1 to 3, from memory at n and to it; n is overwritten.
#define LOADSOME(v, n) TBZ $1, R20, 5(PC); LD1DP(v, n); TBZ $0, R20, 4(PC); LD1S2(v, n); B 2(PC); LD1S0(v, n)
#define STORESOME(v, n) TBZ $1, R20, 5(PC); ST1DP(v, n); TBZ $0, R20, 4(PC); ST1S2(v, n); B 2(PC); ST1S0(v, n)

#define START(r, n) LOADROW(VECTORS*r, n)
#define STARTSOME(r, n) LOADLEFT(VECTORS*r, n); LOADSOME(VECTORS*r+VECTORS-1, n)
#define PLUS(r, n) LOADROW(24, n); ADDROW(r)
#define PLUSSOME(r, n) LOADLEFT(24, n); LOADSOME(24+VECTORS-1, n); ADDROW(r)
#define STORE(r, n) STOREROW(VECTORS*r, n)
#define STORESOMEROW(r, n) STORELEFT(VECTORS*r, n); STORESOME(VECTORS*r+VECTORS-1, n)

	MOVD t+0(FP), R0
	MOVD Tile_K(R0), R1
	MOVD Tile_B(R0), R2
	MOVD Tile_AStep(R0), R3
	MOVD Tile_ARow(R0), R4
	MOVD Tile_BStep(R0), R5
	MOVD Tile_Rows(R0), R6
	MOVD Tile_Cols(R0), R20
	AND $3, R20
	SUB $32, R5, R19

	// x = start, or +0
	MOVD Tile_Start(R0), R10
	CBZ R10, zero
	MOVD Tile_StartRow(R0), R9
	POINTROWS(R9)
	CBNZ R20, startsome
	ROWS(START)
	B chain
startsome:
	ROWS(STARTSOME)
	B chain
zero:
	ZERO

chain:
	MOVD Tile_A(R0), R10
	POINTROWS(R4)
	CMP $4, R3
	BEQ rows
	CMP $4, R4
	BNE single
	ADD R6<<2, R3, R7
	CMP $32, R7
	BLT single

	// a[0..Rows-1,p] lie side by side, and what is read behind them comes before the end of the last column: all p but
	// that one.
	SUBS $5, R1
	BLT few
	MOVD R10, R21
columns:
	COLUMN
	COLUMN
	COLUMN
	COLUMN
	SUBS $4, R1
	BGE columns
	SUB R10, R21
	ADD R21, R10
	ADD R21, R11
	ADD R21, R12
	ADD R21, R13
	ADD R21, R14
	ADD R21, R15
few:
	ADD $5, R1
	B single

	// a[r,p..p+7] lie side by side.
rows:
	SUBS $8, R1
	BLT four
eight:
	EIGHT
	SUBS $8, R1
	BGE eight
four:
	TBZ $2, R1, left
	FMOVQ.P 16(R10), F24
	FMOVQ.P 16(R11), F25
	FMOVQ.P 16(R12), F26
	FMOVQ.P 16(R13), F27
	FMOVQ.P 16(R14), F28
	FMOVQ.P 16(R15), F29
	STEP(24, 1, 0)
	STEP(24, 1, 1)
	STEP(24, 1, 2)
	STEP(24, 1, 3)
left:
	AND $3, R1

	// What is left over, and any strides.
single:
	CBZ R1, done
one:
	VLD1R.P (R10)(R3), [V24.S4]
	VLD1R.P (R11)(R3), [V25.S4]
	VLD1R.P (R12)(R3), [V26.S4]
	VLD1R.P (R13)(R3), [V27.S4]
	VLD1R.P (R14)(R3), [V28.S4]
	VLD1R.P (R15)(R3), [V29.S4]
	STEP(24, 1, 0)
	SUBS $1, R1
	BNE one

done:
	// c = x + add, or x
	MOVD Tile_Add(R0), R10
	CBZ R10, store
	MOVD Tile_AddRow(R0), R9
	POINTROWS(R9)
	CBNZ R20, plussome
	ROWS(PLUS)
	B store
plussome:
	ROWS(PLUSSOME)

store:
	MOVD Tile_C(R0), R10
	MOVD Tile_CRow(R0), R9
	POINTROWS(R9)
	CBNZ R20, storesome
	ROWS(STORE)
	RET
storesome:
	ROWS(STORESOMEROW)
	RET

#undef NEXTROW
#undef POINTROWS
#undef ROWS
#undef LOADSOME
#undef STORESOME
#undef START
#undef STARTSOME
#undef PLUS
#undef PLUSSOME
#undef STORE
#undef STORESOMEROW
