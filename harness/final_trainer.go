package harness

import (
	"fmt"
	"path/filepath"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/atomicfile"
	"github.com/mtobench/mtobench/internal/statistics"
	"github.com/mtobench/mtobench/nn"
)

// A finalSplit is a labelled split as the end-of-run probes see it.
type finalSplit struct {
	images   benchdata.Split
	use      []int32 // the images that count
	features features
}

// Final evaluates the present state on the test split: what the configuration asks for, in the order of
// finalNames, with features, bank and settings of the probes.
func (t *Trainer) Final(test benchdata.Split) ([]FinalFigure, error) {
	if t.rc.Probe.Layer == 0 {
		return nil, fmt.Errorf("probe.layer is 0: calibration hasn't chosen it")
	}
	all := make([]int32, test.Len())
	for i := range all {
		all[i] = int32(i)
	}
	splits := []*finalSplit{{images: t.set.Train, use: t.probe.bank}, {images: t.set.Val, use: t.probe.val}, {images: test, use: all}}
	var standard standardiser
	for i, s := range splits {
		x, labels, err := t.probe.extract(s.images, s.use)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			standard = newStandardiser(x[0], t.rc.Model.Width)
		}
		s.features = standard.apply(x[0], labels)
	}
	var figures []FinalFigure
	for _, name := range t.rc.finalNames() {
		f, err := t.finalFigure(name, splits[0], splits[1], splits[2])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// A tuned is a tuning that has been trained: what testing it needs.
type tuned struct {
	weights    []float32
	classifier int // the one that counts, of those trained side by side
	validation float64
	chosen     string
}

// PrepareFinal trains what the end-of-run evaluations need and measures it on the validation split, without a test
// image. Its states lie in dir, from which an interrupted call continues. tell is told how each training goes.
func (t *Trainer) PrepareFinal(dir string, tell func(stage string, done, total int) error) error {
	t.tuned = map[string][]tuned{}
	for _, name := range t.rc.finalNames() {
		if name != attentiveName && name != finetuneName {
			continue
		}
		if err := atomicfile.MkdirAll(dir); err != nil {
			return err
		}
		for probeSeed := 1; probeSeed <= t.rc.Final.ProbeSeeds; probeSeed++ {
			stage := fmt.Sprintf("%s, probe seed %d of %d", name, probeSeed, t.rc.Final.ProbeSeeds)
			done, err := t.tune(name, probeSeed, tuningPath(dir, name, probeSeed), func(done, total int) error { return tell(stage, done, total) })
			if err != nil {
				return fmt.Errorf("%s: %w", stage, err)
			}
			t.tuned[name] = append(t.tuned[name], done)
		}
	}
	return nil
}

// tuningPath is the file of a tuning's state.
func tuningPath(dir, name string, probeSeed int) string {
	return filepath.Join(dir, fmt.Sprintf("%s-seed=%d.safetensors", name, probeSeed))
}

// StepFinal implements diagnoser.
func (t *Trainer) StepFinal(dir string, failed Divergence) error {
	u, err := t.tuning(failed.Where, failed.Probe)
	if err != nil {
		return err
	}
	defer u.close()
	path := tuningPath(dir, failed.Where, failed.Probe)
	if err := u.restore(path); err != nil {
		return err
	}
	if u.step+1 != failed.Step {
		return fmt.Errorf("%s: %w: it is the state before step %d, %s names step %d", path, errDamaged, u.step+1, divergedName, failed.Step)
	}
	return u.train()
}

// tuning makes the tuning of that name.
func (t *Trainer) tuning(name string, probeSeed int) (*tuning, error) {
	if name == attentiveName {
		return t.newAttentive(probeSeed)
	}
	return t.newFinetuning(probeSeed)
}

// tune trains one tuning to its end and chooses among its classifiers.
func (t *Trainer) tune(name string, probeSeed int, path string, tell func(done, total int) error) (tuned, error) {
	u, err := t.tuning(name, probeSeed)
	if err != nil {
		return tuned{}, err
	}
	defer u.close()
	if err := u.run(path, tell); err != nil {
		return tuned{}, err
	}
	var d tuned
	if d.weights, err = u.flat(nn.Weights); err != nil {
		return d, err
	}
	if len(u.logits) > 1 {
		_, choosing := t.attentiveImages()
		top1, err := u.top1(t.set.Train, choosing)
		if err != nil {
			return d, err
		}
		for i, v := range top1 {
			if v > top1[d.classifier] {
				d.classifier = i
			}
		}
		d.chosen = attentiveCandidates()[d.classifier].String()
	}
	validation, err := u.top1(t.set.Val, t.probe.val)
	if err != nil {
		return d, err
	}
	d.validation = validation[d.classifier]
	return d, nil
}

// testTuned measures what PrepareFinal trained on the test split.
func (t *Trainer) testTuned(f *FinalFigure, test *finalSplit) error {
	if len(t.tuned[f.Name]) == 0 {
		return fmt.Errorf("%w: not prepared", ErrBug)
	}
	for i, d := range t.tuned[f.Name] {
		u, err := t.tuning(f.Name, i+1)
		if err != nil {
			return err
		}
		defer u.close()
		if err := u.device.UploadState(u.params, nn.Weights, d.weights); err != nil {
			return err
		}
		top1, err := u.top1(test.images, test.use)
		if err != nil {
			return err
		}
		f.TestBySeed = append(f.TestBySeed, top1[d.classifier])
		f.ValidationBySeed = append(f.ValidationBySeed, d.validation)
		if d.chosen != "" {
			f.Chosen = append(f.Chosen, d.chosen)
		}
	}
	f.Test, f.Validation = statistics.Mean(f.TestBySeed), statistics.Mean(f.ValidationBySeed)
	return nil
}

// finalFigure carries out one evaluation.
func (t *Trainer) finalFigure(name string, bank, val, test *finalSplit) (f FinalFigure, err error) {
	f = FinalFigure{Name: name, Unit: finalUnit(name)}
	c, classes := t.rc.Probe, t.set.Classes
	var top1 func(s *finalSplit) (float64, error)
	switch name {
	case attentiveName, finetuneName:
		return f, t.testTuned(&f, test)
	case "ridge":
		top1 = func(s *finalSplit) (float64, error) {
			return ridgeTop1(t.pool, bank.features, s.features, classes, c.Lambda)
		}
	case "knn":
		top1 = func(s *finalSplit) (float64, error) {
			return knnTop1(t.pool, bank.features, s.features, classes, c.KNNK, c.KNNT), nil
		}
	case "logistic":
		fitted, err := fitLogistic(t.pool, bank.features, classes, t.rc.Final.LogisticLambda, logisticTolerance)
		if err != nil {
			return f, err
		}
		top1 = func(s *finalSplit) (float64, error) { return fitted.top1(t.pool, s.features), nil }
	}
	if f.Validation, err = top1(val); err != nil {
		return f, err
	}
	f.Test, err = top1(test)
	return f, err
}
