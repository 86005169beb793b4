#include "textflag.h"
#include "neon_arm64.h"
#include "pairs_arm64.h"

// func adamWBlocksNEON(p, m, v, grad *float32, n int, c *AdamW)
//
// n is a multiple of 8 above 0. V28 = GradScale, Beta1, OneMinus1, Beta2; V29 = OneMinus2, Decay, Root, Eps; V30 = Step.
TEXT ·adamWBlocksNEON(SB), NOSPLIT, $0-48
	MOVD p+0(FP), R0
	MOVD m+8(FP), R1
	MOVD v+16(FP), R2
	MOVD grad+24(FP), R3
	MOVD n+32(FP), R4
	MOVD c+40(FP), R5
	LD1X2P(28, 5)
	FMOVS (R5), F30
block:
	LD1X2P(0, 3)
	LD1X2(2, 1)
	LD1X2(4, 2)
	PMULE(0, 0, 28, 0) // g
	PMULE(6, 0, 28, 2) // (1-beta1)*g
	PMLAE(6, 2, 28, 1) // m
	PMULE(8, 0, 29, 0)
	PMUL(8, 8, 0) // ((1-beta2)*g)*g
	PMLAE(8, 4, 28, 3) // v
	ST1X2P(6, 1)
	ST1X2P(8, 2)
	PSQRT(10, 8)
	PDUPE(12, 29, 3)
	PMLAE(12, 10, 29, 2) // fma(sqrt v, root, eps)
	PDIV(6, 6, 12) // u
	LD1X2(0, 0)
	PMULE(0, 0, 29, 1) // p*decay
	PMLAE(0, 6, 30, 0) // p
	ST1X2P(0, 0)
	SUBS $8, R4
	BNE block
	RET
