// What the kernels of rows share. A row is walked in blocks of 16 elements, in four registers: these are the 16 lanes of
// numerics rule 4. What is left of the last block, the tail, is copied into the frame, filled up with something that
// changes no lane, so that nothing outside the slices is read or written.

// COPY moves the low four bits of n words from one place to another, both of which advance. R20 and R21 are overwritten.
#define COPY(n, from, to) \
	TBZ $3, n, 5(PC); LDP.P 16(from), (R20, R21); STP.P (R20, R21), 16(to); LDP.P 16(from), (R20, R21); STP.P (R20, R21), 16(to); \
	TBZ $2, n, 3(PC); LDP.P 16(from), (R20, R21); STP.P (R20, R21), 16(to); \
	TBZ $1, n, 3(PC); MOVD.P 8(from), R20; MOVD.P R20, 8(to); \
	TBZ $0, n, 3(PC); MOVWU.P 4(from), R20; MOVW.P R20, 4(to)

// SUM16: the tree of additions of lanes a .. a+3, into element 0 of a.
#define SUM16(a) \
	FADD(a, a, a+2); FADD(a+1, a+1, a+3); FADD(a, a, a+1); \
	EXT(a+1, a, a, 8); FADD(a, a, a+1); \
	DUPE(a+1, a, 1); FADD(a, a, a+1)

// GREATER: m = greater(x, m); t is overwritten.
#define GREATER(m, x, t) FCMGT(t, x, m); BIT(m, x, t)

// MAX16: the tree of maxima of lanes a .. a+3, into element 0 of a; t is overwritten.
#define MAX16(a, t) \
	GREATER(a, a+2, t); GREATER(a+1, a+3, t); GREATER(a, a+1, t); \
	EXT(a+1, a, a, 8); GREATER(a, a+1, t); \
	DUPE(a+1, a, 1); GREATER(a, a+1, t)

// Four registers: the 16 lanes of a block.
#define ZERO4(d) ZEROV(d); ZEROV(d+1); ZEROV(d+2); ZEROV(d+3)
#define FADD4(d, n, m) FADD(d, n, m); FADD(d+1, n+1, m+1); FADD(d+2, n+2, m+2); FADD(d+3, n+3, m+3)
#define FSUB4(d, n, m) FSUB(d, n, m); FSUB(d+1, n+1, m+1); FSUB(d+2, n+2, m+2); FSUB(d+3, n+3, m+3)
#define FMUL4(d, n, m) FMUL(d, n, m); FMUL(d+1, n+1, m+1); FMUL(d+2, n+2, m+2); FMUL(d+3, n+3, m+3)
#define FMLA4(d, n, m) FMLA(d, n, m); FMLA(d+1, n+1, m+1); FMLA(d+2, n+2, m+2); FMLA(d+3, n+3, m+3)
#define FABD4(d, n, m) FABD(d, n, m); FABD(d+1, n+1, m+1); FABD(d+2, n+2, m+2); FABD(d+3, n+3, m+3)
#define AND4(d, n, m) ANDV(d, n, m); ANDV(d+1, n+1, m+1); ANDV(d+2, n+2, m+2); ANDV(d+3, n+3, m+3)
#define GREATER4(m, x, t) GREATER(m, x, t); GREATER(m+1, x+1, t+1); GREATER(m+2, x+2, t+2); GREATER(m+3, x+3, t+3)

// The same with one register k for all four.
#define FSUB4K(d, n, k) FSUB(d, n, k); FSUB(d+1, n+1, k); FSUB(d+2, n+2, k); FSUB(d+3, n+3, k)
#define FMUL4K(d, n, k) FMUL(d, n, k); FMUL(d+1, n+1, k); FMUL(d+2, n+2, k); FMUL(d+3, n+3, k)
#define FMLA4K(d, n, k) FMLA(d, n, k); FMLA(d+1, n+1, k); FMLA(d+2, n+2, k); FMLA(d+3, n+3, k)
#define FMLS4K(d, n, k) FMLS(d, n, k); FMLS(d+1, n+1, k); FMLS(d+2, n+2, k); FMLS(d+3, n+3, k)
#define AND4K(d, n, k) ANDV(d, n, k); ANDV(d+1, n+1, k); ANDV(d+2, n+2, k); ANDV(d+3, n+3, k)
