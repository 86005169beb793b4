package harness

import (
	"fmt"

	"github.com/mtobench/mtobench/internal/modelfile"
	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// exampleImages is how many validation images an example holds.
const exampleImages = 8

// WriteExample writes a few validation images of the run in dir with what its model makes of them, in
// float32, so that another program can compare its own. B images, S side, C channels, N patches, D width,
// L depth, p patch side:
//
//	images    [B,S,S,C]    standardised pixels, the model's input
//	features  [L+1,B,D]    of layers 0 (embedding) to L, as probes see them: LayerNorm without gain and
//	                       shift of the residual stream, then the mean over the patch tokens
//	tokens    [B,N,D]      patch tokens behind the last norm
//	mask      [B,N]        1 = masked
//	pred      [B,N,p*p*C]  the method's prediction under that mask, without MTO's gate
//
// m must come from ReadModel of the same folder.
func WriteExample(dir string, m *modelfile.Model, path string) error {
	rc, manifest, err := readRun(dir)
	if err != nil {
		return err
	}
	set, _, err := openData(&rc.Config)
	if err != nil {
		return err
	}
	if set.SHA256 != manifest.DataSHA256 {
		return fmt.Errorf("%w: data: the run's images have SHA-256 %.16s, those found %.16s: not the same images", ErrConfig, manifest.DataSHA256, set.SHA256)
	}
	rc.Train.Batch = exampleImages
	method, err := newMethod(rc.Config, set.Channels)
	if err != nil {
		return err
	}
	augment, err := newAugment(rc.Config, set)
	if err != nil {
		return err
	}
	batch := mim.NewBatch(method)
	for i, image := range fixedImages(set.Val.Len(), exampleImages) {
		augment.Intact(batch.Image(i), set.Val.Image(int(image)))
		method.Corrupt(batch, i, mim.Key{Image: uint32(i)})
	}
	params, err := nn.NewParams(method.Specs())
	if err != nil {
		return err
	}
	e := example{method: method, batch: batch, params: params, weights: make([]float32, params.Len())}
	for _, t := range m.Tensors {
		copy(params.Slice(e.weights, t.Name), t.Float32)
	}
	if err := e.compute(); err != nil {
		return err
	}
	e.file.Metadata = map[string]string{"format": "mtobench-example", "schema": "1", "run": manifest.Run, "weights": m.Origin["weights"]}
	return nn.WriteTensors(path, &e.file)
}

// An example gathers the file's tensors.
type example struct {
	method  mim.Method
	batch   *mim.Batch
	params  *nn.Params
	weights []float32
	file    nn.TensorFile
}

func (e *example) add(name string, x []float32, shape ...int) {
	e.file.Tensors = append(e.file.Tensors, nn.TensorEntry{Name: name, Shape: shape, Float32: x})
}

// compute runs the encoder on the intact images and the method on the masked ones.
func (e *example) compute() error {
	pool := simd.NewPool(1)
	defer pool.Close()
	device := nn.NewCPU(pool)
	defer device.Close()
	v, l := e.method.Config().Model, e.batch.Layout

	encoder := nn.NewProgram(e.params)
	images := encoder.Input("images", l.Images, l.Side, l.Side, l.Channels)
	layers := make([]int, v.Depth+1)
	for i := range layers {
		layers[i] = i
	}
	features := e.method.Features(encoder, images, layers...)
	x := v.Prepend(encoder, v.Place(encoder, v.Embed(encoder, images)))
	tokens := v.Stack().Final(encoder, v.Patchwise(encoder, v.Stack().Record(encoder, x, v.Depth, vit.Hooks{}).Last()))

	masked := nn.NewProgram(e.params)
	forward := e.method.Record(masked, mim.RecordOptions{})
	masked.Keep(forward.Pred)

	for _, p := range []*nn.Program{encoder, masked} {
		if err := device.Load(p); err != nil {
			return err
		}
	}
	if err := device.UploadState(e.params, nn.Weights, e.weights); err != nil {
		return err
	}
	if err := device.Upload(images, e.batch.Images); err != nil {
		return err
	}
	if err := device.Step(encoder); err != nil {
		return err
	}
	e.add("images", e.batch.Images, l.Images, l.Side, l.Side, l.Channels)
	all := make([]float32, 0, len(features)*features[0].Len())
	for _, f := range features {
		x, err := download(device, f)
		if err != nil {
			return err
		}
		all = append(all, x...)
	}
	e.add("features", all, len(features), l.Images, v.Width)
	last, err := download(device, tokens)
	if err != nil {
		return err
	}
	e.add("tokens", last, tokens.Shape()...)

	if err := e.batch.Upload(device, forward.Inputs); err != nil {
		return err
	}
	if err := device.Step(masked); err != nil {
		return err
	}
	pred, err := download(device, forward.Pred)
	if err != nil {
		return err
	}
	e.add("mask", e.batch.Mask, l.Images, l.Patches)
	e.add("pred", pred, forward.Pred.Shape()...)
	return nil
}

func download(device nn.Device, t nn.Tensor) ([]float32, error) {
	x := make([]float32, t.Len())
	return x, device.Download(x, t)
}
