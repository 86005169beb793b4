package harness

import (
	"fmt"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/mto"
	"github.com/mtobench/mtobench/nn"
)

// probeBatch is the number of images whose features are computed at a time.
const probeBatch = 128

// reconImages is the number of validation images of the reconstruction loss, or
// one batch if that is more.
const reconImages = 1024

// Evaluation is the quality of one state of a run, measured with the average
// of its weights on intact, unaugmented images (methodology.md 2.3).
type Evaluation struct {
	Top1      float64   // ridge probe after block probe.layer, percent
	KNNTop1   float64   // kNN probe, same features, percent
	Layers    []float64 // ridge probe after block 1, 2, ..., only while probe.layer is 0; Top1 is then the last
	ReconLoss float64   // validation images, fixed masks, no MTO terms

	// Diagnostics of the networks that hold mask tokens, in both arms:
	// heterogeneity, cosine and masked mass by layer, norm of the mask token.
	Diagnostics map[string]float64
}

// probe measures quality. Its images are the same in every run of a study: the
// bank is the head of a fixed permutation of the training split, the validation
// images that of the validation split.
type probe struct {
	t             *Trainer
	bank, val     []int32
	layers        []int
	program       *nn.Program
	images        nn.Tensor
	features      []nn.Tensor
	input, output []float32

	recon    *nn.Program
	recorded mto.Recorded
	batch    *mim.Batch
	loss     nn.Tensor
}

func newProbe(t *Trainer) (*probe, error) {
	rc, set := t.rc, t.set
	p := &probe{
		t:    t,
		bank: fixedImages(set.Train.Len(), rc.Probe.Bank),
		val:  fixedImages(set.Val.Len(), rc.Probe.Validation),
	}
	p.layers = []int{rc.Probe.Layer}
	if rc.Probe.Layer == 0 {
		p.layers = nil
		for l := 1; l <= t.method.Layers(); l++ {
			p.layers = append(p.layers, l)
		}
	}
	p.program = t.newProgram()
	p.program.UseAveraged()
	p.images = p.program.Input("images", probeBatch, set.Side, set.Side, set.Channels)
	p.features = t.method.Features(p.program, p.images, p.layers...)
	p.input = make([]float32, p.images.Len())
	p.output = make([]float32, p.features[0].Len())

	p.recon = t.newProgram()
	p.recon.UseAveraged()
	off, err := mto.Preset("off")
	if err != nil {
		return nil, err
	}
	p.recorded = mto.Record(p.recon, t.method, off, mto.Options{Measure: true})
	p.loss = p.recorded.Loss(p.recon)
	p.batch = mim.NewBatch(t.method)
	for _, program := range []*nn.Program{p.program, p.recon} {
		if err := t.device.Load(program); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Evaluate measures the present state. It changes none of it.
func (t *Trainer) Evaluate() (Evaluation, error) {
	p, c := t.probe, t.rc.Probe
	var e Evaluation
	bank, bankLabels, err := p.extract(t.set.Train, p.bank)
	if err != nil {
		return e, err
	}
	val, valLabels, err := p.extract(t.set.Val, p.val)
	if err != nil {
		return e, err
	}
	for i, layer := range p.layers {
		s := newStandardiser(bank[i], t.rc.Model.Width)
		b, v := s.apply(bank[i], bankLabels), s.apply(val[i], valLabels)
		if e.Top1, err = ridgeTop1(t.pool, b, v, t.set.Classes, c.Lambda); err != nil {
			return e, fmt.Errorf("step %d, layer %d: %w", t.step, layer, err)
		}
		if c.Layer == 0 {
			e.Layers = append(e.Layers, e.Top1)
		}
		if i == len(p.layers)-1 {
			e.KNNTop1 = knnTop1(t.pool, b, v, t.set.Classes, c.KNNK, c.KNNT)
		}
	}
	err = p.reconstruct(&e)
	return e, err
}

// extract computes the features of the images, one [n,D] for each layer.
func (p *probe) extract(split benchdata.Split, images []int32) (features [][]float32, labels []uint8, err error) {
	t, width := p.t, p.t.rc.Model.Width
	features = make([][]float32, len(p.layers))
	for i := range features {
		features[i] = make([]float32, len(images)*width)
	}
	size := t.augment.Len()
	for from := 0; from < len(images); from += probeBatch {
		n := min(probeBatch, len(images)-from)
		t.pool.For(n, func(i, _ int) { // what is left of the batch before stays in a last, smaller one
			t.augment.Intact(p.input[i*size:(i+1)*size], split.Image(int(images[from+i])))
		})
		if err := t.device.Upload(p.images, p.input); err != nil {
			return nil, nil, err
		}
		if err := t.replay(p.program); err != nil {
			return nil, nil, err
		}
		for i, f := range p.features {
			if err := t.device.Download(p.output, f); err != nil {
				return nil, nil, err
			}
			copy(features[i][from*width:], p.output[:n*width])
		}
	}
	labels = make([]uint8, len(images))
	for i, image := range images {
		labels[i] = uint8(split.Labels[image])
	}
	return features, labels, nil
}

// reconstruct measures the reconstruction loss and the diagnostics: intact
// validation images, masks of seed 0, the same in all runs and at all times.
func (p *probe) reconstruct(e *Evaluation) error {
	t := p.t
	size := p.batch.Layout.Images
	batches := max(1, min(reconImages, len(p.val))/size)
	e.Diagnostics = map[string]float64{}
	loss := make([]float32, 1)
	for k := range batches {
		t.pool.For(size, func(i, _ int) {
			at := (k*size + i) % len(p.val)
			image := int(p.val[at])
			t.augment.Intact(p.batch.Image(i), t.set.Val.Image(image))
			t.method.Corrupt(p.batch, i, mim.Key{Image: uint32(k*size + i)})
		})
		if err := p.batch.Upload(t.device, p.recorded.Inputs); err != nil {
			return err
		}
		if err := t.replay(p.recon); err != nil {
			return err
		}
		if err := t.device.Download(loss, p.loss); err != nil {
			return err
		}
		e.ReconLoss += float64(loss[0])
		for i := range p.recorded.Measures {
			if err := p.read(i, batches, e.Diagnostics); err != nil {
				return err
			}
		}
	}
	e.ReconLoss /= float64(batches)
	return nil
}

// read adds a network's diagnostics of one of several batches to d.
func (p *probe) read(network, batches int, d map[string]float64) error {
	r, err := p.recorded.Measures[network].Read(p.t.device)
	if err != nil {
		return err
	}
	add := func(name string, x float64) { d[r.Network+"/"+name] += x / float64(batches) }
	for l := range r.H {
		add(fmt.Sprintf("heterogeneity/%d", l), r.H[l])
		add(fmt.Sprintf("cosine/%d", l), r.Cosine[l])
	}
	for l, m := range r.MaskedMass {
		add(fmt.Sprintf("masked_mass/%d", l+1), m)
	}
	add("token_norm", r.TokenNorm)
	return nil
}
