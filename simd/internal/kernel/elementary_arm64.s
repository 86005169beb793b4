#include "textflag.h"

// The numbers are those of internal/detmath, written as there.

DATA ·expConstants+0(SB)/4, $0x1.fffffcp-2 // V28
DATA ·expConstants+4(SB)/4, $(1.0)
DATA ·expConstants+8(SB)/4, $(-0x1.5d589ep+6) // Exp32Min
DATA ·expConstants+12(SB)/4, $0x1.62e42ep+6 // Exp32Max
DATA ·expConstants+16(SB)/4, $0x1.6ac74ep-10 // V29
DATA ·expConstants+20(SB)/4, $0x1.123de0p-7
DATA ·expConstants+24(SB)/4, $0x1.555858p-5
DATA ·expConstants+28(SB)/4, $0x1.55548cp-3
DATA ·expConstants+32(SB)/4, $0x1.715476p+0 // V30: 1/ln 2
DATA ·expConstants+36(SB)/4, $(-0x1.62e430p-1)
DATA ·expConstants+40(SB)/4, $0x1.05c610p-29
DATA ·expConstants+44(SB)/4, $0x7f800000 // +Inf
DATA ·expConstants+48(SB)/4, $0x1.8p23 // V31: roundMagic
DATA ·expConstants+52(SB)/4, $0x1.8p23
DATA ·expConstants+56(SB)/4, $0x1.8p23
DATA ·expConstants+60(SB)/4, $0x1.8p23
GLOBL ·expConstants(SB), RODATA|NOPTR, $64

DATA ·tanhConstants+0(SB)/4, $(-0x1.750ce4p-8) // V26
DATA ·tanhConstants+4(SB)/4, $0x1.51f8cep-6
DATA ·tanhConstants+8(SB)/4, $(-0x1.b835a4p-5)
DATA ·tanhConstants+12(SB)/4, $0x1.1106f6p-3
DATA ·tanhConstants+16(SB)/4, $(-0x1.555532p-2) // V27
DATA ·tanhConstants+20(SB)/4, $(0.625)
DATA ·tanhConstants+24(SB)/4, $(2.0)
DATA ·tanhConstants+28(SB)/4, $0x80000000 // the sign
GLOBL ·tanhConstants(SB), RODATA|NOPTR, $32

DATA ·logConstants+0(SB)/4, $0x1.b7c318p-5 // V26
DATA ·logConstants+4(SB)/4, $(-0x1.bf691cp-4)
DATA ·logConstants+8(SB)/4, $0x1.efeb0ep-4
DATA ·logConstants+12(SB)/4, $(-0x1.010456p-3)
DATA ·logConstants+16(SB)/4, $0x1.23036ep-3 // V27
DATA ·logConstants+20(SB)/4, $(-0x1.552f18p-3)
DATA ·logConstants+24(SB)/4, $0x1.99a540p-3
DATA ·logConstants+28(SB)/4, $(-0x1.000070p-2)
DATA ·logConstants+32(SB)/4, $0x1p-126 // V28
DATA ·logConstants+36(SB)/4, $0x1p23
DATA ·logConstants+40(SB)/4, $0x7f7fffff // math.MaxFloat32
DATA ·logConstants+44(SB)/4, $0x1.555548p-2
DATA ·logConstants+48(SB)/4, $(-0x1.05c610p-29) // V29
DATA ·logConstants+52(SB)/4, $(-0.5)
DATA ·logConstants+56(SB)/4, $0x1.62e430p-1
DATA ·logConstants+60(SB)/4, $1.0
DATA ·logConstants+64(SB)/4, $0x3f3504f3 // V30: sqrtHalf
DATA ·logConstants+68(SB)/4, $0x7fffff
DATA ·logConstants+72(SB)/4, $23
DATA ·logConstants+76(SB)/4, $0
DATA ·logConstants+80(SB)/4, $0x7fc00000 // V31: NaN
DATA ·logConstants+84(SB)/4, $0xff800000 // -Inf
DATA ·logConstants+88(SB)/4, $0
DATA ·logConstants+92(SB)/4, $0
GLOBL ·logConstants(SB), RODATA|NOPTR, $96

DATA ·erfConstants+0(SB)/4, $0x1.4c344ep-14 // V20
DATA ·erfConstants+4(SB)/4, $(-0x1.a50b0ep-11)
DATA ·erfConstants+8(SB)/4, $0x1.542e10p-8
DATA ·erfConstants+12(SB)/4, $(-0x1.b7fe90p-6)
DATA ·erfConstants+16(SB)/4, $0x1.ce2d50p-4 // V21
DATA ·erfConstants+20(SB)/4, $(-0x1.812740p-2)
DATA ·erfConstants+24(SB)/4, $0x1.06eba8p-3
DATA ·erfConstants+28(SB)/4, $(-0x1.bf4032p-6) // normalTail
DATA ·erfConstants+32(SB)/4, $0x1.3f3e5cp-3 // V22
DATA ·erfConstants+36(SB)/4, $(-0x1.5a8f64p-2)
DATA ·erfConstants+40(SB)/4, $0x1.3f30cap-2
DATA ·erfConstants+44(SB)/4, $(-0x1.f5102ep-4)
DATA ·erfConstants+48(SB)/4, $0x1.3a9db4p-3 // V23
DATA ·erfConstants+52(SB)/4, $0x1.9ec178p-4
DATA ·erfConstants+56(SB)/4, $0x1.12c2bep-3
DATA ·erfConstants+60(SB)/4, $0x1.0d292ep-3
DATA ·erfConstants+64(SB)/4, $0x1.26512cp-17 // V24
DATA ·erfConstants+68(SB)/4, $9.0 // Erf32
DATA ·erfConstants+72(SB)/4, $0x1.dde41cp-2
DATA ·erfConstants+76(SB)/4, $(-2.0)
DATA ·erfConstants+80(SB)/4, $0x80000000 // V25: the sign
DATA ·erfConstants+84(SB)/4, $0
DATA ·erfConstants+88(SB)/4, $0
DATA ·erfConstants+92(SB)/4, $0
GLOBL ·erfConstants(SB), RODATA|NOPTR, $96

// 16 words of ones, then 16 of zeros: from word 16-r on, the mask of r lanes.
DATA ·laneMasks+0(SB)/4, $0xffffffff
DATA ·laneMasks+4(SB)/4, $0xffffffff
DATA ·laneMasks+8(SB)/4, $0xffffffff
DATA ·laneMasks+12(SB)/4, $0xffffffff
DATA ·laneMasks+16(SB)/4, $0xffffffff
DATA ·laneMasks+20(SB)/4, $0xffffffff
DATA ·laneMasks+24(SB)/4, $0xffffffff
DATA ·laneMasks+28(SB)/4, $0xffffffff
DATA ·laneMasks+32(SB)/4, $0xffffffff
DATA ·laneMasks+36(SB)/4, $0xffffffff
DATA ·laneMasks+40(SB)/4, $0xffffffff
DATA ·laneMasks+44(SB)/4, $0xffffffff
DATA ·laneMasks+48(SB)/4, $0xffffffff
DATA ·laneMasks+52(SB)/4, $0xffffffff
DATA ·laneMasks+56(SB)/4, $0xffffffff
DATA ·laneMasks+60(SB)/4, $0xffffffff
DATA ·laneMasks+64(SB)/4, $0
DATA ·laneMasks+68(SB)/4, $0
DATA ·laneMasks+72(SB)/4, $0
DATA ·laneMasks+76(SB)/4, $0
DATA ·laneMasks+80(SB)/4, $0
DATA ·laneMasks+84(SB)/4, $0
DATA ·laneMasks+88(SB)/4, $0
DATA ·laneMasks+92(SB)/4, $0
DATA ·laneMasks+96(SB)/4, $0
DATA ·laneMasks+100(SB)/4, $0
DATA ·laneMasks+104(SB)/4, $0
DATA ·laneMasks+108(SB)/4, $0
DATA ·laneMasks+112(SB)/4, $0
DATA ·laneMasks+116(SB)/4, $0
DATA ·laneMasks+120(SB)/4, $0
DATA ·laneMasks+124(SB)/4, $0
GLOBL ·laneMasks(SB), RODATA|NOPTR, $128
