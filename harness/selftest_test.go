package harness

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
)

// Broken steppers, each in one way.
type (
	actsAtZero struct{ *fakeStepper } // MTO leaves a trace whatever its weights
	restless   struct {               // another state each time
		*fakeStepper
		life int64
	}
	slowed struct{ *fakeStepper } // learns at half the rate
)

func (a actsAtZero) StateHash() string { return a.fakeStepper.StateHash() + a.rc.Arm }
func (r restless) StateHash() string   { return fmt.Sprint(r.fakeStepper.StateHash(), r.life) }
func (s slowed) Evaluate() (Evaluation, error) {
	half := *s.fakeStepper
	half.step /= 2
	e, err := half.Evaluate()
	return e, err
}

var lives atomic.Int64

func TestSelfTestFindsEachFault(t *testing.T) {
	t.Parallel()
	const (
		zeroSteps = "MTO at weight 0 is the baseline, bit for bit"
		zeroRun   = "a whole run with MTO at weight 0 is the baseline's, bit for bit"
		again     = "a repeated run gives the same bits"
		locked    = "a calibration run gives the bits that the lock was made from"
		itself    = "a study of the baseline against itself shows nothing"
		seeds     = "baseline of calibration and evaluation seeds agree"
	)
	for _, c := range []struct {
		what   string
		broken func(*fakeStepper) stepper
		failed []string
	}{
		{"nothing", func(f *fakeStepper) stepper { return f }, nil},
		{"MTO acts at weight 0", func(f *fakeStepper) stepper { return actsAtZero{f} }, []string{zeroSteps, zeroRun, locked}},
		{"bits differ from run to run", func(f *fakeStepper) stepper { return restless{f, lives.Add(1)} }, []string{zeroSteps, zeroRun, again, locked}},
		{"the baseline is slow", func(f *fakeStepper) stepper { return slowed{f} }, []string{locked, itself, seeds}},
	} {
		s, _ := fakeStudy(t, t.TempDir(), 1)
		calibrateAndLock(t, s)
		s.Root = t.TempDir() // as mtobench selftest has it: a lock, and no run yet
		s.launch = inProcess(t, func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
			f, err := newFake(1)(rc, set, threads)
			return c.broken(f.(*fakeStepper)), err
		})
		test, err := s.SelfTest(context.Background())
		require.NoError(t, err, c.what)
		var failed []string
		for _, check := range test.Checks {
			if !check.OK {
				failed = append(failed, check.Name)
			}
		}
		require.ElementsMatch(t, c.failed, failed, "%s: %+v", c.what, test.Checks)
		require.Equal(t, len(failed) == 0, test.OK())
		require.GreaterOrEqual(t, len(test.Checks), 6)
		var text strings.Builder
		require.NoError(t, test.WriteText(&text))
		require.Equal(t, len(failed) == 0, strings.Contains(text.String(), "self-test passed"), text.String())
	}
}

func TestSelfTestOpensNoTestSplitAndResumes(t *testing.T) {
	t.Parallel()
	s, m := fakeStudy(t, t.TempDir(), 1)
	_, err := s.SelfTest(context.Background())
	require.ErrorIs(t, err, ErrLock, "without a lock there is nothing to compare with")
	calibrateAndLock(t, s)
	_, err = s.SelfTest(context.Background())
	require.NoError(t, err)
	r := &Report{Study: s}
	require.NoError(t, r.checkSealed())
	for _, c := range r.Checks {
		require.Contains(t, c.Found, "0 openings")
	}
	before := len(m.finished)
	_, err = s.SelfTest(context.Background())
	require.NoError(t, err)
	for i, u := range m.finished[before:] {
		require.True(t, u.Skipped)
		require.Equal(t, [2]int{i, 9}, [2]int{u.Index, u.Total})
	}
}
