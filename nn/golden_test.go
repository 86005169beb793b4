package nn

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
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The state of the tiny network after its first step, and its losses over ten,
// compared with testdata/tiny.golden line by line. A line that moves without a
// raised Numerics is a bug; otherwise remake the file with go test ./nn -update.
func TestGoldenState(t *testing.T) {
	n := newTinyNet(t)
	d := newDevice(t, 2)
	n.start(t, d)
	losses := n.train(t, d, 1, 1e-3)
	var b strings.Builder
	fmt.Fprintf(&b, "numerics %d\n", Numerics)
	flat := make([]float32, n.ps.Len())
	for _, s := range []State{Weights, Grads, Moment1, Moment2, Averaged} {
		require.NoError(t, d.DownloadState(flat, n.ps, s))
		for _, name := range n.ps.Names() {
			spec, _ := n.ps.Spec(name)
			fmt.Fprintf(&b, "%s %s\n", s, goldenLine(name, spec.Shape, n.ps.Slice(flat, name)))
		}
	}
	for _, x := range []Tensor{n.probs, n.mean, n.l1, n.mse} {
		fmt.Fprintf(&b, "value %s\n", goldenLine(x.Name(), x.Shape(), download(t, d, x)))
	}

	n = newTinyNet(t)
	n.start(t, d)
	for i, loss := range n.train(t, d, 10, 1e-3) {
		fmt.Fprintf(&b, "loss %d %08x %v\n", i, math.Float32bits(loss), loss)
		if i == 0 {
			require.Equal(t, losses[0], loss)
		}
	}
	compareGolden(t, "testdata/tiny.golden", b.String())
}

// goldenLine is name, shape, hash and the first four values.
func goldenLine(name string, shape []int, v []float32) string {
	h := sha256.New()
	for _, x := range v {
		_ = binary.Write(h, binary.LittleEndian, math.Float32bits(x))
	}
	return fmt.Sprintf("%s %v %x %v", name, shape, h.Sum(nil)[:8], v[:min(4, len(v))])
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i, line := range wantLines {
		require.Less(t, i, len(gotLines), "%s: fewer lines than expected", path)
		require.Equal(t, line, gotLines[i], "%s:%d", path, i+1)
	}
	require.Len(t, gotLines, len(wantLines))
}
