package simd

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// paged returns n elements that end, or begin, at a page without access: reading or writing one element too many
// ends the program.
func paged(t *testing.T, n int, atEnd bool) []float32 {
	t.Helper()
	page := syscall.Getpagesize()
	inner := (n*elementBytes + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Munmap(m) })
	require.NoError(t, syscall.Mprotect(m[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(m[page+inner:], syscall.PROT_NONE))
	first := page
	if atEnd {
		first += inner - n*elementBytes
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&m[:first+1][first])), n)
}

func TestGEMMTouchesNothingOutsideItsSlices(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		if ISA() == "avx2" && testing.Short() {
			t.Log("avx2 left out with -short, which is for qemu-x86_64: it reads the lanes that VMASKMOVPS masks")
			return
		}
		p := NewPool(1)
		r := rand.New(rand.NewPCG(21, 22))
		for _, form := range []Form{NN, NT, TN} {
			for _, c := range []gemmCase{{m: 1, n: 1, k: 1}, {m: 15, n: 33, k: 17}, {m: 7, n: 49, k: 16}, {m: 61, n: 41, k: 15, more: 2}, {m: 6, n: 24, k: 513}, {m: 14, n: 56, k: 3}} {
				for _, extra := range []string{"", "accumulate", "bias", "residual", "gelu"} {
					if form == TN && extra != "" && extra != "accumulate" {
						continue
					}
					c.form, c.extra = form, extra
					for _, atEnd := range []bool{true, false} {
						p.GEMM(c.build(r, fillRandom, func(n int) []float32 { return paged(t, n, atEnd) }))
					}
				}
			}
		}
	})
}

func TestAttentionTouchesNothingOutsideItsSlices(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		if ISA() == "avx2" && testing.Short() {
			t.Log("avx2 left out with -short, which is for qemu-x86_64: it reads the lanes that VMASKMOVPS masks")
			return
		}
		p := NewPool(1)
		r := rand.New(rand.NewPCG(29, 30))
		for _, c := range attentionCasesInTime() {
			if c.tokens > 70 {
				continue
			}
			for _, atEnd := range []bool{true, false} {
				a := c.buildIn(r, fillRandom, func(n int) []float32 { return paged(t, n, atEnd) })
				p.Attention(&a.Attention)
				p.AttentionGrad(a)
			}
		}
	})
}
