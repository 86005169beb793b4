package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/nn"
)

// fakeStepper is a stepper without a network: its state is a hash chain over the steps, its quality a
// saturating curve with noise. MTO makes it faster by the factor speed. Like the real one, everything
// is a function of configuration, seed, arm and step.
type fakeStepper struct {
	rc    RunConfig
	step  int
	state string
	stall stall
	ctx   context.Context

	speed  float64 // of MTO; 1: none
	diverg int     // step whose loss isn't finite; 0: none
}

var _ stepper = (*fakeStepper)(nil)

func newFake(speed float64) newStepper {
	return func(rc RunConfig, _ *benchdata.Set, _ int) (stepper, error) {
		f := &fakeStepper{rc: rc, speed: speed, state: fmt.Sprintf("init %d", rc.Seed)}
		f.stall.At, f.stall.Reached, _ = strings.Cut(os.Getenv(stallVariable), " ")
		f.diverg, _ = strconv.Atoi(os.Getenv("MTOBENCH_TEST_DIVERGE"))
		return f, nil
	}
}

func (f *fakeStepper) acts() bool { return f.rc.MTOActive() && f.rc.MTO.LambdaE > 0 }

func (f *fakeStepper) Watch(ctx context.Context) { f.ctx = ctx }

// stallVariable tells fakes of other processes where to stall: "100 PATH" or "final PATH".
const stallVariable = "MTOBENCH_TEST_STALL"

// A stall is a place at which a fake waits until it is asked to stop, or killed: a test that does one of these
// then knows how far the run has come.
type stall struct {
	At      string // a number of steps, "evaluation=" and one, or "final"; empty: nowhere
	Reached string // the file that it makes there
}

func (f *fakeStepper) stallAt(place string) error {
	if f.stall.At != place {
		return nil
	}
	if err := os.WriteFile(f.stall.Reached, nil, 0o644); err != nil {
		return err
	}
	<-f.ctx.Done()
	return ErrInterrupted
}

// untilFile waits for a file, however long that takes: a run that never gets there is stopped by go test.
func untilFile(path string) {
	for _, err := os.Stat(path); err != nil; _, err = os.Stat(path) {
		time.Sleep(time.Millisecond)
	}
}

func (f *fakeStepper) Step() (StepStats, error) {
	if err := f.stallAt(strconv.Itoa(f.step)); err != nil {
		return StepStats{}, err
	}
	if f.diverg == f.step+1 && f.acts() || f.diverg == -(f.step+1) { // below 0: in both arms
		return StepStats{}, fmt.Errorf("step %d: loss NaN", f.step+1)
	}
	f.step++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %v", f.state, f.step, f.acts()))
	f.state = hex.EncodeToString(sum[:])
	return StepStats{Loss: 1 / float32(f.step), TrainNS: 1000, CPUNS: 1500}, nil
}

func (f *fakeStepper) Evaluate() (Evaluation, error) {
	if err := f.stallAt(fmt.Sprintf("evaluation=%d", f.step)); err != nil {
		return Evaluation{}, err
	}
	rate := 3.0
	if f.acts() {
		rate *= f.speed
	}
	share := float64(f.step) / float64(f.TotalSteps())
	draw := nn.NewStream(f.rc.Seed, "fake").At(0, uint32(f.step))
	q := 20 + 45*(1-detmath.Exp(-rate*share)) + 0.3*float64(draw.Normal())
	e := Evaluation{Top1: q, KNNTop1: q - 5, ReconLoss: 1 - share/2, Diagnostics: map[string]float64{"token_norm": share}}
	if f.rc.Probe.Layer == 0 {
		e.Layers = []float64{q - 2, q}
	}
	return e, nil
}

func (f *fakeStepper) PrepareFinal(dir string, tell func(string, int, int) error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "state"), nil, 0o644); err != nil {
		return err
	}
	return tell("nothing", 1, 1)
}

func (f *fakeStepper) Final(test benchdata.Split) ([]FinalFigure, error) {
	if err := f.stallAt("final"); err != nil {
		return nil, err
	}
	e, err := f.Evaluate()
	sum := 0
	for _, b := range test.Images {
		sum += int(b)
	}
	var figures []FinalFigure
	for i, name := range f.rc.finalNames() {
		figures = append(figures, FinalFigure{Name: name, Unit: finalUnit(name), Test: e.Top1 - float64(i) + float64(sum%7)/100, Validation: e.Top1})
	}
	return figures, err
}

func (f *fakeStepper) Done() bool { return f.step >= f.TotalSteps() }
func (f *fakeStepper) AtGridPoint() bool {
	for k := range f.rc.Study.Grid + 1 {
		if f.rc.GridStep(k) == f.step {
			return true
		}
	}
	return false
}
func (f *fakeStepper) ImagesSeen() int64   { return int64(f.step * f.rc.Train.Batch) }
func (f *fakeStepper) TotalSteps() int     { return f.rc.Steps() }
func (f *fakeStepper) StateHash() string   { return f.state }
func (f *fakeStepper) PairHash() string    { return fmt.Sprintf("pair %d", f.rc.Seed) }
func (f *fakeStepper) Params() int         { return 1234 }
func (f *fakeStepper) FLOPsPerStep() int64 { return 1000 }
func (f *fakeStepper) Close()              {}

func (f *fakeStepper) Save(path string, extra map[string]string) error {
	file := nn.TensorFile{Metadata: map[string]string{"step": strconv.Itoa(f.step), "state": f.state}}
	maps.Copy(file.Metadata, extra)
	weights := make([]float32, 1000)
	for i := range weights {
		weights[i] = float32(f.step*i) / 7
	}
	file.Tensors = []nn.TensorEntry{{Name: "w", Shape: []int{len(weights)}, Float32: weights}}
	return writeCheckpoint(path, &file)
}

func (f *fakeStepper) Restore(path string) (map[string]string, error) {
	file, err := readCheckpoint(path)
	if err != nil {
		return nil, err
	}
	if f.step, err = strconv.Atoi(file.Metadata["step"]); err != nil {
		return nil, err
	}
	f.state = file.Metadata["state"]
	return file.Metadata, nil
}

// quiet is a Monitor that remembers.
type quiet struct {
	lines    []string
	finished []Update
}

func (q *quiet) Say(line string) { q.lines = append(q.lines, line) }
func (q *quiet) Update(Update)   {}
func (q *quiet) Finish(u Update) { q.finished = append(q.finished, u) }
func (q *quiet) Clear()          {}

// fakeConfig is a small study on the embedded set: 320 steps, a grid point every 32.
func fakeConfig(t testing.TB, overrides ...string) Config {
	t.Helper()
	c, err := Load("fake", []byte(`
[study]
name = "fake"
seeds = 6
grid = 10
[data]
name = "glyphs"
side = 32
train_images = 4096
[model]
patch = 8
[train]
batch = 128
epochs = 10
[probe]
bank = 2000
validation = 2000
`), overrides)
	require.NoError(t, err)
	return c
}

// openOnce reads the embedded set once for all runs in this process.
func openOnce(*Config) (*benchdata.Set, *benchdata.SealedTest, error) {
	set, err := embedded()
	return set, embeddedTest, err
}

var embeddedTest *benchdata.SealedTest

var embedded = sync.OnceValues(func() (set *benchdata.Set, err error) {
	set, embeddedTest, err = openData(&Config{Data: DataConfig{Name: "glyphs"}})
	return set, err
})
