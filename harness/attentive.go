package harness

import (
	"fmt"
	"strings"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/vit"
)

// Fixed numbers of the attentive probe. Its candidates differ in learning rate and weight decay; all are trained alike,
// side by side on the same batches, and the best on the last tenth of the bank, which none is trained on, is the probe.
const (
	attentiveName = "attentive"
	attentiveHeld = 10      // one in so many images of the bank chooses
	tokenCache    = 1 << 27 // largest number of token values that are kept instead of computed again
)

var (
	attentiveRates  = []float64{1e-3, 3e-3, 1e-2, 3e-2} // at a batch of 256
	attentiveDecays = []float64{0, 0.05}
)

// A candidate is one setting of the attentive probe.
type candidate struct{ lr, decay float64 }

func (c candidate) String() string { return fmt.Sprintf("lr=%g decay=%g", c.lr, c.decay) }

// candidates lists the settings; where two are equally good the earlier is taken.
func attentiveCandidates() []candidate {
	var list []candidate
	for _, lr := range attentiveRates {
		for _, decay := range attentiveDecays {
			list = append(list, candidate{lr, decay})
		}
	}
	return list
}

// newAttentive trains the candidates on tokens of block probe.layer of the frozen, averaged encoder.
func (t *Trainer) newAttentive(probeSeed int) (*tuning, error) {
	model := t.method.Config().Model
	rate := attentiveRates[len(attentiveRates)-1]
	var specs []nn.ParamSpec
	var heads []vit.AttentiveHead
	for i, c := range attentiveCandidates() {
		h := vit.AttentiveHead{Name: candidateName(i), Width: model.Width, Heads: model.Heads, Classes: t.set.Classes}
		for _, s := range h.Specs() {
			s.LRScale = c.lr / rate
			s.Decay = s.Decay && c.decay > 0
			s.DecayScale = c.decay / attentiveDecays[len(attentiveDecays)-1]
			specs = append(specs, s)
		}
		heads = append(heads, h)
	}
	images, _ := t.attentiveImages()
	batch := min(t.rc.Train.Batch, len(images))
	if t.frozen == nil {
		frozen, err := t.newFrozen(batch)
		if err != nil {
			return nil, err
		}
		t.frozen = frozen
	}
	return t.newTuning(tuningConfig{
		name: attentiveName, images: images, epochs: t.rc.Final.AttentiveEpochs,
		lr: rate * float64(batch) / 256, decay: attentiveDecays[len(attentiveDecays)-1],
		specs: specs, input: t.frozen.tokens.Shape(),
		record: func(p *nn.Program, x nn.Tensor) []nn.Tensor {
			var logits []nn.Tensor
			for _, h := range heads {
				logits = append(logits, h.Record(p, x))
			}
			return logits
		},
		fill:  (*tuning).fillTokens,
		start: (*tuning).startAlike,
	}, probeSeed)
}

func candidateName(i int) string { return fmt.Sprintf("candidate.%d.", i) }

// startAlike gives all candidates the weights of the first.
func (u *tuning) startAlike(weights []float32) error {
	for _, name := range u.params.Names() {
		own, ok := strings.CutPrefix(name, candidateName(0))
		for i := 1; ok && i < len(u.logits); i++ {
			copy(u.params.Slice(weights, candidateName(i)+own), u.params.Slice(weights, name))
		}
	}
	return nil
}

// attentiveImages cuts the bank: what candidates are trained on, and what chooses among them. A bank of one image
// serves both.
func (t *Trainer) attentiveImages() (train, choose []int32) {
	bank := t.probe.bank
	held := max(1, len(bank)/attentiveHeld)
	if held == len(bank) {
		return bank, bank
	}
	return bank[:len(bank)-held], bank[len(bank)-held:]
}

// frozen computes tokens of the averaged encoder.
type frozen struct {
	program *nn.Program
	images  nn.Tensor
	tokens  nn.Tensor
	host    []float32
	kept    []float32     // tokens of images of the training split, one [N,D] each; nil where they are too many
	at      map[int32]int // where those of an image lie
}

func (t *Trainer) newFrozen(batch int) (*frozen, error) {
	p := t.newProgram()
	p.UseAveraged()
	f := &frozen{program: p, at: map[int32]int{}}
	f.images = p.Input("images", batch, t.set.Side, t.set.Side, t.set.Channels)
	f.tokens = t.method.Config().Model.Tokens(p, f.images, t.rc.Probe.Layer)
	p.Keep(f.tokens)
	f.host = make([]float32, f.images.Len())
	if n := len(t.probe.bank) * f.tokens.Len() / batch; n <= tokenCache {
		f.kept = make([]float32, 0, n)
	}
	return f, t.device.Load(p)
}

// fillTokens writes the tokens of intact images.
func (u *tuning) fillTokens(dst []float32, split benchdata.Split, images []int32, epoch int) error {
	f := u.t.frozen
	size := f.tokens.Len() / f.tokens.Dim(0)
	training := epoch >= 0
	if training && f.kept != nil && f.gather(dst, images, size) {
		return nil
	}
	pixels := u.t.augment.Len()
	u.t.pool.For(len(images), func(i, _ int) {
		u.t.augment.Intact(f.host[i*pixels:(i+1)*pixels], split.Image(int(images[i])))
	})
	if err := u.t.device.Upload(f.images, f.host); err != nil {
		return err
	}
	if err := u.t.replay(f.program); err != nil {
		return err
	}
	if err := u.t.device.Download(dst, f.tokens); err != nil {
		return err
	}
	if training && f.kept != nil {
		f.keep(dst, images, size)
	}
	return nil
}

// gather copies the tokens of images that are all known.
func (f *frozen) gather(dst []float32, images []int32, size int) bool {
	for _, image := range images {
		if _, ok := f.at[image]; !ok {
			return false
		}
	}
	for i, image := range images {
		copy(dst[i*size:(i+1)*size], f.kept[f.at[image]:])
	}
	return true
}

// keep remembers the tokens of images that are new.
func (f *frozen) keep(src []float32, images []int32, size int) {
	for i, image := range images {
		if _, ok := f.at[image]; !ok {
			f.at[image] = len(f.kept)
			f.kept = append(f.kept, src[i*size:(i+1)*size]...)
		}
	}
}
