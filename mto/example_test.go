package mto_test

import (
	"fmt"
	"log"

	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/mto"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// SimMIM with MTO on four chessboards, masked anew in each step: each term of the loss, and how
// little the mask tokens resemble visible ones, layer by layer.
func Example() {
	method, err := mim.New("simmim", mim.Config{
		Model: vit.Config{Side: 16, Channels: 1, Patch: 4, Width: 24, Depth: 2, Heads: 3, MLPRatio: 4, Eps: 1e-6},
		Batch: 4,
	})
	if err != nil {
		log.Fatal(err)
	}
	config, err := mto.Preset("on")
	if err != nil {
		log.Fatal(err)
	}
	params, err := nn.NewParams(method.Specs())
	if err != nil {
		log.Fatal(err)
	}

	// Record one step: forward with MTO's terms, backward, update.
	p := nn.NewProgram(params)
	f := mto.Record(p, method, config, mto.Options{Measure: true})
	p.Backward(f.Loss(p))
	adamw := nn.AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05}
	hyper := p.Hyper()
	p.ClipNorm(1)
	p.AdamW(adamw, hyper)

	pool := simd.NewPool(1)
	defer pool.Close()
	device := nn.NewCPU(pool)
	must(device.Load(p))
	must(device.UploadState(params, nn.Weights, params.Initial(1)))

	batch := mim.NewBatch(method)
	const steps = 200
	clock := nn.NewAdamWClock(adamw, 0)
	numbers := make([]float32, nn.NumHyper)
	numbers[nn.HyperLR] = 1e-3
	for step := range steps {
		numbers[nn.HyperCorrect1], numbers[nn.HyperCorrect2] = clock.Next()
		must(device.Upload(hyper, numbers))
		for i := range batch.Layout.Images {
			checkers(batch.Image(i), 16, 2+i)
			method.Corrupt(batch, i, mim.Key{Seed: 1, Epoch: uint32(step), Image: uint32(i)})
		}
		must(batch.Upload(device, f.Inputs))
		must(device.Upload(f.Schedule, []float32{config.Schedule(int64(step+1), steps)}))
		must(device.Step(p))
		if step != 0 && step != steps-1 {
			continue
		}
		fmt.Printf("step %d\n", step+1)
		for _, term := range f.Terms {
			value := make([]float32, 1)
			must(device.Download(value, term.Value))
			fmt.Printf("  %-7s %.4f\n", term.Name, value[0])
		}
		reading, err := f.Measures[0].Read(device)
		must(err)
		fmt.Printf("  heterogeneity %.3f, masked mass %.3f\n", reading.H, reading.MaskedMass)
	}
	// Output:
}

// checkers draws a chessboard with fields of the given size.
func checkers(image []float32, side, field int) {
	for i := range image {
		image[i] = float32(2*((i/side/field+i%side/field)%2) - 1)
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
