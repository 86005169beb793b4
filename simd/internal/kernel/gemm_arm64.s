#include "textflag.h"
#include "go_asm.h"
#include "neon_arm64.h"

// func multiplyTile16NEON(t *Tile)
//
// Rows x 16, Rows <= 6: V0 .. V23 hold x, four to a row; V30 and V31 half a row of B at a time. Per p of four: 24 FMLA,
// 2 LDP, 1 ADD, 1.5 LDR of A; per four 2 to count: 29 instructions on 24 FMLA.
TEXT ·multiplyTile16NEON(SB), NOSPLIT, $0-8

#define ZERO \
	ZEROV(0); ZEROV(1); ZEROV(2); ZEROV(3); ZEROV(4); ZEROV(5); ZEROV(6); ZEROV(7); \
	ZEROV(8); ZEROV(9); ZEROV(10); ZEROV(11); ZEROV(12); ZEROV(13); ZEROV(14); ZEROV(15); \
	ZEROV(16); ZEROV(17); ZEROV(18); ZEROV(19); ZEROV(20); ZEROV(21); ZEROV(22); ZEROV(23)
#define LOAD(r, n) LD1X4(4*r, n)
#define STORE(r, n) ST1X4(4*r, n)
#define PLUS(r, n) LD1X4(24, n); FADD(4*r, 4*r, 24); FADD(4*r+1, 4*r+1, 25); FADD(4*r+2, 4*r+2, 26); FADD(4*r+3, 4*r+3, 27)
#define HALF(x, r, a, i) FMLAE(4*r+x, 30, a, i); FMLAE(4*r+x+1, 31, a, i)
#define STEP(i) \
	FLDPQ (R2), (F30, F31); \
	HALF(0, 0, 24, i); HALF(0, 1, 25, i); HALF(0, 2, 26, i); HALF(0, 3, 27, i); HALF(0, 4, 28, i); HALF(0, 5, 29, i); \
	FLDPQ 32(R2), (F30, F31); \
	ADD R5, R2; \
	HALF(2, 0, 24, i); HALF(2, 1, 25, i); HALF(2, 2, 26, i); HALF(2, 3, 27, i); HALF(2, 4, 28, i); HALF(2, 5, 29, i)
#define STEPC \
	FLDPQ (R2), (F30, F31); \
	HALF(0, 0, 24, 0); HALF(0, 1, 24, 1); HALF(0, 2, 24, 2); HALF(0, 3, 24, 3); HALF(0, 4, 25, 2); HALF(0, 5, 25, 3); \
	FLDPQ 32(R2), (F30, F31); \
	ADD R5, R2; \
	HALF(2, 0, 24, 0); HALF(2, 1, 24, 1); HALF(2, 2, 24, 2); HALF(2, 3, 24, 3); HALF(2, 4, 25, 2); HALF(2, 5, 25, 3)
#include "gemm_tile_arm64.h"
#undef ZERO
#undef LOAD
#undef STORE
#undef PLUS
#undef HALF
#undef STEP
#undef STEPC

// func multiplyTile8NEON(t *Tile)
//
// Rows x 8: V0 .. V11 hold x, V30 and V31 a row of B.
TEXT ·multiplyTile8NEON(SB), NOSPLIT, $0-8

#define ZERO \
	ZEROV(0); ZEROV(1); ZEROV(2); ZEROV(3); ZEROV(4); ZEROV(5); ZEROV(6); ZEROV(7); ZEROV(8); ZEROV(9); ZEROV(10); ZEROV(11)
#define LOAD(r, n) LD1X2(2*r, n)
#define STORE(r, n) ST1X2(2*r, n)
#define PLUS(r, n) LD1X2(24, n); FADD(2*r, 2*r, 24); FADD(2*r+1, 2*r+1, 25)
#define WHOLE(r, a, i) FMLAE(2*r, 30, a, i); FMLAE(2*r+1, 31, a, i)
#define STEP(i) \
	FLDPQ (R2), (F30, F31); \
	ADD R5, R2; \
	WHOLE(0, 24, i); WHOLE(1, 25, i); WHOLE(2, 26, i); WHOLE(3, 27, i); WHOLE(4, 28, i); WHOLE(5, 29, i)
#define STEPC \
	FLDPQ (R2), (F30, F31); \
	ADD R5, R2; \
	WHOLE(0, 24, 0); WHOLE(1, 24, 1); WHOLE(2, 24, 2); WHOLE(3, 24, 3); WHOLE(4, 25, 2); WHOLE(5, 25, 3)
#include "gemm_tile_arm64.h"
#undef ZERO
#undef LOAD
#undef STORE
#undef PLUS
#undef WHOLE
#undef STEP
#undef STEPC

// func multiplyTile4NEON(t *Tile)
//
// Rows x 4: V0 .. V5 hold x, V30 a row of B.
TEXT ·multiplyTile4NEON(SB), NOSPLIT, $0-8

#define ZERO ZEROV(0); ZEROV(1); ZEROV(2); ZEROV(3); ZEROV(4); ZEROV(5)
#define LOAD(r, n) LD1X1(r, n)
#define STORE(r, n) ST1X1(r, n)
#define PLUS(r, n) LD1X1(24, n); FADD(r, r, 24)
#define STEP(i) \
	FMOVQ (R2), F30; \
	ADD R5, R2; \
	FMLAE(0, 30, 24, i); FMLAE(1, 30, 25, i); FMLAE(2, 30, 26, i); FMLAE(3, 30, 27, i); FMLAE(4, 30, 28, i); FMLAE(5, 30, 29, i)
#define STEPC \
	FMOVQ (R2), F30; \
	ADD R5, R2; \
	FMLAE(0, 30, 24, 0); FMLAE(1, 30, 24, 1); FMLAE(2, 30, 24, 2); FMLAE(3, 30, 24, 3); FMLAE(4, 30, 25, 2); FMLAE(5, 30, 25, 3)
#include "gemm_tile_arm64.h"
