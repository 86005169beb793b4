package harness

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Both arms rise by 10 points an epoch, later seeds more slowly; with MTO in half the epochs, each of which takes 1.2 times as long
// and 1.5 times as much arithmetic.
func TestEveryUnitHasTheStatisticsOfEpochs(t *testing.T) {
	lock := &Lock{Data: LockedData{Train: 100}, Targets: []Target{{C: 0.95, Tau: 50}}}
	r := &Report{Study: &Study{Lock: lock, Config: Config{Train: TrainConfig{Batch: 10}}}}
	var both [][2]*Finished
	for seed := range 6 {
		slow := 1 + float64(seed)/10
		run := func(slow, seconds float64, flop int64) *Finished {
			var c Curve
			for e := range 11 {
				ns := int64(1e9 * seconds * float64(e))
				c = append(c, Point{Epochs: float64(e), Images: int64(100 * e), Step: 10 * e, Top1: 10 + 10*float64(e)/slow, TrainNS: ns, WallNS: 2 * ns, CPUNS: 3 * ns / 2})
			}
			return &Finished{Manifest: Manifest{FLOPs: flop}, Curve: c}
		}
		both = append(both, [2]*Finished{run(slow, 1, 1000), run(slow/2, 1.2, 1500)})
	}
	r.Targets = []TargetReport{{Target: lock.Targets[0], Comparison: compare(crossings(both, 50), lock.Targets[0])}}
	r.compareUnits(both, lock.Targets[0])
	for unit, want := range map[string]float64{UnitEpochs: 0.5, UnitImages: 0.5, UnitFLOP: 0.75, UnitTrainSeconds: 0.6, UnitWallSeconds: 0.6, UnitCPUSeconds: 0.6} {
		c := r.In(unit)
		require.InDelta(t, want, c.Ratio, 1e-6, unit)
		require.True(t, c.Interval.Lo <= c.Ratio && c.Ratio <= c.Interval.Hi, unit)
		require.Equal(t, 0.03125, c.P, unit)
	}
	require.InDelta(t, 4*100*100, r.In(UnitFLOP).Crossings[0].Off.At, 1e-6) // 4 epochs of 10 steps of 1000
	require.InDelta(t, 1.2, r.Speed.Ratio, 1e-12)
	require.InDelta(t, 1-0.5*1.2, r.Speed.Reduction, 1e-6)
}

// Runs that miss the target end where their own FLOP and seconds end: there is no test, and no restricted mean of one horizon.
func TestUnitsWithoutOneHorizonHaveNoTest(t *testing.T) {
	lock := &Lock{Data: LockedData{Train: 100}, Targets: []Target{{C: 0.95, Tau: 50}}}
	for _, c := range []struct {
		slow float64 // of the last seed's runs
		own  bool
	}{{1, false}, {4, true}} {
		r := &Report{Study: &Study{Lock: lock, Config: Config{Train: TrainConfig{Batch: 10}}}}
		var both [][2]*Finished
		for seed := range 6 {
			run := func(seconds float64, flop int64) *Finished {
				slow := 1 + float64(seed)/10
				if seed == 5 {
					slow = c.slow
				}
				var curve Curve
				for e := range 11 {
					ns := int64(1e9 * seconds * float64(e))
					curve = append(curve, Point{Epochs: float64(e), Images: int64(100 * e), Step: 10 * e, Top1: 10 + 10*float64(e)/slow, TrainNS: ns, WallNS: 2 * ns, CPUNS: 3 * ns / 2})
				}
				return &Finished{Manifest: Manifest{FLOPs: flop}, Curve: curve}
			}
			both = append(both, [2]*Finished{run(1, 1000), run(1.2, 1500)})
		}
		r.Targets = []TargetReport{{Target: lock.Targets[0], Comparison: compare(crossings(both, 50), lock.Targets[0])}}
		r.compareUnits(both, lock.Targets[0])
		for unit, own := range map[string]bool{UnitEpochs: false, UnitImages: false, UnitFLOP: c.own, UnitTrainSeconds: c.own, UnitWallSeconds: c.own, UnitCPUSeconds: c.own} {
			u := r.In(unit)
			require.Equal(t, own, u.OwnHorizons, unit)
			text, err := u.MarshalJSON()
			require.NoError(t, err)
			for _, key := range []string{`"p":`, `"test":`} {
				require.Equal(t, !own, strings.Contains(string(text), key), "%s: %s", unit, text)
			}
		}
		var b strings.Builder
		r.writeUnits(&b)
		require.Equal(t, map[bool]int{true: 5}[c.own], strings.Count(b.String(), "(1)"), b.String())
		require.Equal(t, 1, strings.Count(b.String(), "\n  "+Unadjusted+"\n"), b.String())
	}
}

// Nobody knows how much seconds vary that no run repeated; and b.5's rule is about c = 0.95.
func TestStudyWithoutRepeatHasNoSecondsAndAnotherPrimaryNoVerdict(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 2, "study.repeat=false", "study.target=0.9")
	r, err := s.Run(context.Background())
	require.NoError(t, err)
	require.Nil(t, r.In(UnitTrainSeconds))
	require.Nil(t, r.In(UnitWallSeconds))
	require.Nil(t, r.In(UnitCPUSeconds))
	require.Nil(t, r.Speed)
	require.InDelta(t, 0.5, r.In(UnitFLOP).Ratio, 0.03)
	require.Equal(t, NoVerdict, r.Verdict.Word)
	require.Equal(t, 0.9, r.Targets[r.Primary].C)
}
