package vit_test

import (
	"fmt"
	"log"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
	"github.com/mtobench/mtobench/vit"
)

// The features of one image at two layers of a fresh encoder.
func Example() {
	c, err := vit.Preset("nano", 28, 1)
	if err != nil {
		log.Fatal(err)
	}
	ps, err := nn.NewParams(c.Specs(vit.RuleMAE))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d patches of %d numbers, %d parameters\n", c.Patches(), c.PatchLen(), ps.Count())

	p := nn.NewProgram(ps)
	images := p.Input("images", 1, c.Side, c.Side, c.Channels)
	features := c.Features(p, images, 1, c.Depth)

	pool := simd.NewPool(1)
	defer pool.Close()
	device := nn.NewCPU(pool)
	defer device.Close()
	if err := device.Load(p); err != nil {
		log.Fatal(err)
	}
	ramp := make([]float32, images.Len())
	for i := range ramp {
		ramp[i] = float32(i%28)/14 - 1
	}
	if err := device.Upload(images, ramp); err != nil {
		log.Fatal(err)
	}
	if err := device.UploadState(ps, nn.Weights, ps.Initial(1)); err != nil {
		log.Fatal(err)
	}
	if err := device.Step(p); err != nil {
		log.Fatal(err)
	}
	for i, l := range []int{1, c.Depth} {
		feature := make([]float32, c.Width)
		if err := device.Download(feature, features[i]); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("layer %d: %.4f ...\n", l, feature[:3])
	}
	// Output:
	// 49 patches of 16 numbers, 57456 parameters
	// layer 1: [0.8439 2.2990 -0.1292] ...
	// layer 2: [-0.0392 1.2070 -0.5216] ...
}
