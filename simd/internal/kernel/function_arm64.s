#include "textflag.h"
#include "neon_arm64.h"
#include "pairs_arm64.h"
#include "elementary_arm64.h"
#include "rows_arm64.h"

// func expNEON(dst, x []float32)
TEXT ·expNEON(SB), NOSPLIT, $64-48
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R2
	LOADEXP
#define BODY EXP(0, 4, 6, 2, 8)
#include "map_arm64.h"
	RET
#undef BODY

// func tanhNEON(dst, x []float32)
TEXT ·tanhNEON(SB), NOSPLIT, $64-48
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R2
	LOADEXP
	LOADTANH
#define BODY TANH(0, 4, 6, 8, 10, 2, 12)
#include "map_arm64.h"
	RET
#undef BODY

// func logNEON(dst, x []float32)
TEXT ·logNEON(SB), NOSPLIT, $64-48
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R2
	LOADLOG
#define BODY LOG(0, 2, 4, 6, 8, 10, 12)
#include "map_arm64.h"
	RET
#undef BODY

// func erfNEON(dst, x []float32)
TEXT ·erfNEON(SB), NOSPLIT, $64-48
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R2
	LOADEXP
	LOADERF
#define BODY ERF(0, 2, 4, 6, 8, 10, 12)
#include "map_arm64.h"
	RET
#undef BODY
