package harness

import (
	"fmt"

	"github.com/mtobench/mtobench/benchdata"
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

// finalFigure carries out one evaluation.
func (t *Trainer) finalFigure(name string, bank, val, test *finalSplit) (f FinalFigure, err error) {
	f = FinalFigure{Name: name, Unit: finalUnit(name)}
	c, classes := t.rc.Probe, t.set.Classes
	var top1 func(s *finalSplit) (float64, error)
	switch name {
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
