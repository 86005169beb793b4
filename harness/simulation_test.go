package harness

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/internal/statistics"
)

var (
	studies = flag.Int("studies", 0, "TestSimulation: studies of each scenario; writes their table to simulation.md")
	oneRow  = flag.Int("scenario", 0, "TestSimulation: with -studies, this row of the table only, from 1")
)

// A scenario is a world in which the true ratio of epochs-to-target is known. Each run's quality is
// start + rise * shape(epoch / k) plus noise, where k, the run's own slowness, is lognormal with the
// coefficient of variation cv; with MTO it is smaller by ratio. Within a pair ln k correlates.
type scenario struct {
	name    string
	ratio   float64 // true rho
	pairs   int
	corr    float64 // of ln k within pairs
	horizon float64 // budget / median k of the baseline: 5 leaves hardly a run censored, 2 one in six
	cv      float64
	noise   float64    // sd of one evaluation, points
	stall   [2]float64 // chance that a run of off, on stays on a plateau below the target
	flat    bool       // the shape has a plateau before its last rise
}

const (
	simulatedStart = 20.0
	simulatedRise  = 45.0
)

// shape rises from 0 to 1.
func (s scenario) shape(u float64) float64 {
	if s.flat { // a fast rise, a plateau, a late one
		late := func(u float64) float64 { return 1 / (1 + math.Exp(-(u-2.5)/0.25)) }
		return 0.85*(1-math.Exp(-3*u)) + 0.15*(late(u)-late(0))/(1-late(0))
	}
	return 1 - math.Exp(-u)
}

// reaches is u with shape(u) = level, by bisection.
func (s scenario) reaches(level float64) float64 {
	lo, hi := 0.0, 100.0
	for range 100 {
		if u := (lo + hi) / 2; s.shape(u) < level {
			lo = u
		} else {
			hi = u
		}
	}
	return lo
}

// sigma is the sd of ln k.
func (s scenario) sigma() float64 { return math.Sqrt(math.Log(1 + s.cv*s.cv)) }

// truth is the true ratio of the statistic that stands in the headline, given the locked target.
func (s scenario) truth(c Comparison, tau, budget float64) float64 {
	if !c.Censored() {
		return s.ratio
	}
	u := s.reaches((tau - simulatedStart) / simulatedRise)
	mean := func(scale, stall float64) float64 { // E min(k u, budget), lognormal
		sd, m := s.sigma(), math.Log(scale*u*budget/s.horizon)
		z := (math.Log(budget) - m) / sd
		return stall*budget + (1-stall)*(math.Exp(m+sd*sd/2)*statistics.NormalCDF(z-sd)+budget*(1-statistics.NormalCDF(z)))
	}
	return mean(s.ratio, s.stall[1]) / mean(1, s.stall[0])
}

// curve is one run.
func (s scenario) curve(r *rand.Rand, epochs []float64, k float64, stalls bool) Curve {
	var c Curve
	for i, e := range epochs {
		share := s.shape(e / k)
		if stalls {
			share *= 0.8
		}
		q := simulatedStart + simulatedRise*share + s.noise*r.NormFloat64()
		c = append(c, Point{Step: i, Epochs: e, Top1: q, TrainNS: int64(1e9 * e), WallNS: int64(2e9 * e), Images: int64(e * 4096), Chain: fmt.Sprint(k)})
	}
	return c
}

// study simulates one study, from its calibration to its verdict.
func (s scenario) study(t testing.TB, config Config, root string, number uint64) *Report {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], number)
	r := rand.New(rand.NewChaCha8(seed)) // studies must not resemble each other, as neighbouring seeds of an LCG would
	var epochs []float64
	for k := range config.Study.Grid + 1 {
		epochs = append(epochs, config.EpochsAt(config.GridStep(k)))
	}
	budget := epochs[len(epochs)-1]
	slowness := func(z float64) float64 { return budget / s.horizon * math.Exp(s.sigma()*z) }
	var calibration []CalibrationRun
	for i := range config.Study.CalibrationSeeds {
		q := s.curve(r, epochs, slowness(r.NormFloat64()), r.Float64() < s.stall[0]).quality()
		calibration = append(calibration, CalibrationRun{Seed: 1001 + i, Quality: map[int][]float64{1: q, 2: q}})
	}
	lock, err := newLock(config, LockedData{Name: "simulated", Train: 4096, Validation: 5000}, calibration)
	require.NoError(t, err)
	report := &Report{Study: &Study{Config: config, Root: root, Lock: lock}}
	for _, seed := range lock.Seeds {
		z := r.NormFloat64()
		for a, arm := range []string{ArmOff, ArmOn} {
			k := slowness(z)
			if arm == ArmOn {
				k = s.ratio * slowness(float64(s.corr*z)+math.Sqrt(1-s.corr*s.corr)*r.NormFloat64())
			}
			f := &Finished{
				Job:      Job{Kind: jobPair, Seed: seed, Arm: arm},
				Manifest: Manifest{Seed: uint64(seed), Arm: arm, FLOPs: 1000},
				Curve:    s.curve(r, epochs, k, r.Float64() < s.stall[a]),
			}
			f.Curve[0].Top1 = simulatedStart // as pairs do, the arms start alike
			report.Runs = append(report.Runs, f)
		}
	}
	require.NoError(t, report.judge())
	return report
}

// A tally counts studies.
type tally struct {
	studies, censored, covered int
	words                      map[string]int
}

func (t *tally) add(s scenario, r *Report) {
	c := r.Targets[r.Primary].Comparison
	t.studies++
	if c.Censored() {
		t.censored++
	}
	if c.Interval.Contains(s.truth(c, r.Targets[r.Primary].Tau, r.Study.Lock.Budget.Epochs)) {
		t.covered++
	}
	t.words[r.Verdict.Word]++
}

// effects are the verdicts that claim one.
func (t *tally) effects() int { return t.words[Supported] + t.words[LessThanClaimed] + t.words[Slower] }

// run simulates n studies on all processors. The numbers don't depend on how many there are.
func (s scenario) run(t testing.TB, root string, n int) *tally {
	config := fakeConfig(t, "study.grid=40", "study.targets=[0.95]", "study.repeat=false", fmt.Sprintf("study.seeds=%d", s.pairs))
	config.Model.Depth = 2
	total := &tally{words: map[string]int{}}
	reports := make([]*Report, n)
	var wait sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := worker; i < n; i += runtime.GOMAXPROCS(0) {
				reports[i] = s.study(t, config, root, uint64(i))
			}
		})
	}
	wait.Wait()
	for _, r := range reports {
		total.add(s, r)
	}
	return total
}

// scenarios of the long form. What is left at 0 is the ordinary: cv 15 %, noise 0.3 points.
func scenarios() []scenario {
	var list []scenario
	for _, horizon := range []float64{5, 3, 2} {
		for _, ratio := range []float64{1, 0.8, 0.5} {
			for _, corr := range []float64{0, 0.6, 0.9} {
				list = append(list, scenario{ratio: ratio, corr: corr, horizon: horizon, pairs: 10})
			}
		}
	}
	for _, pairs := range []int{6, 16} {
		for _, horizon := range []float64{5, 2} {
			for _, ratio := range []float64{1, 0.8, 0.5} {
				list = append(list, scenario{ratio: ratio, corr: 0.6, horizon: horizon, pairs: pairs})
			}
		}
	}
	for _, s := range []scenario{
		{name: "cv 8 %", cv: 0.08}, {name: "noise 1 point", noise: 1}, {name: "plateau before the last rise", flat: true},
		{name: "1 in 10 of either arm stalls", stall: [2]float64{0.1, 0.1}}, {name: "1 in 3 with MTO stalls", stall: [2]float64{0, 0.33}},
	} {
		for _, ratio := range []float64{1, 0.8, 0.5} {
			s.ratio, s.corr, s.horizon, s.pairs = ratio, 0.6, 5, 10
			list = append(list, s)
		}
	}
	list = append(list, scenario{name: "flat end: 1.5 points of noise, budget 8 k", ratio: 0.5, corr: 0.6, horizon: 8, pairs: 10, noise: 1.5})
	for i := range list {
		if list[i].cv == 0 {
			list[i].cv = 0.15
		}
		if list[i].noise == 0 {
			list[i].noise = 0.3
		}
	}
	return list
}

// simulationRoot is a study's folder with the record that its self-check held.
func simulationRoot(t testing.TB) string {
	root := t.TempDir()
	require.NoError(t, writeJSON(filepath.Join(root, selfcheckName), selfcheckRecord{Schema: 1, Numerics: Numerics, Steps: 4, Off: "a", Zero: "a"}))
	return root
}

// The short form: with censoring and without, at the fewest pairs and at the usual number. Coverage lies
// between 93 and 97 %, and at ratio 1 at most 5 % of verdicts claim an effect, up to three standard
// errors of so many studies. A bootstrap percentile interval of restricted means fails it.
func TestSimulation(t *testing.T) {
	root := simulationRoot(t)
	if *studies > 0 {
		simulateAll(t, root, *studies)
		return
	}
	t.Parallel()
	const n = 250
	list := scenarios()
	pick := func(ratio, horizon, corr float64, pairs int) scenario {
		i := slices.IndexFunc(list, func(s scenario) bool {
			return s.ratio == ratio && s.horizon == horizon && s.corr == corr && s.pairs == pairs
		})
		return list[i]
	}
	for _, group := range [][]scenario{
		{pick(1, 5, 0.6, 6), pick(0.8, 5, 0.6, 10), pick(0.5, 5, 0.9, 10)}, // hardly censored
		{pick(1, 2, 0.6, 6), pick(0.8, 2, 0.6, 6), pick(0.5, 2, 0.6, 6)},   // censored
	} {
		covered := 0
		for _, s := range group {
			got := s.run(t, root, n)
			covered += got.covered
			if s.ratio == 1 {
				require.LessOrEqual(t, float64(got.effects())/n, 0.05+3*math.Sqrt(0.05*0.95/n), "false findings: %v", got.words)
			}
			if s.ratio == 0.5 && s.horizon == 5 {
				require.Greater(t, got.words[Supported], got.words[LessThanClaimed]+got.words[NotShown], "a halving is found: %v", got.words)
			}
		}
		all := float64(n * len(group))
		require.InDelta(t, 0.95, float64(covered)/all, 0.02+3*math.Sqrt(0.95*0.05/all), "coverage of the headline interval, horizon %v", group[0].horizon)
	}
}

// simulateAll writes the table of docs/statistics.md to simulation.md in the folder of the package.
func simulateAll(t *testing.T, root string, n int) {
	out, err := os.Create("simulation.md") // go test may keep its own output back
	require.NoError(t, err)
	defer out.Close()
	words := []string{Supported, LessThanClaimed, NotShown, Slower, NotMeasurable, Void}
	fmt.Fprintln(out, "| world | true ratio | pairs | correlation | budget / k | censored | coverage | supported | less | not shown | slower | not measurable | void | claims |")
	fmt.Fprintln(out, "|--- |--: |--: |--: |--: |--: |--: |--: |--: |--: |--: |--: |--: |--: |")
	for i, s := range scenarios() {
		if *oneRow > 0 && i+1 != *oneRow {
			continue
		}
		got := s.run(t, root, n)
		share := func(k int) string { return fmt.Sprintf("%.1f", 100*float64(k)/float64(n)) }
		fmt.Fprintf(out, "| %s | %.1f | %d | %.1f | %.0f | %s | %s", s.name, s.ratio, s.pairs, s.corr, s.horizon, share(got.censored), share(got.covered))
		for _, word := range words {
			fmt.Fprintf(out, " | %s", share(got.words[word]))
		}
		claims := "-"
		if measured := n - got.words[NotMeasurable] - got.words[Void]; measured >= n/20 {
			claims = fmt.Sprintf("%.1f", 100*float64(got.effects())/float64(measured))
		}
		fmt.Fprintf(out, " | %s |\n", claims)
	}
}
