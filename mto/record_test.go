package mto

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
)

func TestSameBitsForAnyThreads(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		for _, name := range Presets() {
			var want []float32
			for _, threads := range []int{1, 2, 3} {
				r := newRun(t, m, threads, func(p *nn.Program) Recorded { return Record(p, m, preset(t, name), Options{}) })
				for i := range 3 {
					r.draw(i)
					loss := r.step(1e-3)
					require.False(t, math.IsNaN(float64(loss)) || math.IsInf(float64(loss), 0), name)
				}
				if threads == 1 {
					want = r.state(nn.Weights)
				}
				require.Equal(t, want, r.state(nn.Weights), name)
			}
		}
	})
}

func TestReplayAllocatesNothing(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		for _, name := range Presets() {
			// One thread: a second one takes its scratch memory when it first finds work.
			r := newRun(t, m, 1, func(p *nn.Program) Recorded { return Record(p, m, preset(t, name), Options{Measure: true}) })
			r.step(0)
			require.Zero(t, testing.AllocsPerRun(3, func() { require.NoError(t, r.dev.Step(r.p)) }), name)
		}
	})
}

// The total is that of methods.md 11.3: L_MIM + s (lambda_spa L_spa + lambda_r L_r) + lambda_e L_e.
func TestTotal(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		r := newRunOf(t, m, preset(t, "on"))
		for _, s := range []float32{0, 0.25, 1} {
			require.NoError(t, r.dev.Upload(r.f.Schedule, []float32{s}))
			got := r.step(0)
			var want float64
			for _, term := range r.f.Terms {
				weight := map[string]float32{TermSpa: 0.01 * s, TermR: 0.1 * s, TermE: 0.1}[term.Name]
				if !slices.Contains([]string{TermSpa, TermR, TermE}, term.Name) {
					weight = 1
				}
				want += float64(weight) * float64(r.get(term.Value)[0])
			}
			require.InEpsilon(t, want, got, 1e-6)
		}
	})
}

func TestMeasuresAreThoseOfTheLosses(t *testing.T) {
	battery(t, func(t *testing.T, m mim.Method) {
		for _, name := range []string{"off", "on", "hard"} {
			r := newRun(t, m, 1, func(p *nn.Program) Recorded { return Record(p, m, preset(t, name), Options{Measure: true}) })
			r.step(0)
			reading, err := r.f.Measures[0].Read(r.dev)
			require.NoError(t, err)
			require.Len(t, reading.H, 3)
			require.Len(t, reading.MaskedMass, 2)
			for l, h := range reading.H {
				require.Greater(t, h, 0.0)
				require.LessOrEqual(t, h, 1.0)
				require.LessOrEqual(t, math.Abs(reading.Cosine[l]), 1.0)
			}
			var square float64
			for _, x := range r.ps.Slice(r.w, "mask_token") {
				square += float64(x) * float64(x)
			}
			require.InEpsilon(t, math.Sqrt(square), reading.TokenNorm, 1e-6)
			if name == "on" {
				var rises float64
				for l := range 2 {
					rises += max(0, reading.H[l+1]-reading.H[l]+0.1/2)
				}
				i := slices.IndexFunc(r.f.Terms, func(t mim.Term) bool { return t.Name == TermR })
				require.InDelta(t, rises/2, r.get(r.f.Terms[i].Value)[0], 1e-6)
			}
		}
	})
}

func TestMethodsWithoutMaskTokensAreRefused(t *testing.T) {
	m, err := mim.New("simmim", settings())
	require.NoError(t, err)
	ps, err := nn.NewParams(m.Specs())
	require.NoError(t, err)
	require.PanicsWithValue(t, "mto: the method has no mask tokens, so there is nothing to optimise; use the preset off",
		func() { Record(nn.NewProgram(ps), tokenless{m}, preset(t, "on"), Options{}) })
}

// tokenless is a method that shows no taps.
type tokenless struct{ mim.Method }

func (m tokenless) Record(p *nn.Program, _ mim.RecordOptions) *mim.Forward {
	return m.Method.Record(p, mim.RecordOptions{})
}
