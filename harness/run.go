package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/atomicfile"
)

// ErrInterrupted marks work that stopped at a checkpoint because it was asked to (exit status 75).
var ErrInterrupted = errors.New("interrupted; it can be resumed")

// A run carries out one RunConfig in its folder (methodology 4.1). The folder is the whole state: a
// finished run is recognised by result.bench, which appears last and by rename; a partial one goes on
// from its newest checkpoint.
type run struct {
	dir     string
	rc      RunConfig
	lock    *Lock // nil in calibration
	kind    string
	set     *benchdata.Set        // without its test split
	test    *benchdata.SealedTest // opened by openTest alone
	threads int
	make    newStepper
	report  func(Progress) // called at most a few times a second, from the run's goroutine
	clock   clock

	stepper  stepper
	events   *eventLog
	log      *slog.Logger
	manifest Manifest // of this process
	first    Manifest // of the process that began the run, with a line for each that worked on it
	enrolled bool     // this one stands there

	curve    Curve
	step     int
	loss     float32
	stage    string // of the end-of-run evaluation
	trainNS  int64
	cpuNS    int64
	wallNS   int64         // of earlier processes
	peak     int64         // of earlier processes: resident bytes
	started  time.Duration // these three by the clock that only grows
	reported time.Duration
	stated   time.Duration
	from     int // the step that this process began with
}

// Progress is what a run tells while it goes.
type Progress struct {
	Step   int     `json:"step"`
	Steps  int     `json:"steps"`
	Epochs float64 `json:"epochs"`
	Top1   float64 `json:"top1_pct"` // of the last evaluation
	Loss   float64 `json:"train_loss"`
	WallNS int64   `json:"wall_ns"` // of the run so far, all its processes
	Resume int     `json:"resumed_at,omitempty"`
	Note   string  `json:"note,omitempty"`  // something worth a line
	Stage  string  `json:"stage,omitempty"` // of the end-of-run evaluations
}

// Names of the files in a run's folder.
const (
	resultName   = "result.bench"
	configName   = "config.resolved.toml"
	manifestName = "manifest.json"
	eventsName   = "events.jsonl"
	curveName    = "curve.csv"
	statusName   = "status.json"
	logName      = "log.txt"
	ckptName     = "ckpt"
)

// done reports whether the run in dir is finished.
func done(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, resultName))
	return err == nil
}

// execute makes or continues the run. ctx asks it to stop: within a moment it then saves a checkpoint
// and returns ErrInterrupted. A finished run returns nil at once.
func (r *run) execute(ctx context.Context) (err error) {
	if done(r.dir) {
		return tidy(r.dir)
	}
	if r.clock.day == nil {
		r.clock = systemClock
	}
	release, before, err := holdWithin(r.dir, holdPatience)
	if err != nil {
		return err
	}
	defer release()
	if done(r.dir) { // by the process that held it
		return nil
	}
	if err := r.sweep(); err != nil {
		return err
	}
	if r.events, err = openEvents(filepath.Join(r.dir, eventsName), r.clock); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.events.close()) }()
	r.started = r.clock.since()
	if before.PID != 0 {
		r.log.Warn("taken over from a process that was killed", "host", before.Host, "pid", before.PID)
	}
	if err := r.events.add(eventInitStart, nil, nil); err != nil {
		return err
	}
	if err := r.begin(ctx); err != nil {
		return r.stopped(err)
	}
	defer func() { r.stepper.Close() }()
	if err := r.train(ctx); err != nil {
		return r.stopped(err)
	}
	if err := r.evaluateFinal(); err != nil {
		return r.stopped(r.interrupted(err))
	}
	if err := r.finish(); err != nil {
		return r.stopped(err)
	}
	return nil
}

// tidy removes what a process left that was killed after its run was done, unless it is still about to.
func tidy(dir string) error {
	_, err := os.Stat(filepath.Join(dir, holdName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	release, _, err := hold(dir)
	if errors.Is(err, ErrHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	r := run{dir: dir}
	return r.sweep()
}

// sweep removes what a killed process left half-written.
func (r *run) sweep() error {
	return errors.Join(atomicfile.Sweep(r.dir), atomicfile.Sweep(filepath.Join(r.dir, ckptName)), atomicfile.Sweep(filepath.Dir(filepath.Join(r.dir, boardName))))
}

// say passes on something that the user should know, to the log and to the parent.
func (r *run) say(text string) {
	r.log.Warn(text)
	if r.report != nil {
		p := r.progress()
		p.Note = text
		r.report(p)
	}
}

// begin builds the stepper, checks the pair and restores the newest checkpoint.
func (r *run) begin(ctx context.Context) error {
	var err error
	if r.stepper, err = r.make(r.rc, r.set, r.threads); err != nil {
		return err
	}
	if err := r.identify(); err != nil {
		r.stepper.Close()
		return err
	}
	if err := r.restore(); err != nil {
		if r.stepper != nil {
			r.stepper.Close()
		}
		return err
	}
	if err := r.enrol(); err != nil {
		r.stepper.Close()
		return err
	}
	r.stepper.Watch(ctx)
	r.from = r.step
	r.log.Info("start", "seed", r.rc.Seed, "mto", r.rc.Arm, "step", r.step, "steps", r.stepper.TotalSteps(), "threads", r.threads)
	return r.events.begin(r.rc, r.step)
}

// train steps to the budget and evaluates at every grid point.
func (r *run) train(ctx context.Context) error {
	for {
		if r.stepper.AtGridPoint() && (len(r.curve) == 0 || r.curve[len(r.curve)-1].Step < r.step) {
			if err := r.evaluate(); err != nil {
				return r.interrupted(err)
			}
		}
		if r.stepper.Done() {
			return nil
		}
		if ctx.Err() != nil {
			return r.interrupted(ErrInterrupted)
		}
		s, err := r.stepper.Step()
		if errors.Is(err, ErrInterrupted) {
			return r.interrupted(err)
		}
		if err != nil {
			return r.diverged(inStep, err)
		}
		r.step++
		r.loss = s.Loss
		r.trainNS += s.TrainNS
		r.cpuNS += s.CPUNS
		if err := r.tell(false); err != nil {
			return err
		}
	}
}

// interrupted saves a checkpoint if that is why the run ends.
func (r *run) interrupted(why error) error {
	if errors.Is(why, ErrInterrupted) {
		if err := r.checkpoint(); err != nil {
			return err
		}
	}
	return why
}

// evaluate measures the state, extends the curve and saves a checkpoint.
func (r *run) evaluate() error {
	place := map[string]any{"epoch_num": r.rc.EpochsAt(r.step), "samples_count": r.stepper.ImagesSeen(), "step": r.step}
	if err := r.events.add(eventEvalStart, nil, place); err != nil {
		return err
	}
	e, err := r.stepper.Evaluate()
	if err == nil {
		err = e.check(r.step)
	}
	if errors.Is(err, ErrInterrupted) {
		return err
	}
	if err != nil {
		return r.diverged(inEvaluation, err)
	}
	p := Point{
		Step: r.step, Images: r.stepper.ImagesSeen(), Epochs: r.rc.EpochsAt(r.step),
		Top1: e.Top1, KNN: e.KNNTop1, Recon: e.ReconLoss, Loss: float64(r.loss),
		TrainNS: r.trainNS, WallNS: r.wall(), CPUNS: r.cpuNS, State: r.stepper.StateHash(), Diagnostics: map[string]float64{},
	}
	for name, v := range e.Diagnostics {
		if finite(v) {
			p.Diagnostics[name] = v
		}
	}
	for i, v := range e.Layers {
		p.Diagnostics[layerKey(i+1)] = v
	}
	chain := r.manifest.Run
	if len(r.curve) > 0 {
		chain = r.curve[len(r.curve)-1].Chain
	}
	p.Chain = link(chain, p)
	r.curve = append(r.curve, p)
	if len(r.curve) == 1 {
		if err := r.checkSibling(p); err != nil {
			return err
		}
	}
	if err := r.events.evaluated(r.curve, place); err != nil { // before the checkpoint: behind it nothing would make them again
		return err
	}
	if err := r.checkpoint(); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(r.dir, curveName), r.curve.csv()); err != nil {
		return err
	}
	r.log.Info("eval", "epochs", p.Epochs, "top1_pct", p.Top1, "knn_pct", p.KNN, "recon_loss", p.Recon, "train_loss", p.Loss)
	if err := r.writeBoard(false); err != nil {
		return err
	}
	return r.tell(true)
}

// check refuses an evaluation that can't stand in a curve.
func (e Evaluation) check(step int) error {
	if !finite(e.Top1) || !finite(e.KNNTop1) || !finite(e.ReconLoss) {
		return fmt.Errorf("step %d: the evaluation isn't finite: top-1 %v %%, kNN %v %%, reconstruction loss %v; lower train.base_lr", step, e.Top1, e.KNNTop1, e.ReconLoss)
	}
	return nil
}

// layerKey names the primary probe's top-1 after one block among a point's diagnostics.
func layerKey(layer int) string { return fmt.Sprintf("top1_pct/%d", layer) }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// wall is the run's wall clock: all its processes, without what was lost with them.
func (r *run) wall() int64 { return r.wallNS + int64(r.clock.since()-r.started) }

// tell passes progress on, throttled unless now is set, and writes status.json now and then.
func (r *run) tell(now bool) error {
	since := r.clock.since()
	if r.report != nil && (now || since-r.reported > 200*time.Millisecond) {
		r.reported = since
		r.report(r.progress())
	}
	if !now && since-r.stated < statedEach {
		return nil
	}
	r.stated = since
	return r.state(StateRunning, nil)
}

func (r *run) progress() Progress {
	p := Progress{
		Step: r.step, Steps: r.rc.Steps(), Epochs: r.rc.EpochsAt(r.step), Loss: float64(r.loss), WallNS: r.wall(), Stage: r.stage,
	}
	if !finite(p.Loss) {
		p.Loss = 0
	}
	if len(r.curve) > 0 {
		p.Top1 = r.curve[len(r.curve)-1].Top1
	}
	return p
}

// stopped records why the run ended early, as far as that can be written, and returns the reason.
func (r *run) stopped(reason error) error {
	state := StateFailed
	if errors.Is(reason, ErrInterrupted) {
		state = StateInterrupted
	}
	r.log.Error(state, "step", r.step, "reason", reason)
	r.events.add(eventRunStop, reason.Error(), map[string]any{"status": "aborted"})
	r.state(state, reason)
	r.leave()
	return reason
}
