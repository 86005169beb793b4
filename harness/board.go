package harness

import (
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/mtobench/mtobench/internal/atomicfile"
	"github.com/mtobench/mtobench/internal/tensorboard"
)

// boardName is a run's TensorBoard event file; TensorBoard takes every file with tfevents in its name.
var boardName = filepath.Join("tb", "events.out.tfevents.mtobench")

// writeBoard brings the TensorBoard file to the state of the curve: a point for each evaluation, at its
// optimizer step. The file is a function of the curve and of when the run began, so whatever a killed
// process left of it is mended and nothing stands in it twice. A run that is done mends it no more: at its end the file
// is made durable.
func (r *run) writeBoard(end bool) error {
	path := filepath.Join(r.dir, boardName)
	if err := atomicfile.MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	began, err := time.Parse(time.RFC3339, r.first.Started)
	if err != nil {
		began = time.Unix(0, 0)
	}
	var points []tensorboard.Point
	for _, p := range r.curve {
		points = append(points, tensorboard.Point{Step: p.Step, Time: began.Add(time.Duration(p.WallNS)), Scalars: r.scalars(p)})
	}
	data := tensorboard.Encode(began, points)
	if end {
		return writeFile(path, data)
	}
	return tensorboard.Sync(path, data)
}

// scalars names what a point measured. Before the first step there is neither a training loss nor a
// learning rate.
func (r *run) scalars(p Point) []tensorboard.Scalar {
	list := []tensorboard.Scalar{
		{Tag: "quality/top1_pct", Value: p.Top1}, {Tag: "quality/knn_pct", Value: p.KNN},
		{Tag: "loss/reconstruction", Value: p.Recon}, {Tag: "progress/epochs", Value: p.Epochs},
	}
	if p.Step > 0 {
		list = append(list,
			tensorboard.Scalar{Tag: "loss/train", Value: p.Loss},
			tensorboard.Scalar{Tag: "optimizer/learning_rate", Value: r.rc.schedule().At(p.Images)},
			tensorboard.Scalar{Tag: "progress/images_per_second", Value: float64(p.Images) / (float64(max(1, p.TrainNS)) / 1e9)})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Diagnostics)) {
		list = append(list, tensorboard.Scalar{Tag: "diagnostics/" + name, Value: p.Diagnostics[name]})
	}
	return list
}
