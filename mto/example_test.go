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

// One training step of SimMIM with MTO on random images: the terms of the loss,
// and what MTO looks at.
func Example() {
	method, err := mim.New("simmim", mim.Config{
		Model: vit.Config{Side: 16, Channels: 1, Patch: 4, Width: 24, Depth: 2, Heads: 3, MLPRatio: 4, Eps: 1e-6},
		Batch: 4,
	})
	must(err)
	config, err := mto.Preset("on")
	must(err)
	params, err := nn.NewParams(method.Specs())
	must(err)

	// Record the step: forward with MTO's terms, backward, update.
	p := nn.NewProgram(params)
	f := mto.Record(p, method, config, mto.Options{Measure: true})
	p.Backward(f.Loss(p))
	p.ClipNorm(1)
	adamw := nn.AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.05}
	hyper := p.Hyper()
	p.AdamW(adamw, hyper)

	pool := simd.NewPool(1)
	defer pool.Close()
	device := nn.NewCPU(pool)
	must(device.Load(p))
	must(device.UploadState(params, nn.Weights, params.Initial(1)))

	// A batch, the numbers of this step, and s(t) of step 10 of 200.
	batch := mim.NewBatch(method)
	noise := nn.NewStream(1, "example").At(0, 0)
	for i := range batch.Images {
		batch.Images[i] = noise.Normal()
	}
	for i := range batch.Layout.Images {
		method.Corrupt(batch, i, mim.Key{Seed: 1, Image: uint32(i)})
	}
	must(batch.Upload(device, f.Inputs))
	numbers := make([]float32, nn.NumHyper)
	numbers[nn.HyperLR] = 1e-3
	numbers[nn.HyperCorrect1], numbers[nn.HyperCorrect2] = nn.NewAdamWClock(adamw, 0).Next()
	must(device.Upload(hyper, numbers))
	must(device.Upload(f.Schedule, []float32{config.Schedule(10, 200)}))
	must(device.Step(p))

	for _, term := range f.Terms {
		value := make([]float32, 1)
		must(device.Download(value, term.Value))
		fmt.Printf("%-8s %.4f\n", term.Name, value[0])
	}
	reading, err := f.Measures[0].Read(device)
	must(err)
	fmt.Printf("%s: heterogeneity %.3f, masked mass %.3f\n", reading.Network, reading.H, reading.MaskedMass)
	// Output:
	// pixels   0.7975
	// mto_spa  1.1750
	// mto_r    0.0247
	// mto_e    0.9000
	// encoder: heterogeneity [0.425 0.245 0.244], masked mass [0.625 0.625]
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
