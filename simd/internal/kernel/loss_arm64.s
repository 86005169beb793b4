#include "textflag.h"
#include "neon_arm64.h"
#include "pairs_arm64.h"
#include "rows_arm64.h"

#define TWO

// func rowL1GradNEON(dx, x, y, w []float32, cols int, s float32)
//
// V29 is c, V30 -c.
TEXT ·rowL1GradNEON(SB), NOSPLIT, $64-108
	MOVD dx_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD y_base+48(FP), R8
	MOVD w_base+72(FP), R9
	MOVD w_len+80(FP), R10
	MOVD cols+96(FP), R11
	FMOVS s+104(FP), F31
row:
	CBZ R10, done
	SUB $1, R10
	FMOVS.P 4(R9), F29
	FMULS F31, F29, F29
	FNEGS F29, F30
	DUPE(29, 29, 0)
	DUPE(30, 30, 0)
	MOVD R11, R2
#define BODY \
	PSUB(0, 0, 4); PSUB(2, 0, 0); \
	PCMGTZ(4, 0); BIT(2, 29, 4); BIT(3, 29, 5); \
	PCMLTZ(4, 0); BIT(2, 30, 4); BIT(3, 30, 5)
#include "map_arm64.h"
#undef BODY
	B row
done:
	RET

// func rowL2GradNEON(dx, x, y, w []float32, cols int, s float32)
TEXT ·rowL2GradNEON(SB), NOSPLIT, $64-108
	MOVD dx_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD y_base+48(FP), R8
	MOVD w_base+72(FP), R9
	MOVD w_len+80(FP), R10
	MOVD cols+96(FP), R11
	FMOVS s+104(FP), F31
row:
	CBZ R10, done
	SUB $1, R10
	FMOVS.P 4(R9), F29
	FMULS F29, F31, F29
	FADDS F29, F29, F29 // (s*w)*2
	MOVD R11, R2
#define BODY PSUB(0, 0, 4); PMULE(2, 0, 29, 0)
#include "map_arm64.h"
#undef BODY
	B row
done:
	RET
