#include "textflag.h"
#include "go_asm.h"
#include "neon_arm64.h"

// Microkernels of up to 6 rows by 16, 12, 8 and 4 columns, of which the last vector may be partly used; the body stands
// in gemm_tile_arm64.h. Six rows by 16 columns is the tile for which 32 registers need the fewest loads: 8 x 12 has as
// many accumulators, but leaves no room for the 8 vectors in which A comes along k.

// Four p of A into V24 .. V29, one vector of each row.
#define QUADS \
	FMOVQ.P 16(R10), F24; FMOVQ.P 16(R11), F25; FMOVQ.P 16(R12), F26; \
	FMOVQ.P 16(R13), F27; FMOVQ.P 16(R14), F28; FMOVQ.P 16(R15), F29
// Eight p into V12 .. V23, two vectors of each row.
#define PAIRS \
	FLDPQ.P 32(R10), (F12, F13); FLDPQ.P 32(R11), (F14, F15); FLDPQ.P 32(R12), (F16, F17); \
	FLDPQ.P 32(R13), (F18, F19); FLDPQ.P 32(R14), (F20, F21); FLDPQ.P 32(R15), (F22, F23)
// a[0..7,p] into V24 and V25.
#define EIGHTROWS VLD1.P (R21)(R3), [V24.S4, V25.S4]

// func multiplyTile16NEON(t *Tile)
//
// V0 .. V23 hold x. Of B there is half a row at a time in V30 and V31, or a row in V28 .. V31.
TEXT ·multiplyTile16NEON(SB), NOSPLIT, $0-8
#define VECTORS 4
#define ZERO \
	ZEROV(0); ZEROV(1); ZEROV(2); ZEROV(3); ZEROV(4); ZEROV(5); ZEROV(6); ZEROV(7); \
	ZEROV(8); ZEROV(9); ZEROV(10); ZEROV(11); ZEROV(12); ZEROV(13); ZEROV(14); ZEROV(15); \
	ZEROV(16); ZEROV(17); ZEROV(18); ZEROV(19); ZEROV(20); ZEROV(21); ZEROV(22); ZEROV(23)
#define LOADROW(v, n) LD1X4(v, n)
#define STOREROW(v, n) ST1X4(v, n)
#define LOADLEFT(v, n) LD1X3P(v, n)
#define STORELEFT(v, n) ST1X3P(v, n)
#define ADDROW(r) FADD(4*r, 4*r, 24); FADD(4*r+1, 4*r+1, 25); FADD(4*r+2, 4*r+2, 26); FADD(4*r+3, 4*r+3, 27)
#define HALF(x, r, a, i) FMLAE(4*r+x, 30, a, i); FMLAE(4*r+x+1, 31, a, i)
#define STEP(s, d, i) \
	VLD1.P 32(R2), [V30.S4, V31.S4]; \
	HALF(0, 0, s, i); HALF(0, 1, s+d, i); HALF(0, 2, s+2*d, i); HALF(0, 3, s+3*d, i); HALF(0, 4, s+4*d, i); HALF(0, 5, s+5*d, i); \
	VLD1.P (R2)(R19), [V30.S4, V31.S4]; \
	HALF(2, 0, s, i); HALF(2, 1, s+d, i); HALF(2, 2, s+2*d, i); HALF(2, 3, s+3*d, i); HALF(2, 4, s+4*d, i); HALF(2, 5, s+5*d, i)
#define EIGHT \
	QUADS; STEP(24, 1, 0); STEP(24, 1, 1); STEP(24, 1, 2); STEP(24, 1, 3); \
	QUADS; STEP(24, 1, 0); STEP(24, 1, 1); STEP(24, 1, 2); STEP(24, 1, 3)
#define ROW(r, a, i) FMLAE(4*r, 28, a, i); FMLAE(4*r+1, 29, a, i); FMLAE(4*r+2, 30, a, i); FMLAE(4*r+3, 31, a, i)
#define COLUMN \
	EIGHTROWS; VLD1.P (R2)(R5), [V28.S4, V29.S4, V30.S4, V31.S4]; \
	ROW(0, 24, 0); ROW(1, 24, 1); ROW(2, 24, 2); ROW(3, 24, 3); ROW(4, 25, 0); ROW(5, 25, 1)
#include "gemm_tile_arm64.h"
#undef VECTORS
#undef ZERO
#undef LOADROW
#undef STOREROW
#undef LOADLEFT
#undef STORELEFT
#undef ADDROW
#undef HALF
#undef STEP
#undef EIGHT
#undef ROW
#undef COLUMN

// The narrower tiles have a whole row of B at a time.
#define STEP(s, d, i) BROW; ROW(0, s, i); ROW(1, s+d, i); ROW(2, s+2*d, i); ROW(3, s+3*d, i); ROW(4, s+4*d, i); ROW(5, s+5*d, i)
#define COLUMN EIGHTROWS; BROW; ROW(0, 24, 0); ROW(1, 24, 1); ROW(2, 24, 2); ROW(3, 24, 3); ROW(4, 25, 0); ROW(5, 25, 1)

// func multiplyTile12NEON(t *Tile)
//
// V0 .. V17 hold x, V21 .. V23 a row of B.
TEXT ·multiplyTile12NEON(SB), NOSPLIT, $0-8
#define VECTORS 3
#define ZERO \
	ZEROV(0); ZEROV(1); ZEROV(2); ZEROV(3); ZEROV(4); ZEROV(5); ZEROV(6); ZEROV(7); ZEROV(8); \
	ZEROV(9); ZEROV(10); ZEROV(11); ZEROV(12); ZEROV(13); ZEROV(14); ZEROV(15); ZEROV(16); ZEROV(17)
#define LOADROW(v, n) LD1X3(v, n)
#define STOREROW(v, n) ST1X3(v, n)
#define LOADLEFT(v, n) LD1X2P(v, n)
#define STORELEFT(v, n) ST1X2P(v, n)
#define ADDROW(r) FADD(3*r, 3*r, 24); FADD(3*r+1, 3*r+1, 25); FADD(3*r+2, 3*r+2, 26)
#define BROW VLD1.P (R2)(R5), [V21.S4, V22.S4, V23.S4]
#define ROW(r, a, i) FMLAE(3*r, 21, a, i); FMLAE(3*r+1, 22, a, i); FMLAE(3*r+2, 23, a, i)
#define EIGHT \
	QUADS; STEP(24, 1, 0); STEP(24, 1, 1); STEP(24, 1, 2); STEP(24, 1, 3); \
	QUADS; STEP(24, 1, 0); STEP(24, 1, 1); STEP(24, 1, 2); STEP(24, 1, 3)
#include "gemm_tile_arm64.h"
#undef VECTORS
#undef ZERO
#undef LOADROW
#undef STOREROW
#undef LOADLEFT
#undef STORELEFT
#undef ADDROW
#undef BROW
#undef ROW
#undef EIGHT

// The others have room for eight p of A.
#define EIGHT \
	PAIRS; STEP(12, 2, 0); STEP(12, 2, 1); STEP(12, 2, 2); STEP(12, 2, 3); \
	STEP(13, 2, 0); STEP(13, 2, 1); STEP(13, 2, 2); STEP(13, 2, 3)

// func multiplyTile8NEON(t *Tile)
//
// V0 .. V11 hold x, V30 and V31 a row of B.
TEXT ·multiplyTile8NEON(SB), NOSPLIT, $0-8
#define VECTORS 2
#define ZERO \
	ZEROV(0); ZEROV(1); ZEROV(2); ZEROV(3); ZEROV(4); ZEROV(5); ZEROV(6); ZEROV(7); ZEROV(8); ZEROV(9); ZEROV(10); ZEROV(11)
#define LOADROW(v, n) LD1X2(v, n)
#define STOREROW(v, n) ST1X2(v, n)
#define LOADLEFT(v, n) LD1X1P(v, n)
#define STORELEFT(v, n) ST1X1P(v, n)
#define ADDROW(r) FADD(2*r, 2*r, 24); FADD(2*r+1, 2*r+1, 25)
#define BROW VLD1.P (R2)(R5), [V30.S4, V31.S4]
#define ROW(r, a, i) FMLAE(2*r, 30, a, i); FMLAE(2*r+1, 31, a, i)
#include "gemm_tile_arm64.h"
#undef VECTORS
#undef ZERO
#undef LOADROW
#undef STOREROW
#undef LOADLEFT
#undef STORELEFT
#undef ADDROW
#undef BROW
#undef ROW

// func multiplyTile4NEON(t *Tile)
//
// V0 .. V5 hold x, V30 a row of B.
TEXT ·multiplyTile4NEON(SB), NOSPLIT, $0-8
#define VECTORS 1
#define ZERO ZEROV(0); ZEROV(1); ZEROV(2); ZEROV(3); ZEROV(4); ZEROV(5)
#define LOADROW(v, n) LD1X1(v, n)
#define STOREROW(v, n) ST1X1(v, n)
#define LOADLEFT(v, n)
#define STORELEFT(v, n)
#define ADDROW(r) FADD(r, r, 24)
#define BROW VLD1.P (R2)(R5), [V30.S4]
#define ROW(r, a, i) FMLAE(r, 30, a, i)
#include "gemm_tile_arm64.h"
