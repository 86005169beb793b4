package harness

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
)

// noiseSet is a data set of random pixels: enough to time a step.
func noiseSet(side, channels, images int) *benchdata.Set {
	split := benchdata.Split{Images: make([]uint8, images*side*side*channels), Labels: make([]int32, images)}
	draw := nn.NewStream(1, "test/pixels").At(0, 0)
	for i := range split.Images {
		split.Images[i] = uint8(draw.IntN(256))
	}
	for i := range split.Labels {
		split.Labels[i] = int32(i % 2)
	}
	set := &benchdata.Set{
		Name: "noise", Side: side, Channels: channels, Classes: 2, ClassNames: []string{"a", "b"},
		Train: split, Val: split, Test: split,
	}
	for range channels {
		set.Mean, set.Std = append(set.Mean, 127.5), append(set.Std, 73.9)
	}
	set.SHA256 = set.Hash()
	return set
}

// stepConfig is one run of the step benchmarks: 2^20 steps, so that any number of
// iterations fits in the budget.
func stepConfig(model, method, arm string, side, patch, batch, images int) RunConfig {
	preset := arm
	if arm == ArmOff {
		preset = "on"
	}
	c := Defaults(Names{Data: "noise", Model: model, Method: method, MTO: preset})
	c.Model.Patch, c.Train.Batch, c.Probe.Layer = patch, batch, 1
	c.Train.Epochs = float64(1<<20) * float64(batch) / float64(images)
	rc := RunConfig{Config: c, Seed: 1, Arm: ArmOff}
	if arm != ArmOff {
		rc.Arm = ArmOn
	}
	return rc
}

// BenchmarkStep times one whole optimizer step: augmentation, masking, forward,
// backward, update. MAE has one decoder for all models: 96 wide, 2 deep, 3 heads.
// GFLOP/s counts the model's matrix products. peak-RSS-bytes is the process's
// largest resident set so far: it belongs to a row that runs alone.
func BenchmarkStep(b *testing.B) { benchmarkStep(b, simd.F32) }

// BenchmarkStepBF16 is BenchmarkStep with train.precision=bf16.
func BenchmarkStepBF16(b *testing.B) { benchmarkStep(b, simd.BF16) }

func benchmarkStep(b *testing.B, precision simd.Precision) {
	const images, batch = 512, 64
	for _, w := range []struct {
		model                 string
		side, channels, patch int
	}{
		{"vit_micro", 28, 1, 4}, {"vit_mini", 28, 1, 4}, {"vit_tiny", 32, 3, 4},
	} {
		set := noiseSet(w.side, w.channels, images)
		for _, method := range []string{"simmim", "mae"} {
			for _, arm := range []string{"off", "on"} {
				for threads := 1; threads <= min(2, runtime.NumCPU()); threads++ {
					name := fmt.Sprintf("model=%s/image=%dx%dx%d/patch=%d/batch=%d/mim=%s/mto=%s/threads=%d",
						w.model, w.side, w.side, w.channels, w.patch, batch, method, arm, threads)
					b.Run(name, func(b *testing.B) {
						rc := stepConfig(w.model, method, arm, w.side, w.patch, batch, images)
						if method == "mae" {
							rc.Method.DecoderWidth, rc.Method.DecoderDepth, rc.Method.DecoderHeads = 96, 2, 3
						}
						rc.Train.Precision = precision.String()
						if err := rc.Resolve(set); err != nil {
							b.Fatal(err)
						}
						t, err := NewTrainer(rc, set, threads)
						if err != nil {
							b.Fatal(err)
						}
						defer t.Close()
						if _, err := t.Step(); err != nil { // warm caches, first permutation
							b.Fatal(err)
						}
						b.ReportAllocs()
						for b.Loop() {
							if _, err := t.Step(); err != nil {
								b.Fatal(err)
							}
						}
						seconds := b.Elapsed().Seconds()
						b.ReportMetric(float64(b.N)*batch/seconds, "images/s")
						b.ReportMetric(float64(b.N)*float64(t.FLOPsPerStep())/seconds/1e9, "GFLOP/s")
						b.ReportMetric(float64(peakMemory()), "peak-RSS-bytes")
					})
				}
			}
		}
	}
}
