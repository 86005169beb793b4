//go:build linux

package kernel

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pages is memory whose slices end where an unmapped page begins: reading or writing one element too many faults.
type pages struct{ maps [][]byte }

func (p *pages) take(n int) []float32 {
	size := unix.Getpagesize()
	body := (4*n + size - 1) / size * size
	m, err := unix.Mmap(-1, 0, body+size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	if err := unix.Mprotect(m[body:], unix.PROT_NONE); err != nil {
		panic(err)
	}
	p.maps = append(p.maps, m)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&m[body-4*n])), n)
}

func (p *pages) intact() bool { return true }

func (p *pages) free() {
	for _, m := range p.maps {
		if err := unix.Munmap(m); err != nil {
			panic(err)
		}
	}
}

// TestRowKernelsStayInsideTheirSlices runs all kernels on slices that end at an unmapped page. A kernel that reads
// past the end, which no comparison shows, ends the test with a fault.
func TestRowKernelsStayInsideTheirSlices(t *testing.T) {
	for _, table := range Supported() {
		for _, c := range rowCases {
			t.Run(table.Name+"/"+c.name, func(t *testing.T) {
				for _, shape := range rowShapes {
					r := rand.New(rand.NewPCG(1, 2))
					p := &pages{}
					c.check(t, table, p, shape, func(s []float32) { contents[0].fill(r, s) })
					p.free()
				}
			})
		}
	}
}
