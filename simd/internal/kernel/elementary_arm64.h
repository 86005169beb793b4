// The elementary functions of internal/detmath on pairs of registers: the same operations in the same order.

// EXP needs V28 .. V31 loaded from ·expConstants: V31 is 1.5*2^23 in all lanes, the others see there.
#define LOADEXP MOVD $·expConstants(SB), R3; LD1X4(28, 3)

// EXPINSIDE: p = Exp32(x) for Exp32Min <= x <= Exp32Max; anything for others. x is kept, t, r and q are overwritten.
#define EXPINSIDE(x, t, r, p, q) \
	PMOVK(t, 31); PMLAE(t, x, 30, 0); /* t */ \
	PSUBK(p, t, 31); /* n */ \
	PMOV(r, x); PMLAE(r, p, 30, 1); PMLAE(r, p, 30, 2); /* r */ \
	PDUPE(q, 29, 1); PMLAE(q, r, 29, 0); /* the polynomial, in p and q by turns */ \
	PDUPE(p, 29, 2); PMLA(p, q, r); \
	PDUPE(q, 29, 3); PMLA(q, p, r); \
	PDUPE(p, 28, 0); PMLA(p, q, r); \
	PDUPE(q, 28, 1); PMLA(q, p, r); \
	PDUPE(p, 28, 1); PMLA(p, q, r); \
	PSHL(t, t, 23); PIADD(p, p, t) /* the exponent */

// EXP: p = Exp32(x). x is kept, t, r and q are overwritten.
#define EXP(x, t, r, p, q) \
	EXPINSIDE(x, t, r, p, q); \
	PDUPE(q, 28, 2); PCMGT(q, q, x); PBIC(p, p, q); /* +0 below Exp32Min */ \
	PDUPE(q, 28, 3); PCMGE(q, q, x); PDUPE(t, 30, 3); PADD(t, t, x); PBIF(p, t, q) /* x + Inf unless x <= Exp32Max */

// TANH needs V26 and V27 from ·tanhConstants beside EXP's.
#define LOADTANH MOVD $·tanhConstants(SB), R3; LD1X2(26, 3)

// TANH: p = Tanh32(x). x is kept, a, b, t, r and q are overwritten.
#define TANH(x, a, b, t, r, p, q) \
	PABS(a, x); PADD(b, a, a); /* a, and the exponent a+a */ \
	EXP(b, t, r, p, q); \
	PDUPE(t, 28, 1); PADD(p, p, t); PDUPE(r, 27, 2); PDIV(p, r, p); PSUB(p, t, p); /* 1 - 2/(e+1) */ \
	PMUL(b, a, a); /* z */ \
	PDUPE(t, 26, 1); PMLAE(t, b, 26, 0); \
	PDUPE(r, 26, 2); PMLA(r, t, b); \
	PDUPE(t, 26, 3); PMLA(t, r, b); \
	PDUPE(r, 27, 0); PMLA(r, t, b); \
	PMUL(b, a, b); PMOV(t, a); PMLA(t, b, r); /* fma(a*z, p, a) */ \
	PDUPE(q, 27, 1); PCMGT(q, q, a); PBIT(p, t, q); /* where a < 0.625 */ \
	PDUPE(t, 27, 3); PAND(t, t, x); PORR(p, p, t) /* the sign */

// LOG needs V26 .. V31 from ·logConstants.
#define LOADLOG MOVD $·logConstants(SB), R3; LD1X2P(26, 3); LD1X4(28, 3)

// LOG: y = Log32(x). x is kept; e, f, z, p and q are overwritten.
#define LOG(x, y, e, f, z, p, q) \
	PDUPE(e, 28, 0); PCMGT(e, e, x); /* where x < 2^-126 */ \
	PMULE(p, x, 28, 1); PMOV(f, e); PBSL(f, p, x); /* x times 2^23 there */ \
	PDUPE(p, 30, 2); PAND(e, e, p); /* bias */ \
	PDUPE(q, 30, 0); PISUB(f, f, q); /* i */ \
	PSSHR(p, f, 23); PISUB(e, p, e); PSCVTF(e, e); /* e */ \
	PDUPE(p, 30, 1); PAND(f, f, p); PIADD(f, f, q); /* 1 + f */ \
	PDUPE(p, 29, 3); PSUB(f, f, p); /* f */ \
	PMUL(z, f, f); /* z */ \
	PDUPE(q, 26, 1); PMLAE(q, f, 26, 0); /* the polynomial, in p and q by turns */ \
	PDUPE(p, 26, 2); PMLA(p, q, f); \
	PDUPE(q, 26, 3); PMLA(q, p, f); \
	PDUPE(p, 27, 0); PMLA(p, q, f); \
	PDUPE(q, 27, 1); PMLA(q, p, f); \
	PDUPE(p, 27, 2); PMLA(p, q, f); \
	PDUPE(q, 27, 3); PMLA(q, p, f); \
	PDUPE(p, 28, 3); PMLA(p, q, f); \
	PMUL(y, f, z); PMUL(y, y, p); /* (f*z)*p */ \
	PMLAE(y, e, 29, 0); /* e times the low part of ln 2 */ \
	PMLAE(y, z, 29, 1); /* -z/2 */ \
	PADD(y, f, y); \
	PMLAE(y, e, 29, 2); /* e times the high part of ln 2 */ \
	PDUPE(q, 28, 2); PCMGT(q, x, q); PBIT(y, x, q); /* x above MaxFloat32 */ \
	PDUPE(p, 31, 0); PCMGTZ(q, x); PBIF(y, p, q); /* NaN unless x > 0 */ \
	PDUPE(p, 31, 1); PZERO(q); PCMEQ(q, x, q); PBIT(y, p, q) /* -Inf for 0 */

// TAIL and ERF need V20 .. V25 from ·erfConstants; ERF needs EXP's beside them.
#define LOADERF MOVD $·erfConstants(SB), R3; LD1X4P(20, 3); LD1X2(24, 3)

// TAIL: q = normalTail(t). t is kept, p is overwritten.
#define TAIL(t, q, p) \
	PDUPE(q, 22, 0); PMLAE(q, t, 21, 3); \
	PDUPE(p, 22, 1); PMLA(p, q, t); \
	PDUPE(q, 22, 2); PMLA(q, p, t); \
	PDUPE(p, 22, 3); PMLA(p, q, t); \
	PDUPE(q, 23, 0); PMLA(q, p, t); \
	PDUPE(p, 23, 1); PMLA(p, q, t); \
	PDUPE(q, 23, 2); PMLA(q, p, t); \
	PDUPE(p, 23, 3); PMLA(p, q, t); \
	PDUPE(q, 24, 0); PMLA(q, p, t)

// ERF: y = Erf32(x). x is kept, the others are overwritten.
#define ERF(x, y, a, t, r, p, q) \
	PABS(a, x); /* a */ \
	PDUPE(t, 24, 1); PCMGT(p, a, t); PBIT(a, t, p); /* at most 9 */ \
	PMUL(y, a, a); PNEG(y, y); /* -a*a */ \
	EXPINSIDE(y, t, r, p, q); \
	PDUPE(q, 28, 1); PMOV(t, q); PMLAE(t, a, 24, 2); PDIV(t, q, t); /* 1/fma(0.33 sqrt 2, a, 1) */ \
	TAIL(t, r, y); \
	PMULE(p, p, 24, 3); PMOV(y, q); PMLA(y, p, r); /* fma(-2e, q, 1) */ \
	PMUL(t, a, a); /* z */ \
	PDUPE(r, 20, 1); PMLAE(r, t, 20, 0); \
	PDUPE(p, 20, 2); PMLA(p, r, t); \
	PDUPE(r, 20, 3); PMLA(r, p, t); \
	PDUPE(p, 21, 0); PMLA(p, r, t); \
	PDUPE(r, 21, 1); PMLA(r, p, t); \
	PDUPE(p, 21, 2); PMLA(p, r, t); \
	PMOV(r, a); PMLA(r, a, p); /* fma(a, p, a) */ \
	PCMGT(q, q, a); PBIT(y, r, q); /* where a < 1 */ \
	PDUPE(t, 25, 0); PAND(t, t, x); PORR(y, y, t) /* the sign */
