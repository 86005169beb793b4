package harness

import (
	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/vit"
)

// Fixed numbers of fine-tuning (methods.md 1.7: one common recipe for all methods at small scale). Drop-path, mixup and
// cutmix are absent.
const (
	finetuneName       = "finetune"
	finetuneLayerDecay = 0.75
	finetuneDecay      = 0.05
	finetuneSmoothing  = 0.1
	finetuneClip       = 1
)

// newFinetuning fine-tunes the whole encoder from the averaged weights, with labels of the probe's bank and the crops
// and flips of pre-training.
func (t *Trainer) newFinetuning(probeSeed int) (*tuning, error) {
	c := vit.Classifier{Config: t.method.Config().Model, Classes: t.set.Classes}
	batch := min(t.rc.Train.Batch, len(t.probe.bank))
	return t.newTuning(tuningConfig{
		name: finetuneName, images: t.probe.bank, epochs: t.rc.Final.FinetuneEpochs,
		lr: t.rc.Final.FinetuneLR * float64(batch) / 256, decay: finetuneDecay, clip: finetuneClip, smoothing: finetuneSmoothing,
		specs:  c.Specs(finetuneLayerDecay),
		input:  []int{batch, t.set.Side, t.set.Side, t.set.Channels},
		record: func(p *nn.Program, x nn.Tensor) []nn.Tensor { return []nn.Tensor{c.Record(p, x)} },
		fill:   (*tuning).fillImages,
		start:  (*tuning).startFromAverage,
	}, probeSeed)
}

// startFromAverage overwrites the encoder's weights by the run's average.
func (u *tuning) startFromAverage(weights []float32) error {
	average, err := u.t.state(nn.Averaged)
	if err != nil {
		return err
	}
	for _, name := range u.params.Names() {
		if _, ok := u.t.params.Spec(name); ok {
			copy(u.params.Slice(weights, name), u.t.params.Slice(average, name))
		}
	}
	return nil
}

// fillImages writes standardised images: augmented while it trains, intact to evaluate.
func (u *tuning) fillImages(dst []float32, split benchdata.Split, images []int32, epoch int) error {
	augment, stream := u.t.augment, nn.NewStream(u.seed, u.name+"/crop")
	size := augment.Len()
	u.t.pool.For(len(images), func(i, _ int) {
		to, from := dst[i*size:(i+1)*size], split.Image(int(images[i]))
		if epoch < 0 {
			augment.Intact(to, from)
			return
		}
		augment.Apply(to, from, augment.DrawFrom(stream.At(uint32(epoch), uint32(images[i]))))
	})
	return nil
}
