package harness

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/mto"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
)

// A Trainer carries out one run: it owns the programs, the device and the
// position in the data. Its whole state is weights, moments, average and the
// number of steps; every random choice is a function of (seed, epoch, image).
type Trainer struct {
	rc      RunConfig
	set     *benchdata.Set
	pool    *simd.Pool
	device  nn.Device
	method  mim.Method
	params  *nn.Params
	augment *mim.Augment
	subset  []int32 // the images of the training split that pre-training uses

	program  *nn.Program
	recorded mto.Recorded
	hyper    nn.Tensor
	mto      mto.Config
	schedule nn.Schedule
	clock    *nn.AdamWClock

	batch     *mim.Batch
	fillImage func(i, worker int)
	order     []int32 // this epoch's permutation of subset
	epoch     uint32  // of order and of the batch being filled
	start     int     // position in order of the batch being filled

	step   int
	probe  *probe
	frozen *frozen            // of the attentive probe; nil before
	tuned  map[string][]tuned // by the name of the evaluation
	hyp    [nn.NumHyper]float32
	ramp   [1]float32 // MTO's s(t)
	stats  [nn.NumStats]float32

	stopping atomic.Bool
}

// StepStats is what one optimizer step reports.
type StepStats struct {
	Loss     float32 // total loss of the batch, before the update
	GradNorm float32 // before clipping
	LR       float32
	TrainNS  int64 // data, forward, backward, update; no evaluation
	CPUNS    int64 // of the process meanwhile, user and system
}

// NewTrainer builds the run of a resolved configuration at step 0, with the
// initial weights of its seed (or those of model.init).
func NewTrainer(rc RunConfig, set *benchdata.Set, threads int) (*Trainer, error) {
	t := &Trainer{rc: rc, set: set}
	if rc.Data.TrainImages < rc.Train.Batch {
		return nil, fmt.Errorf("train.batch: %d images asked: %s has %d training images in use; take a smaller batch", rc.Train.Batch, set.Name, rc.Data.TrainImages)
	}
	var err error
	if t.method, err = newMethod(rc.Config, set.Channels); err != nil {
		return nil, err
	}
	if t.params, err = nn.NewParams(t.method.Specs()); err != nil {
		return nil, err
	}
	if t.augment, err = newAugment(rc.Config, set); err != nil {
		return nil, err
	}
	if t.mto, err = rc.mtoConfig(); err != nil {
		return nil, err
	}
	t.subset = fixedImages(set.Train.Len(), rc.Data.TrainImages)
	t.batch = mim.NewBatch(t.method)
	t.fillImage = t.fill

	t.program = t.newProgram()
	t.recorded = mto.Record(t.program, t.method, t.mto, mto.Options{Measure: rc.Measure})
	if rc.Measure {
		t.program.Keep(t.recorded.Pred)
	}
	t.hyper = t.program.Hyper()
	t.program.Backward(t.recorded.Loss(t.program))
	t.program.ClipNorm(rc.Train.Clip)
	t.program.AdamW(rc.adamW(), t.hyper)
	t.method.AfterStep(t.program)
	t.program.Average(t.hyper)
	t.schedule = rc.schedule()
	if err := t.schedule.Check(); err != nil {
		return nil, err
	}
	t.clock = nn.NewAdamWClock(rc.adamW(), 0)

	t.pool = simd.NewPool(threads)
	t.device = nn.NewCPU(t.pool)
	if err := t.load(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// newProgram starts a recording of the run's precision.
func (t *Trainer) newProgram() *nn.Program {
	p := nn.NewProgram(t.params)
	p.UsePrecision(t.rc.precision())
	return p
}

// load prepares the programs and uploads the initial weights.
func (t *Trainer) load() error {
	if err := t.device.Load(t.program); err != nil {
		return err
	}
	weights := t.params.Initial(t.rc.Seed)
	if t.rc.Model.Init != "" {
		if err := t.loadInit(weights); err != nil {
			return err
		}
	}
	for _, which := range []nn.State{nn.Weights, nn.Averaged} {
		if err := t.device.UploadState(t.params, which, weights); err != nil {
			return err
		}
	}
	var err error
	t.probe, err = newProbe(t)
	return err
}

// Watch makes Step and Evaluate give up soon after ctx ends: they return
// ErrInterrupted, and the state is what it was before.
func (t *Trainer) Watch(ctx context.Context) {
	context.AfterFunc(ctx, func() { t.stopping.Store(true) })
}

// replay makes one step of a program unless the trainer is asked to stop.
func (t *Trainer) replay(p *nn.Program) error {
	if t.stopping.Load() {
		return ErrInterrupted
	}
	cpu, ok := t.device.(*nn.CPU)
	if !ok {
		return t.device.Step(p)
	}
	stopped, err := cpu.StepUnless(p, t.stopping.Load)
	if stopped {
		return ErrInterrupted
	}
	return err
}

// Step takes one optimizer step. A loss or gradient that isn't finite is an
// error, and no weight has changed.
func (t *Trainer) Step() (StepStats, error) {
	begin, cpu := time.Now(), cpuTime()
	if err := t.feed(); err != nil {
		return StepStats{}, err
	}
	if err := t.replay(t.program); err != nil {
		return StepStats{}, err
	}
	if err := t.device.Download(t.stats[:], t.program.Stats()); err != nil {
		return StepStats{}, err
	}
	s := StepStats{Loss: t.stats[nn.StatLoss], GradNorm: t.stats[nn.StatNorm], LR: t.hyp[nn.HyperLR]}
	if !finite32(s.Loss) || !finite32(s.GradNorm) {
		return s, fmt.Errorf("step %d of %d: loss %g, gradient norm %g: not finite, the run stops before this step changes a weight; lower train.base_lr (%g) or check the data",
			t.step+1, t.TotalSteps(), s.Loss, s.GradNorm, t.rc.Train.BaseLR)
	}
	t.step++
	s.TrainNS, s.CPUNS = time.Since(begin).Nanoseconds(), cpuTime()-cpu
	return s, nil
}

func finite32(x float32) bool { return x-x == 0 }

// feed fills and uploads all inputs of the next step.
func (t *Trainer) feed() error {
	perEpoch := len(t.subset) / t.rc.Train.Batch
	epoch := uint32(t.step / perEpoch)
	if t.order == nil || epoch != t.epoch {
		t.epoch = epoch
		t.order = nn.Permutation(nn.NewStream(t.rc.Seed, "order"), epoch, len(t.subset))
	}
	t.start = t.step % perEpoch * t.rc.Train.Batch
	t.pool.For(t.rc.Train.Batch, t.fillImage)
	if err := t.batch.Upload(t.device, t.recorded.Inputs); err != nil {
		return err
	}
	seen, budget := t.ImagesSeen()+int64(t.rc.Train.Batch), int64(t.TotalSteps())*int64(t.rc.Train.Batch)
	if t.clock.Step() != t.step { // after a step that wasn't taken, or a restore
		t.clock = nn.NewAdamWClock(t.rc.adamW(), t.step)
	}
	t.hyp[nn.HyperLR] = float32(t.schedule.At(seen))
	t.hyp[nn.HyperCorrect1], t.hyp[nn.HyperCorrect2] = t.clock.Next()
	t.hyp[nn.HyperAverage] = nn.AverageDecay(t.rc.Train.AverageHorizon * float64(t.TotalSteps()))
	if t.recorded.Schedule.Valid() {
		t.ramp[0] = t.mto.Schedule(seen, budget)
		if err := t.device.Upload(t.recorded.Schedule, t.ramp[:]); err != nil {
			return err
		}
	}
	return t.device.Upload(t.hyper, t.hyp[:])
}

// fill makes image i of the batch: crop, flip, standardise, corrupt.
func (t *Trainer) fill(i, _ int) {
	image := t.subset[t.order[t.start+i]]
	key := mim.Key{Seed: t.rc.Seed, Epoch: t.epoch, Image: uint32(image)}
	t.augment.Image(t.batch.Image(i), t.set.Train.Image(int(image)), key)
	t.method.Corrupt(t.batch, i, key)
}

// Done reports whether the budget is used up.
func (t *Trainer) Done() bool { return t.step >= t.TotalSteps() }

// AtGridPoint reports whether an evaluation is due before the next step.
func (t *Trainer) AtGridPoint() bool {
	for k := range t.rc.Study.Grid + 1 {
		if t.rc.GridStep(k) == t.step {
			return true
		}
	}
	return false
}

// ImagesSeen counts the images processed in forward-backward.
func (t *Trainer) ImagesSeen() int64 { return int64(t.step) * int64(t.rc.Train.Batch) }

// TotalSteps is the budget in optimizer steps.
func (t *Trainer) TotalSteps() int { return t.rc.Steps() }

// Params is the number of trainable numbers.
func (t *Trainer) Params() int { return t.params.Count() }

// FLOPsPerStep counts the matrix products of one step, forward and backward.
func (t *Trainer) FLOPsPerStep() int64 { return t.program.FLOPs() }

// Bytes is the memory that programs, parameters and images take.
func (t *Trainer) Bytes() int64 {
	images := 0
	for _, s := range t.set.Splits() {
		images += len(s.Images)
	}
	return t.device.Bytes() + int64(images)
}

// Close frees the device and stops the workers.
func (t *Trainer) Close() {
	if t.device != nil {
		t.device.Close()
	}
	t.pool.Close()
}

// newMethod makes the pre-training method of a resolved configuration.
func newMethod(c Config, channels int) (mim.Method, error) {
	model, err := c.vit(channels)
	if err != nil {
		return nil, err
	}
	return mim.New(c.Method.Name, mim.Config{
		Model: model, Batch: c.Train.Batch,
		Ratio: c.Method.MaskRatio, Unit: c.Method.MaskUnit,
		DecoderWidth: c.Method.DecoderWidth, DecoderDepth: c.Method.DecoderDepth, DecoderHeads: c.Method.DecoderHeads,
		NormPixEps: float32(c.Method.NormPixEps), RawPixels: !c.Method.NormPix,
	})
}

func newAugment(c Config, set *benchdata.Set) (*mim.Augment, error) {
	return mim.NewAugment(mim.AugmentConfig{
		Side: set.Side, Channels: set.Channels,
		ScaleMin: c.Train.CropMin, ScaleMax: c.Train.CropMax,
		RatioMin: 1 / c.Train.CropRatio, RatioMax: c.Train.CropRatio,
		Flip: c.Train.Flip == "on", Mean: unitPixels(set.Mean), Std: unitPixels(set.Std),
	})
}

// unitPixels converts numbers of pixels in 0..255, as a set counts them, to pixels in 0..1.
func unitPixels(bytes []float32) []float32 {
	x := make([]float32, len(bytes))
	for i, b := range bytes {
		x[i] = b / 255
	}
	return x
}

// fixedImages returns the first count of a fixed permutation of n images: the
// same ones in every run, whatever the order of the files.
func fixedImages(n, count int) []int32 {
	return nn.Permutation(nn.NewStream(0, "subset"), 0, n)[:min(count, n)]
}
