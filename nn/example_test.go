package nn_test

import (
	"fmt"
	"log"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
)

// Train a line y = w·x + b on four points of y = 2x - 1.
func Example() {
	// What is trained: names, shapes, how they start.
	params, err := nn.NewParams([]nn.ParamSpec{
		{Name: "weight", Shape: []int{1, 1}, Init: nn.InitZeros(), Decay: true},
		{Name: "bias", Shape: []int{1}},
	})
	if err != nil {
		log.Fatal(err)
	}

	// Record one training step: forward, backward, update.
	p := nn.NewProgram(params)
	x := p.Input("x", 4, 1)
	target := p.Input("target", 4, 1)
	every := p.Const("every", []float32{1, 1, 1, 1}, 4)
	y := p.Linear(x, p.Param("weight"), p.Param("bias"))
	loss := p.MaskedMSE(y, target, every)
	p.Backward(loss)
	p.ClipNorm(1)
	adamw := nn.AdamWConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8}
	p.AdamW(adamw, p.Hyper())

	// Replay it on the CPU with one thread.
	pool := simd.NewPool(1)
	defer pool.Close()
	var device nn.Device = nn.NewCPU(pool)
	must(device.Load(p))
	must(device.UploadState(params, nn.Weights, params.Initial(1)))
	must(device.Upload(x, []float32{-1, 0, 1, 2}))
	must(device.Upload(target, []float32{-3, -1, 1, 3}))
	hyper := make([]float32, nn.NumHyper)
	clock := nn.NewAdamWClock(adamw, 0)
	schedule := nn.Schedule{Shape: nn.Trapezoid, Peak: 0.1, Warmup: 20, Total: 400, Cooldown: 200}
	value := make([]float32, 1)
	for step := range 100 {
		hyper[nn.HyperLR] = float32(schedule.At(int64(4 * (step + 1))))
		hyper[nn.HyperCorrect1], hyper[nn.HyperCorrect2] = clock.Next()
		must(device.Upload(p.Hyper(), hyper))
		must(device.Step(p))
		if step%33 == 0 {
			must(device.Download(value, loss))
			fmt.Printf("step %2d loss %v\n", step, value[0])
		}
	}
	weights := make([]float32, params.Len())
	must(device.DownloadState(weights, params, nn.Weights))
	fmt.Printf("y = %.2f x %+.2f\n", params.Slice(weights, "weight")[0], params.Slice(weights, "bias")[0])

	// Output:
	// step  0 loss 5
	// step 33 loss 0.09764399
	// step 66 loss 0.0022467356
	// step 99 loss 9.527511e-05
	// y = 2.01 x -1.00
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
