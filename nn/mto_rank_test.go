package nn

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariant 4 of methods.md 11.8: for heterogeneity at layers 0..K.
func TestRankLoss(t *testing.T) {
	const mu = 0.1
	check := func(h []float64, want float64, slopes ...float64) {
		t.Helper()
		k := len(h) - 1
		p := newMTOProgram(t, map[string][]int{"a": {k + 1, 2}})
		// Two images a layer, half a tenth above and below the mean.
		var values []float64
		hs := make([]Tensor, k+1)
		a := p.Param("a")
		for i, v := range h {
			values = append(values, v-0.05, v+0.05)
			pick := make([]float32, (k+1)*2*2)
			pick[(2*i)], pick[(k+1)*2+2*i+1] = 1, 1
			hs[i] = p.Linear(p.Reshape(a, 1, (k+1)*2), p.Const("pick"+string(rune('0'+i)), pick, 2, (k+1)*2), Tensor{})
		}
		loss := p.RankLoss(hs, mu)
		p.Backward(loss)
		p.replay(map[string][]float64{"a": values}, nil)
		require.InDelta(t, want, p.get(loss)[0], 1e-6)
		var d []float64
		for _, s := range slopes {
			d = append(d, s/2, s/2)
		}
		requireClose(t, d, p.gradient("a"), 1e-6)
	}
	check([]float64{0.9, 0.8, 0.7}, 0, 0, 0, 0)                             // falls by 0.1 >= mu/K
	check([]float64{0.9, 0.9, 0.9}, mu/2, -0.5, 0, 0.5)                     // constant: mu/K
	check([]float64{0.5, 0.7, 0.1}, (0.2+mu/2)/2, -0.5, 0.5, 0)             // rises, then falls
	check([]float64{0.5, 0.48, 0.1}, (mu/2-0.02)/2, -0.5, 0.5, 0)           // falls too little
	check([]float64{0.5, 0.1, 0.2, 0.3}, (0.2+2*mu/3)/3, 0, -1./3, 0, 1./3) // the middle cancels
}
