package harness

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/mtobench/mtobench/internal/statistics"
)

// selftestName is the folder of the self-test's runs.
const selftestName = "selftest"

// A SelfTest is what trial runs of a locked study say about this build on this machine: that nothing looks
// like something. It needs no pair.
type SelfTest struct {
	Study  *Study
	Checks []Check
	Notes  []string
}

// OK reports whether all checks hold.
func (t *SelfTest) OK() bool {
	for _, c := range t.Checks {
		if !c.OK {
			return false
		}
	}
	return true
}

// WriteText prints the checks for people.
func (t *SelfTest) WriteText(w io.Writer) error {
	var b strings.Builder
	word := "passed"
	for _, c := range t.Checks {
		mark := "ok    "
		if !c.OK {
			mark, word = "FAILED", "failed"
		}
		fmt.Fprintf(&b, "%s %s: %s\n", mark, c.Name, c.Found)
	}
	for _, note := range t.Notes {
		fmt.Fprintf(&b, "note   %s\n", note)
	}
	fmt.Fprintf(&b, "self-test %s\n", word)
	_, err := io.WriteString(w, b.String())
	return err
}

// selftestRuns are the trial runs, all without the lock's test split.
type selftestRuns struct {
	off       []*Finished // the baseline with the pairs' seeds
	zero      *Finished   // the first seed with MTO at weight 0, to the whole budget
	again     *Finished   // the first seed's baseline once more
	reference *Finished   // the first calibration run, made here
}

// SelfTest trains the baseline of a locked study (methodology b.7): with the pairs' seeds, the first of them
// a second time and a third with MTO at weight 0, and one calibration run. It returns the A/A comparisons,
// the zero-weight identity, and the comparison with the lock's bits and the reference that ships. A check
// that fails is no error.
func (s *Study) SelfTest(ctx context.Context) (*SelfTest, error) {
	if s.Lock == nil {
		return nil, fmt.Errorf("%w: %s: a self-test compares with a lock, and there is none for this build", ErrLock, s.Root)
	}
	if err := s.prepare(s.Root, s.Config, s.Lock); err != nil {
		return nil, err
	}
	if err := s.selfcheck(ctx); err != nil {
		return nil, err
	}
	runs, err := s.selftestRuns(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{Study: s}
	if err := r.checkWeightZero(); err != nil {
		return nil, err
	}
	t := &SelfTest{Study: s}
	t.checkZeroRun(runs.off[0], runs.zero)
	t.checkAgain(runs.off[0], runs.again)
	t.checkLockedBits(runs.reference)
	t.checkSameAgainstSame(runs.off)
	r.checkSameBaseline(runs.off)
	if err := r.checkReference(runs.off); err != nil {
		return nil, err
	}
	t.Checks, t.Notes = append(t.Checks, r.Checks...), append(t.Notes, r.Warnings...)
	return t, nil
}

// selftestRuns carries the runs out, or finds them finished.
func (s *Study) selftestRuns(ctx context.Context) (*selftestRuns, error) {
	root, first := filepath.Join(s.Root, selftestName), s.Lock.Seeds[0]
	c := s.Config
	c.Probe.Layer = s.Lock.Calibration.Layer
	zero := c
	zero.MTO.weightZero()
	// All are without the lock, so that nothing opens the test split. The third run is the first once more, with
	// another between them.
	own := func(root string, seed int) Job { return Job{jobCalibration, seed, ArmOff, runDir(root, seed, ArmOff)} }
	type trial struct {
		job    Job
		config Config
	}
	trials := []trial{
		{own(root, first), c},
		{Job{jobZero, first, ArmOn, runDir(root, first, ArmOn)}, zero},
		{own(filepath.Join(root, jobRepeat), first), c},
		{calibrationJobs(s.Root, s.Config)[0], s.calibrationConfig()},
	}
	for _, seed := range s.Lock.Seeds[1:] {
		trials = append(trials, trial{own(root, seed), c})
	}
	shown := s.monitor
	defer func() { s.monitor = shown }()
	var read []*Finished
	for i, trial := range trials {
		s.monitor = numbered{shown, i, len(trials)}
		failed, err := s.runJobs(ctx, trial.config, []Job{trial.job})
		if err != nil {
			return nil, err
		}
		if len(failed) > 0 {
			return nil, failed[0]
		}
		f, err := readTrial(trial.job)
		if err != nil {
			return nil, err
		}
		read = append(read, f)
	}
	return &selftestRuns{off: append([]*Finished{read[0]}, read[4:]...), zero: read[1], again: read[2], reference: read[3]}, nil
}

// readTrial reads a finished run without a lock.
func readTrial(j Job) (*Finished, error) {
	f := &Finished{Job: j}
	if err := readJSON(filepath.Join(j.Dir, manifestName), &f.Manifest); err != nil {
		return nil, err
	}
	var err error
	if f.Curve, err = ReadCurve(filepath.Join(j.Dir, curveName)); err != nil {
		return nil, err
	}
	return f, verifyChain(j.Dir, f.Manifest.Run, f.Curve)
}

func (t *SelfTest) check(name string, ok bool, format string, args ...any) {
	t.Checks = append(t.Checks, Check{name, ok, fmt.Sprintf(format, args...)})
}

// checkZeroRun compares a whole run with MTO at weight 0 with the baseline: states and figures at every
// grid point.
func (t *SelfTest) checkZeroRun(off, zero *Finished) {
	const name = "a whole run with MTO at weight 0 is the baseline's, bit for bit"
	for i, p := range off.Curve {
		if z := zero.Curve[i]; p.State != z.State || p.Top1 != z.Top1 || p.KNN != z.KNN || p.Recon != z.Recon {
			t.check(name, false, "they part by step %d: states %.16s and %.16s, top-1 %v and %v %%", p.Step, p.State, z.State, p.Top1, z.Top1)
			return
		}
	}
	t.check(name, true, "same states and figures at %d grid points of %.6g epochs", len(off.Curve), off.Curve[len(off.Curve)-1].Epochs)
}

// checkAgain compares a run with its repetition; seconds that differ are a note.
func (t *SelfTest) checkAgain(off, again *Finished) {
	a, b := off.Curve[len(off.Curve)-1], again.Curve[len(again.Curve)-1]
	t.check("a repeated run gives the same bits", a.Chain == b.Chain, "hash chains %.16s and %.16s", a.Chain, b.Chain)
	difference := relativeDifference(a.TrainNS, b.TrainNS)
	noise, verdict := t.Study.Config.Study.Noise, "within"
	if difference > noise {
		verdict = "beyond"
	}
	t.Notes = append(t.Notes, fmt.Sprintf("the repeated run's seconds differ by %.1f %%, %s the stated noise of %.0f %% (study.noise); beyond it a study reports no seconds", 100*difference, verdict, 100*noise))
}

// checkLockedBits compares a calibration run made here with the one that the lock was made from.
func (t *SelfTest) checkLockedBits(reference *Finished) {
	calibration := t.Study.Lock.Calibration
	have, want := reference.Curve[len(reference.Curve)-1].Chain, calibration.Chains[0]
	t.check("a calibration run gives the bits that the lock was made from", have == want,
		"seed %d: hash chain %.16s, the lock has %.16s", calibration.Seeds[0], have, want)
}

// checkSameAgainstSame judges the baseline against itself: calibration runs as one arm, the runs made here
// as the other. There is nothing to find.
func (t *SelfTest) checkSameAgainstSame(off []*Finished) {
	target := t.Study.Lock.primary()
	var pairs []Pair
	for i := range min(len(off), len(target.Crossings)) {
		locked := Crossing{At: target.Crossings[i], Hit: target.Hits[i]}
		pairs = append(pairs, Pair{off[i].Outcome(target.Tau).Crossing, locked})
	}
	c := compare(pairs, target)
	t.check("a study of the baseline against itself shows nothing", !c.StartedAtTarget && c.Interval.Contains(1),
		"ratio %.3f, 95 %% interval %.3f to %.3f, p = %.3f (medians %.2f and %.2f epochs)",
		c.Ratio, c.Interval.Lo, c.Interval.Hi, c.P, statistics.Median(offOf(pairs)), statistics.Median(target.Crossings))
}

func offOf(pairs []Pair) []float64 {
	var at []float64
	for _, p := range pairs {
		at = append(at, p.Off.At)
	}
	return at
}

// numbered shows runs that are carried out one by one as runs of one list.
type numbered struct {
	Monitor
	index, total int
}

func (n numbered) Update(u Update) {
	u.Index, u.Total, u.Left = n.index, n.total, 0
	n.Monitor.Update(u)
}
func (n numbered) Finish(u Update) {
	u.Index, u.Total, u.Left = n.index, n.total, 0
	n.Monitor.Finish(u)
}
