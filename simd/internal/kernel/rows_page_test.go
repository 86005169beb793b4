//go:build linux

package kernel

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pages is memory whose slices end where an unmapped page begins, or begin where one ends: reading or writing one
// element too many faults.
type pages struct {
	front bool
	maps  [][]byte
}

func (p *pages) take(n int) []float32 {
	page := unix.Getpagesize()
	body := (4*n + page - 1) / page * page
	m, err := unix.Mmap(-1, 0, body+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	for _, guard := range [][]byte{m[:page], m[page+body:]} {
		if err := unix.Mprotect(guard, unix.PROT_NONE); err != nil {
			panic(err)
		}
	}
	p.maps = append(p.maps, m)
	if n == 0 {
		return nil
	}
	if p.front {
		return unsafe.Slice((*float32)(unsafe.Pointer(&m[page])), n)
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&m[page+body-4*n])), n)
}

func (p *pages) intact() bool { return true }

func (p *pages) free() {
	for _, m := range p.maps {
		if err := unix.Munmap(m); err != nil {
			panic(err)
		}
	}
}

// TestRowKernelsStayInsideTheirSlices runs all kernels on slices between unmapped pages. A kernel that reads outside,
// which no comparison shows, ends the test with a fault.
func TestRowKernelsStayInsideTheirSlices(t *testing.T) {
	for _, table := range Supported() {
		if table.Name == "avx2" && testing.Short() {
			t.Log("avx2 skipped with -short, which is for qemu-x86_64: it reads the lanes that VMASKMOVPS masks")
			continue
		}
		for _, c := range rowCases {
			t.Run(table.Name+"/"+c.name, func(t *testing.T) {
				for _, shape := range rowShapes {
					for _, front := range []bool{false, true} {
						r := rand.New(rand.NewPCG(1, 2))
						p := &pages{front: front}
						c.check(t, table, p, shape, func(s []float32) { contents[0].fill(r, s) })
						p.free()
					}
				}
			})
		}
	}
}
