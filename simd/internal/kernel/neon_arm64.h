// NEON instructions that Go's assembler doesn't know, as words. Operands are register numbers, destination first, as
// the architecture manual writes them; the comment of each line is that form, and TestNEONWords holds the line to it.
// Vectors are 4 x float32 (4s) or 4 x int32 unless the name says otherwise. `#` is an immediate.

#define FADD(d, n, m) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d)) // fadd Vd.4s, Vn.4s, Vm.4s
#define FSUB(d, n, m) WORD $(0x4EA0D400 | (m)<<16 | (n)<<5 | (d)) // fsub Vd.4s, Vn.4s, Vm.4s
#define FMUL(d, n, m) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d)) // fmul Vd.4s, Vn.4s, Vm.4s
#define FDIV(d, n, m) WORD $(0x6E20FC00 | (m)<<16 | (n)<<5 | (d)) // fdiv Vd.4s, Vn.4s, Vm.4s
#define FABD(d, n, m) WORD $(0x6EA0D400 | (m)<<16 | (n)<<5 | (d)) // fabd Vd.4s, Vn.4s, Vm.4s
#define FSQRT(d, n) WORD $(0x6EA1F800 | (n)<<5 | (d)) // fsqrt Vd.4s, Vn.4s
#define FABS(d, n) WORD $(0x4EA0F800 | (n)<<5 | (d)) // fabs Vd.4s, Vn.4s
#define FNEG(d, n) WORD $(0x6EA0F800 | (n)<<5 | (d)) // fneg Vd.4s, Vn.4s

// d + n*m and d - n*m, rounded once.
#define FMLA(d, n, m) WORD $(0x4E20CC00 | (m)<<16 | (n)<<5 | (d)) // fmla Vd.4s, Vn.4s, Vm.4s
#define FMLS(d, n, m) WORD $(0x4EA0CC00 | (m)<<16 | (n)<<5 | (d)) // fmls Vd.4s, Vn.4s, Vm.4s

// The same with one element of m for all lanes.
#define FMLAE(d, n, m, i) WORD $(0x4F801000 | ((i)&1)<<21 | ((i)>>1)<<11 | (m)<<16 | (n)<<5 | (d)) // fmla Vd.4s, Vn.4s, Vm.s[#i]
#define FMULE(d, n, m, i) WORD $(0x4F809000 | ((i)&1)<<21 | ((i)>>1)<<11 | (m)<<16 | (n)<<5 | (d)) // fmul Vd.4s, Vn.4s, Vm.s[#i]

// All ones where the comparison holds, else zero; false for NaN.
#define FCMGT(d, n, m) WORD $(0x6EA0E400 | (m)<<16 | (n)<<5 | (d)) // fcmgt Vd.4s, Vn.4s, Vm.4s
#define FCMGE(d, n, m) WORD $(0x6E20E400 | (m)<<16 | (n)<<5 | (d)) // fcmge Vd.4s, Vn.4s, Vm.4s
#define FCMEQ(d, n, m) WORD $(0x4E20E400 | (m)<<16 | (n)<<5 | (d)) // fcmeq Vd.4s, Vn.4s, Vm.4s
#define FCMGTZ(d, n) WORD $(0x4EA0C800 | (n)<<5 | (d)) // fcmgt Vd.4s, Vn.4s, #0.0
#define FCMLTZ(d, n) WORD $(0x4EA0E800 | (n)<<5 | (d)) // fcmlt Vd.4s, Vn.4s, #0.0
#define CMEQ(d, n, m) WORD $(0x6EA08C00 | (m)<<16 | (n)<<5 | (d)) // cmeq Vd.4s, Vn.4s, Vm.4s

#define SCVTF(d, n) WORD $(0x4E21D800 | (n)<<5 | (d)) // scvtf Vd.4s, Vn.4s
#define SSHR(d, n, s) WORD $(0x4F000400 | (64-(s))<<16 | (n)<<5 | (d)) // sshr Vd.4s, Vn.4s, #s
#define SHLV(d, n, s) WORD $(0x4F005400 | (32+(s))<<16 | (n)<<5 | (d)) // shl Vd.4s, Vn.4s, #s
#define IADD(d, n, m) WORD $(0x4EA08400 | (m)<<16 | (n)<<5 | (d)) // add Vd.4s, Vn.4s, Vm.4s
#define ISUB(d, n, m) WORD $(0x6EA08400 | (m)<<16 | (n)<<5 | (d)) // sub Vd.4s, Vn.4s, Vm.4s

// Memory at general register n; the P forms move n past what they read or wrote. LD1X4 takes registers t .. t+3.
#define LD1X1(t, n) WORD $(0x4C407800 | (n)<<5 | (t)) // ld1 {Vt.4s}, [Xn]
#define LD1X2(t, n) WORD $(0x4C40A800 | (n)<<5 | (t)) // ld1 {Vt.4s, V(t+1).4s}, [Xn]
#define LD1X3(t, n) WORD $(0x4C406800 | (n)<<5 | (t)) // ld1 {Vt.4s-V(t+2).4s}, [Xn]
#define LD1X4(t, n) WORD $(0x4C402800 | (n)<<5 | (t)) // ld1 {Vt.4s-V(t+3).4s}, [Xn]
#define LD1X1P(t, n) WORD $(0x4CDF7800 | (n)<<5 | (t)) // ld1 {Vt.4s}, [Xn], #16
#define LD1X2P(t, n) WORD $(0x4CDFA800 | (n)<<5 | (t)) // ld1 {Vt.4s, V(t+1).4s}, [Xn], #32
#define LD1X3P(t, n) WORD $(0x4CDF6800 | (n)<<5 | (t)) // ld1 {Vt.4s-V(t+2).4s}, [Xn], #48
#define LD1X4P(t, n) WORD $(0x4CDF2800 | (n)<<5 | (t)) // ld1 {Vt.4s-V(t+3).4s}, [Xn], #64
#define ST1X1(t, n) WORD $(0x4C007800 | (n)<<5 | (t)) // st1 {Vt.4s}, [Xn]
#define ST1X2(t, n) WORD $(0x4C00A800 | (n)<<5 | (t)) // st1 {Vt.4s, V(t+1).4s}, [Xn]
#define ST1X3(t, n) WORD $(0x4C006800 | (n)<<5 | (t)) // st1 {Vt.4s-V(t+2).4s}, [Xn]
#define ST1X4(t, n) WORD $(0x4C002800 | (n)<<5 | (t)) // st1 {Vt.4s-V(t+3).4s}, [Xn]
#define ST1X1P(t, n) WORD $(0x4C9F7800 | (n)<<5 | (t)) // st1 {Vt.4s}, [Xn], #16
#define ST1X2P(t, n) WORD $(0x4C9FA800 | (n)<<5 | (t)) // st1 {Vt.4s, V(t+1).4s}, [Xn], #32
#define ST1X3P(t, n) WORD $(0x4C9F6800 | (n)<<5 | (t)) // st1 {Vt.4s-V(t+2).4s}, [Xn], #48
#define ST1X4P(t, n) WORD $(0x4C9F2800 | (n)<<5 | (t)) // st1 {Vt.4s-V(t+3).4s}, [Xn], #64

// Single elements of t at general register n: S0 and S2 are elements 0 and 2, D is the first two. The others stay.
#define LD1S0(t, n) WORD $(0x0D408000 | (n)<<5 | (t)) // ld1 {Vt.s}[0], [Xn]
#define LD1S2(t, n) WORD $(0x4D408000 | (n)<<5 | (t)) // ld1 {Vt.s}[2], [Xn]
#define LD1DP(t, n) WORD $(0x0DDF8400 | (n)<<5 | (t)) // ld1 {Vt.d}[0], [Xn], #8
#define ST1S0(t, n) WORD $(0x0D008000 | (n)<<5 | (t)) // st1 {Vt.s}[0], [Xn]
#define ST1S2(t, n) WORD $(0x4D008000 | (n)<<5 | (t)) // st1 {Vt.s}[2], [Xn]
#define ST1DP(t, n) WORD $(0x0D9F8400 | (n)<<5 | (t)) // st1 {Vt.d}[0], [Xn], #8

// Whole registers, and bits: MOVV copies; BSL: d = d ? n : m by bits.
#define MOVV(d, n) WORD $(0x4EA01C00 | (n)<<16 | (n)<<5 | (d)) // mov Vd.16b, Vn.16b
#define ZEROV(d) WORD $(0x4F000400 | (d)) // movi Vd.4s, #0x0
#define ANDV(d, n, m) WORD $(0x4E201C00 | (m)<<16 | (n)<<5 | (d)) // and Vd.16b, Vn.16b, Vm.16b
#define ORRV(d, n, m) WORD $(0x4EA01C00 | (m)<<16 | (n)<<5 | (d)) // orr Vd.16b, Vn.16b, Vm.16b
#define BSL(d, n, m) WORD $(0x6E601C00 | (m)<<16 | (n)<<5 | (d)) // bsl Vd.16b, Vn.16b, Vm.16b
#define BIT(d, n, m) WORD $(0x6EA01C00 | (m)<<16 | (n)<<5 | (d)) // bit Vd.16b, Vn.16b, Vm.16b
#define BIF(d, n, m) WORD $(0x6EE01C00 | (m)<<16 | (n)<<5 | (d)) // bif Vd.16b, Vn.16b, Vm.16b
#define BIC(d, n, m) WORD $(0x4E601C00 | (m)<<16 | (n)<<5 | (d)) // bic Vd.16b, Vn.16b, Vm.16b
#define DUPE(d, n, i) WORD $(0x4E040400 | (i)<<19 | (n)<<5 | (d)) // dup Vd.4s, Vn.s[#i]
#define EXT(d, n, m, b) WORD $(0x6E000000 | (m)<<16 | (b)<<11 | (n)<<5 | (d)) // ext Vd.16b, Vn.16b, Vm.16b, #b

// Transposition of pairs.
#define TRN1(d, n, m) WORD $(0x4E802800 | (m)<<16 | (n)<<5 | (d)) // trn1 Vd.4s, Vn.4s, Vm.4s
#define TRN2(d, n, m) WORD $(0x4E806800 | (m)<<16 | (n)<<5 | (d)) // trn2 Vd.4s, Vn.4s, Vm.4s
#define TRN1D(d, n, m) WORD $(0x4EC02800 | (m)<<16 | (n)<<5 | (d)) // trn1 Vd.2d, Vn.2d, Vm.2d
#define TRN2D(d, n, m) WORD $(0x4EC06800 | (m)<<16 | (n)<<5 | (d)) // trn2 Vd.2d, Vn.2d, Vm.2d
