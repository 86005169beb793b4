package harness

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
)

// Methods that change when MTO looks on, each in one way.
type (
	weighsTaps struct{ mim.Method } // whoever asks for taps gets another loss
	alwaysGate struct{ mim.Method } // attention is gated wherever there is a hook for a gate
)

func (w weighsTaps) Record(p *nn.Program, o mim.RecordOptions) *mim.Forward {
	f := w.Method.Record(p, o)
	if o.Tap || o.Gate != nil {
		f.Terms[0].Weight *= 1.001
	}
	return f
}

func (a alwaysGate) Record(p *nn.Program, o mim.RecordOptions) *mim.Forward {
	if hook := o.Gate; hook != nil {
		o.Gate = func(tap *mim.Tap, layer int) nn.Tensor {
			hook(tap, layer)
			return p.Gate(nn.Tensor{}, tap.Visible, tap.Masked, nn.GateAttr{Floor: 1e-4, ClassTokens: tap.ClassTokens})
		}
	}
	return a.Method.Record(p, o)
}

func init() {
	changed := func(name string, change func(mim.Method) mim.Method) {
		mim.Register(name, func(c mim.Config) (mim.Method, error) {
			m, err := mim.New("simmim", c)
			return change(m), err
		})
	}
	changed("weighs-taps", func(m mim.Method) mim.Method { return weighsTaps{m} })
	changed("always-gate", func(m mim.Method) mim.Method { return alwaysGate{m} })
}

// The self-check holds a program without MTO against one in which MTO is recorded and has no weight. Real programs: a trace that
// taps, hook or measures leave is found, and sound methods leave none.
func TestSelfCheckFindsTracesOfMTO(t *testing.T) {
	for _, c := range []struct {
		method string
		same   bool
	}{{"simmim", true}, {"mae", true}, {"weighs-taps", false}, {"always-gate", false}} {
		rc := identityConfig(t, "simmim", "on")
		rc.Method.Name = c.method
		dir, programs := t.TempDir(), map[string]int{}
		build := func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
			s, err := NewTrainer(rc, set, threads)
			if err == nil {
				programs[rc.Arm] = len(s.program.Ops())
			}
			return s, err
		}
		require.NoError(t, selfcheckStates(context.Background(), dir, rc.Config, noiseSet(12, 3, 60), 2, build))
		var record selfcheckRecord
		require.NoError(t, readJSON(filepath.Join(dir, selfcheckName), &record))
		require.Equal(t, c.same, record.same(), "%s: %+v", c.method, record)
		require.Greater(t, programs[ArmOn], programs[ArmOff], "%s: the arms hold one and the same program", c.method)
	}
}

// A whole run at weight 0 of a self-test holds MTO's program too.
func TestSelfTestRecordsMTOAtWeightZero(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	calibrateAndLock(t, s)
	measured := map[string]int{}
	s.launch = inProcess(t, func(rc RunConfig, set *benchdata.Set, threads int) (stepper, error) {
		if rc.Measure {
			measured[rc.Arm]++
		}
		return newFake(1)(rc, set, threads)
	})
	_, err := s.SelfTest(context.Background())
	require.NoError(t, err)
	require.Equal(t, map[string]int{ArmOn: 2}, measured, "the few steps of the self-check and the whole run")
}

// A record is made again unless it holds and is of this program, this workload, this seed; the bits of other numerics say nothing about
// a study's.
func TestSelfCheckIsMadeAgainUnlessItSpeaksOfTheStudy(t *testing.T) {
	t.Parallel()
	s, _ := fakeStudy(t, t.TempDir(), 1)
	calibrateAndLock(t, s)
	launched, launch := 0, s.launch
	s.launch = func(ctx context.Context, j Job, threads int, report func(Progress)) error {
		launched++
		return launch(ctx, j, threads, report)
	}
	path := filepath.Join(s.Root, selfcheckName)
	require.NoError(t, s.selfcheck(context.Background()))
	var sound selfcheckRecord
	require.NoError(t, readJSON(path, &sound))
	for what, change := range map[string]func(r *selfcheckRecord){
		"":         func(*selfcheckRecord) {},
		"failed":   func(r *selfcheckRecord) { r.Zero = "another" },
		"numerics": func(r *selfcheckRecord) { r.Numerics++ },
		"seed":     func(r *selfcheckRecord) { r.Seed++ },
		"workload": func(r *selfcheckRecord) { r.Workload = "another" },
		"program":  func(r *selfcheckRecord) { r.Code = "commit 0123" },
	} {
		record := sound
		change(&record)
		require.NoError(t, writeJSON(path, record))
		r := &Report{Study: s}
		require.NoError(t, r.checkWeightZero())
		require.Equal(t, what != "failed" && what != "numerics", r.Checks[0].OK, "%s: %s", what, r.Checks[0].Found)
		launched = 0
		require.NoError(t, s.selfcheck(context.Background()))
		require.Equal(t, what != "", launched == 1, what)
		require.NoError(t, readJSON(path, &record))
		require.Equal(t, sound, record, what)
	}
}
