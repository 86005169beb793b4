package mim

import (
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/nn"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Each method's inputs, start, first gradients and ten losses, from stored
// pixels to weights, compared with testdata/NAME.golden line by line. A line
// that moves without a raised nn.Numerics is a bug; otherwise remake the files
// with go test ./mim -update.
func TestGoldenState(t *testing.T) {
	for _, name := range ours() {
		t.Run(name, func(t *testing.T) {
			m, err := New(name, tiny(t))
			require.NoError(t, err)
			optimizer := nn.AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05}
			s := newStepOf(t, m, 2, func(p *nn.Program) *Forward { return m.Record(p, RecordOptions{}) }, func(p *nn.Program) {
				p.ClipNorm(1)
				p.AdamW(optimizer, p.Hyper())
				m.AfterStep(p)
			})
			a := newAugment(t, 8, 2, true)
			for i := range m.Layout().Images {
				a.Image(s.batch.Image(i), noise(a.Len()), Key{Seed: 1, Image: uint32(i)})
				m.Corrupt(s.batch, i, Key{Seed: 1, Image: uint32(i)})
			}
			s.w = s.ps.Initial(1)
			require.NoError(t, s.dev.UploadState(s.ps, nn.Weights, s.w))
			require.NoError(t, s.batch.Upload(s.dev, s.f.Inputs))

			var b strings.Builder
			line := func(what, name string, shape []int, v []float32) {
				h := sha256.New()
				require.NoError(t, binary.Write(h, binary.LittleEndian, v))
				fmt.Fprintf(&b, "%s %s %v %x %v\n", what, name, shape, h.Sum(nil)[:8], v[:min(4, len(v))])
			}
			fmt.Fprintf(&b, "numerics %d\n", nn.Numerics)
			line("input", "images", s.f.Inputs.Images.Shape(), s.batch.Images)
			line("input", "mask", s.f.Inputs.Mask.Shape(), s.batch.Mask)
			clock := nn.NewAdamWClock(optimizer, 0)
			for i := range 10 {
				correct1, correct2 := clock.Next()
				require.NoError(t, s.dev.Upload(s.p.Hyper(), []float32{nn.HyperLR: 1e-2, nn.HyperCorrect1: correct1, nn.HyperCorrect2: correct2, nn.HyperAverage: 0}))
				require.NoError(t, s.dev.Step(s.p))
				if i == 0 {
					g := s.gradients()
					for _, name := range s.ps.Names() {
						spec, _ := s.ps.Spec(name)
						line("start", name, spec.Shape, s.ps.Slice(s.w, name))
						line("gradient", name, spec.Shape, s.ps.Slice(g, name))
					}
					line("value", "pred", s.f.Pred.Shape(), s.get(s.f.Pred))
					line("value", "target", s.f.Target.Shape(), s.get(s.f.Target))
				}
				loss := s.get(s.loss)[0]
				fmt.Fprintf(&b, "loss %d %08x %v\n", i, math.Float32bits(loss), loss)
			}
			compareGolden(t, "testdata/"+name+".golden", b.String())
		})
	}
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "make it with -update")
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i, line := range wantLines {
		require.Less(t, i, len(gotLines), "%s: fewer lines than expected", path)
		require.Equal(t, line, gotLines[i], "%s:%d", path, i+1)
	}
	require.Len(t, gotLines, len(wantLines))
}
