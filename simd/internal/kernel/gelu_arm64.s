#include "textflag.h"
#include "neon_arm64.h"
#include "pairs_arm64.h"
#include "elementary_arm64.h"
#include "rows_arm64.h"

// The numbers are those of gelu_generic.go and NormalTail32.

DATA ·geluConstants+0(SB)/4, $(-10.0) // V26: the limits
DATA ·geluConstants+4(SB)/4, $(10.0)
DATA ·geluConstants+8(SB)/4, $0x1.988454p+0 // geluA
DATA ·geluConstants+12(SB)/4, $0x1.2444f2p-4 // geluB
DATA ·geluConstants+16(SB)/4, $0x1.b6676cp-3 // V27: gelu3B
DATA ·geluConstants+20(SB)/4, $0
DATA ·geluConstants+24(SB)/4, $0
DATA ·geluConstants+28(SB)/4, $0
GLOBL ·geluConstants(SB), RODATA|NOPTR, $32

DATA ·geluErfConstants+0(SB)/4, $(-12.5) // V26: the limits
DATA ·geluErfConstants+4(SB)/4, $(12.5)
DATA ·geluErfConstants+8(SB)/4, $(-0.5)
DATA ·geluErfConstants+12(SB)/4, $0x1.51eb86p-2
DATA ·geluErfConstants+16(SB)/4, $0x1.988454p-2 // V27: inverseRoot
DATA ·geluErfConstants+20(SB)/4, $0
DATA ·geluErfConstants+24(SB)/4, $0
DATA ·geluErfConstants+28(SB)/4, $0
GLOBL ·geluErfConstants(SB), RODATA|NOPTR, $32

// CLAMPLOW: x = clampLow(x, limit); CLAMPHIGH the other end. t and k are overwritten.
#define CLAMPLOW(x, t, k) PDUPE(t, 26, 0); PCMGT(k, t, x); PBIT(x, t, k)
#define CLAMPHIGH(x, t, k) PDUPE(t, 26, 1); PCMGT(k, x, t); PBIT(x, t, k)

// EXPMINUS2U: p = expMinus2u(c), z = c*c. c is kept, y, t, r and q are overwritten.
#define EXPMINUS2U(c, z, y, t, r, p, q) \
	PMUL(z, c, c); PDUPE(y, 26, 2); PMLAE(y, z, 26, 3); /* q */ \
	PMUL(y, c, y); PNEG(y, y); /* -(c*q) */ \
	EXPINSIDE(y, t, r, p, q)

// PHI: p, e = phi(c). c is kept, z, t, r and q are overwritten.
#define PHI(c, z, t, r, e, q, p) \
	PABS(z, c); PMULE(p, z, 26, 2); PMUL(p, p, z); /* (-z/2)*z */ \
	EXPINSIDE(p, t, r, e, q); \
	PDUPE(q, 28, 1); PMOV(t, q); PMLAE(t, z, 26, 3); PDIV(t, q, t); /* 1/fma(0.33, z, 1) */ \
	TAIL(t, r, p); \
	PMUL(r, e, r); PSUB(q, q, r); PCMLTZ(p, c); PBSL(p, r, q) /* tail where c < 0, else 1 - tail */

// func geluTanhNEON(dst, x []float32)
TEXT ·geluTanhNEON(SB), NOSPLIT, $64-48
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R2
	LOADEXP
	MOVD $·geluConstants(SB), R3
	LD1X2(26, 3)
#define BODY \
	CLAMPLOW(0, 2, 4); PMOV(4, 0); CLAMPHIGH(4, 2, 6); \
	EXPMINUS2U(4, 6, 8, 10, 12, 2, 14); \
	PDUPE(10, 28, 1); PADD(2, 10, 2); PDIV(2, 0, 2) /* low/(1 + e) */
#include "map_arm64.h"
	RET
#undef BODY

// func geluErfNEON(dst, x []float32)
TEXT ·geluErfNEON(SB), NOSPLIT, $64-48
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R2
	LOADEXP
	LOADERF
	MOVD $·geluErfConstants(SB), R3
	LD1X2(26, 3)
#define BODY \
	CLAMPLOW(0, 2, 4); PMOV(4, 0); CLAMPHIGH(4, 2, 6); \
	PHI(4, 6, 8, 10, 12, 14, 2); \
	PMUL(2, 0, 2)
#include "map_arm64.h"
	RET
#undef BODY

#define TWO

// func geluTanhGradNEON(dx, dy, x []float32)
TEXT ·geluTanhGradNEON(SB), NOSPLIT, $64-72
	MOVD dx_base+0(FP), R0
	MOVD dy_base+24(FP), R1
	MOVD x_base+48(FP), R8
	MOVD x_len+56(FP), R2
	LOADEXP
	MOVD $·geluConstants(SB), R3
	LD1X2(26, 3)
#define BODY \
	CLAMPLOW(4, 2, 6); CLAMPHIGH(4, 2, 6); \
	EXPMINUS2U(4, 6, 8, 10, 12, 2, 14); \
	PDUPE(10, 28, 1); PADD(14, 10, 2); PDIV(14, 10, 14); /* s = 1/(1 + e) */ \
	PDUPE(12, 26, 2); PMLAE(12, 6, 27, 0); PMUL(12, 4, 12); /* d */ \
	PMUL(2, 2, 14); PMLA(10, 12, 2); /* fma(d, e*s, 1) */ \
	PMUL(2, 14, 10); PMUL(2, 0, 2) /* dy*(s*that) */
#include "map_arm64.h"
	RET
#undef BODY

// func geluErfGradNEON(dx, dy, x []float32)
TEXT ·geluErfGradNEON(SB), NOSPLIT, $64-72
	MOVD dx_base+0(FP), R0
	MOVD dy_base+24(FP), R1
	MOVD x_base+48(FP), R8
	MOVD x_len+56(FP), R2
	LOADEXP
	LOADERF
	MOVD $·geluErfConstants(SB), R3
	LD1X2(26, 3)
#define BODY \
	CLAMPLOW(4, 2, 6); CLAMPHIGH(4, 2, 6); \
	PHI(4, 6, 8, 10, 12, 14, 2); \
	PMULE(8, 4, 27, 0); PMLA(2, 8, 12); PMUL(2, 0, 2) /* dy*fma(c*inverseRoot, e, p) */
#include "map_arm64.h"
	RET
#undef BODY
