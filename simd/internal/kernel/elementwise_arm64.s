#include "textflag.h"
#include "neon_arm64.h"
#include "pairs_arm64.h"
#include "rows_arm64.h"

#define TWO

// func addNEON(dst, a, b []float32)
TEXT ·addNEON(SB), NOSPLIT, $64-72
	MOVD dst_base+0(FP), R0
	MOVD a_base+24(FP), R1
	MOVD a_len+32(FP), R2
	MOVD b_base+48(FP), R8
#define BODY PADD(2, 0, 4)
#include "map_arm64.h"
	RET
#undef BODY

// func subNEON(dst, a, b []float32)
TEXT ·subNEON(SB), NOSPLIT, $64-72
	MOVD dst_base+0(FP), R0
	MOVD a_base+24(FP), R1
	MOVD a_len+32(FP), R2
	MOVD b_base+48(FP), R8
#define BODY PSUB(2, 0, 4)
#include "map_arm64.h"
	RET
#undef BODY

// func mulNEON(dst, a, b []float32)
TEXT ·mulNEON(SB), NOSPLIT, $64-72
	MOVD dst_base+0(FP), R0
	MOVD a_base+24(FP), R1
	MOVD a_len+32(FP), R2
	MOVD b_base+48(FP), R8
#define BODY PMUL(2, 0, 4)
#include "map_arm64.h"
	RET
#undef BODY

// func addScaledNEON(dst, a []float32, s float32)
TEXT ·addScaledNEON(SB), NOSPLIT, $64-52
	MOVD dst_base+0(FP), R0
	MOVD a_base+24(FP), R1
	MOVD a_len+32(FP), R2
	MOVD R0, R8
	FMOVS s+48(FP), F31
#define BODY PMOV(2, 4); PMLAE(2, 0, 31, 0)
#include "map_arm64.h"
	RET
#undef BODY

// func emaNEON(dst, src []float32, d float32)
TEXT ·emaNEON(SB), NOSPLIT, $64-52
	MOVD dst_base+0(FP), R0
	MOVD src_base+24(FP), R1
	MOVD src_len+32(FP), R2
	MOVD R0, R8
	FMOVS d+48(FP), F31
	FMOVS $1.0, F30
	FSUBS F31, F30, F30 // c
#define BODY PMULE(2, 0, 30, 0); PMLAE(2, 4, 31, 0)
#include "map_arm64.h"
	RET
#undef BODY
#undef TWO

// func scaleNEON(dst, a []float32, s float32)
TEXT ·scaleNEON(SB), NOSPLIT, $64-52
	MOVD dst_base+0(FP), R0
	MOVD a_base+24(FP), R1
	MOVD a_len+32(FP), R2
	FMOVS s+48(FP), F31
#define BODY PMULE(2, 0, 31, 0)
#include "map_arm64.h"
	RET
#undef BODY

// func finiteBlocksNEON(x *float32, blocks int) bool
//
// Whether no exponent in blocks of 16 elements is all ones. It looks at the outcome after each block.
TEXT ·finiteBlocksNEON(SB), NOSPLIT, $0-17
	MOVD x+0(FP), R0
	MOVD blocks+8(FP), R1
	MOVW $0x7f800000, R2
	VDUP R2, V31.S4
block:
	LD1X4P(0, 0)
	AND4K(0, 0, 31)
	CMEQ(0, 0, 31)
	CMEQ(1, 1, 31)
	CMEQ(2, 2, 31)
	CMEQ(3, 3, 31)
	ORRV(0, 0, 1)
	ORRV(2, 2, 3)
	ORRV(0, 0, 2)
	VMOV V0.D[0], R3
	VMOV V0.D[1], R4
	ORR R4, R3
	CBNZ R3, found
	SUBS $1, R1
	BNE block
	MOVD $1, R0
	MOVB R0, ret+16(FP)
	RET
found:
	MOVB ZR, ret+16(FP)
	RET
