package harness

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
)

// Fixed numbers of the end-of-run evaluations that train something (methods.md 1.7, small scale).
const (
	tuningWarmup  = 0.1  // of the steps; then half a cosine
	tuningFinalLR = 1e-6 // at the end
	tuningBeta1   = 0.9
	tuningBeta2   = 0.999
	tuningEps     = 1e-8
)

// A tuning trains classifiers on labelled images at the end of a run: a fine-tuned encoder, or probes side by side on
// frozen tokens. It has parameters, programs and a device of its own, so it can't move a bit of the run. Its random
// numbers come from streams named after it, under the run's seed and the probe seed, so both arms of a pair draw the same.
type tuning struct {
	t      *Trainer
	name   string // attentive or finetune
	seed   uint64 // the run's seed in the low half, the probe seed, from 1, in the high half
	config tuningConfig

	params  *nn.Params
	device  *nn.CPU
	program *nn.Program // a training step
	eval    *nn.Program // logits
	input   [2]nn.Tensor
	labels  nn.Tensor
	terms   []mim.Term // the loss of each classifier
	hyper   nn.Tensor
	logits  []nn.Tensor // [batch,K] of each classifier, in eval

	order    []int32
	schedule nn.Schedule
	adamW    nn.AdamWConfig
	clock    *nn.AdamWClock
	host     []float32 // an input
	answers  []int32   // the labels
	step     int
}

// A tuningConfig is what tells one kind of tuning from another.
type tuningConfig struct {
	name      string
	images    []int32 // of the training split: what it trains on
	epochs    int
	lr        float64 // peak
	decay     float64
	clip      float64
	smoothing float64
	specs     []nn.ParamSpec
	input     []int                                                                                  // shape of a batch's input
	record    func(p *nn.Program, x nn.Tensor) []nn.Tensor                                           // logits of each classifier
	fill      func(u *tuning, dst []float32, split benchdata.Split, images []int32, epoch int) error // epoch < 0: intact images, to evaluate
	start     func(u *tuning, weights []float32) error                                               // overwrites what doesn't start from the seed; nil: nothing
}

// inputs of the two programs.
const (
	trainInput = iota
	evalInput
)

func (t *Trainer) newTuning(c tuningConfig, probeSeed int) (*tuning, error) {
	batch := c.input[0]
	u := &tuning{
		t: t, name: c.name, config: c, seed: uint64(probeSeed)<<32 | t.rc.Seed&0xffffffff,
		adamW: nn.AdamWConfig{Beta1: tuningBeta1, Beta2: tuningBeta2, Eps: tuningEps, Decay: c.decay},
		host:  make([]float32, product(c.input)), answers: make([]int32, batch),
	}
	images := func(steps int) int64 { return int64(steps) * int64(batch) }
	u.schedule = nn.Schedule{
		Shape: nn.Cosine, Peak: c.lr, Final: min(tuningFinalLR, c.lr),
		Total: images(u.steps()), Warmup: images(int(float64(tuningWarmup*float64(u.steps())) + 0.5)),
	}
	if err := u.schedule.Check(); err != nil {
		return nil, err
	}
	u.clock = nn.NewAdamWClock(u.adamW, 0)
	var err error
	if u.params, err = nn.NewParams(c.specs); err != nil {
		return nil, err
	}
	u.recordTraining()
	u.eval = nn.NewProgram(u.params)
	u.eval.UsePrecision(t.rc.precision())
	u.input[evalInput] = u.eval.Input("input", c.input...)
	u.logits = c.record(u.eval, u.input[evalInput])
	u.eval.Keep(u.logits...)

	u.device = nn.NewCPU(t.pool)
	for _, p := range []*nn.Program{u.program, u.eval} {
		if err := u.device.Load(p); err != nil {
			return nil, err
		}
	}
	weights := u.params.Initial(u.seed)
	if c.start != nil {
		if err := c.start(u, weights); err != nil {
			return nil, err
		}
	}
	return u, u.device.UploadState(u.params, nn.Weights, weights)
}

// recordTraining records a step: the loss is the sum of the classifiers' mean cross-entropies.
func (u *tuning) recordTraining() {
	c := u.config
	p := nn.NewProgram(u.params)
	p.UsePrecision(u.t.rc.precision())
	u.program = p
	u.input[trainInput] = p.Input("input", c.input...)
	u.labels = p.IndexInput("labels", c.input[0])
	var terms []nn.Term
	u.terms = nil
	for i, logits := range c.record(p, u.input[trainInput]) {
		terms = append(terms, nn.Term{Value: p.CrossEntropy(logits, u.labels, c.smoothing), Weight: 1})
		u.terms = append(u.terms, mim.Term{Name: fmt.Sprintf("classifier %d", i+1), Term: terms[i]})
	}
	u.hyper = p.Hyper()
	p.Backward(p.WeightedSum(terms))
	p.ClipNorm(c.clip)
	p.AdamW(u.adamW, u.hyper)
}

func (u *tuning) close() { u.device.Close() }

func (u *tuning) batch() int { return u.config.input[0] }

// steps is the number of optimizer steps; the last incomplete batch of an epoch is dropped.
func (u *tuning) steps() int { return u.config.epochs * (len(u.config.images) / u.batch()) }

// run trains to the end, from the state that path holds, which it saves after every epoch, where it is asked to stop and
// before a step that fails. Without that file, or with a damaged or foreign one, it trains from the start: the same bits.
func (u *tuning) run(path string, tell func(done, total int) error) error {
	var newer newerSchema
	if err := u.restore(path); errors.As(err, &newer) {
		return err
	}
	perEpoch := u.steps() / u.config.epochs
	for u.step < u.steps() {
		stop := u.train()
		var diverged *tuningDivergence
		if stop != nil && !errors.Is(stop, ErrInterrupted) && !errors.As(stop, &diverged) {
			return stop
		}
		if stop != nil || u.step%perEpoch == 0 {
			if err := u.save(path); err != nil {
				return err // and no interruption: it can't be resumed before somebody makes room, say
			}
		}
		if stop != nil {
			return stop
		}
		if err := tell(u.step, u.steps()); err != nil {
			return err
		}
	}
	return nil
}

// replay makes one step of a program unless the run is asked to stop.
func (u *tuning) replay(p *nn.Program) error {
	stopped, err := u.device.StepUnless(p, u.t.stopping.Load)
	if stopped {
		return ErrInterrupted
	}
	return err
}

// train takes one step.
func (u *tuning) train() error {
	c := u.config
	perEpoch := u.steps() / c.epochs
	epoch, at := u.step/perEpoch, u.step%perEpoch*u.batch()
	if u.order == nil || at == 0 {
		u.order = nn.Permutation(nn.NewStream(u.seed, u.name+"/order"), uint32(epoch), len(c.images))
		for i, k := range u.order {
			u.order[i] = c.images[k]
		}
	}
	images := u.order[at : at+u.batch()]
	if err := c.fill(u, u.host, u.t.set.Train, images, epoch); err != nil {
		return err
	}
	for i, image := range images {
		u.answers[i] = u.t.set.Train.Labels[image]
	}
	var hyper [nn.NumHyper]float32
	hyper[nn.HyperLR] = float32(u.schedule.At(int64(u.step+1) * int64(u.batch())))
	hyper[nn.HyperCorrect1], hyper[nn.HyperCorrect2] = u.clock.Next()
	if err := u.device.Upload(u.input[trainInput], u.host); err != nil {
		return err
	}
	if err := u.device.UploadIndex(u.labels, u.answers); err != nil {
		return err
	}
	if err := u.device.Upload(u.hyper, hyper[:]); err != nil {
		return err
	}
	if err := u.replay(u.program); err != nil {
		return err
	}
	var stats [nn.NumStats]float32
	if err := u.device.Download(stats[:], u.program.Stats()); err != nil {
		return err
	}
	if stats[nn.StatScale] == 0 {
		return u.diverged(images, stats, hyper[nn.HyperLR])
	}
	u.step++
	return nil
}

// A tuningDivergence is the error of a step whose loss or gradient isn't finite; it changed no weight.
type tuningDivergence struct{ found Divergence }

func (e *tuningDivergence) Error() string { return e.found.Error }

// diverged looks into the step that failed just now.
func (u *tuning) diverged(images []int32, stats [nn.NumStats]float32, lr float32) error {
	do := "lower final.finetune_lr"
	if u.name == attentiveName {
		do = "leave it out (final.attentive=false)"
	}
	d := Divergence{
		Where: u.name, Probe: int(u.seed >> 32), Step: u.step + 1, State: u.t.StateHash(), LR: number(lr), Images: slices.Clone(images),
		Error: fmt.Sprintf("step %d of %d: loss %g, gradient norm %g: not finite; %s", u.step+1, u.steps(), stats[nn.StatLoss], stats[nn.StatNorm], do),
	}
	if err := d.trace(u.device, u.program, []nn.State{nn.Weights, nn.Moment1, nn.Moment2}, u.terms); err != nil {
		return err
	}
	return &tuningDivergence{d}
}

// top1 is the accuracy of each classifier on images of a split, in percent; ties go to the lower class.
func (u *tuning) top1(split benchdata.Split, images []int32) ([]float64, error) {
	hits := make([]int, len(u.logits))
	k := u.t.set.Classes
	scores := make([]float32, u.batch()*k)
	for from := 0; from < len(images); from += u.batch() {
		n := min(u.batch(), len(images)-from)
		// What is left of the batch before stays in a last, smaller one.
		if err := u.config.fill(u, u.host, split, images[from:from+n], -1); err != nil {
			return nil, err
		}
		if err := u.device.Upload(u.input[evalInput], u.host); err != nil {
			return nil, err
		}
		if err := u.replay(u.eval); err != nil {
			return nil, err
		}
		for i, logits := range u.logits {
			if err := u.device.Download(scores, logits); err != nil {
				return nil, err
			}
			for b := range n {
				row, best := scores[b*k:(b+1)*k], 0
				for c, v := range row {
					if v > row[best] {
						best = c
					}
				}
				if best == int(split.Labels[images[from+b]]) {
					hits[i]++
				}
			}
		}
	}
	top1 := make([]float64, len(hits))
	for i, h := range hits {
		top1[i] = 100 * float64(h) / float64(len(images))
	}
	return top1, nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
