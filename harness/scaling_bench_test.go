package harness

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/mtobench/mtobench/nn"
)

// point is one size of a SimMIM step: images of 3 channels, patch 4, MLPs four times as wide.
type point struct{ width, depth, tokens, batch int }

// scalingBase is where the lines of BenchmarkScaling cross.
var scalingBase = point{width: 192, depth: 6, tokens: 64, batch: 32}

// scalingPoints varies one size at a time.
func scalingPoints() []point {
	points := []point{scalingBase}
	vary := func(set func(p *point, v int), values ...int) {
		for _, v := range values {
			p := scalingBase
			set(&p, v)
			if p != scalingBase {
				points = append(points, p)
			}
		}
	}
	vary(func(p *point, v int) { p.width = v }, 48, 96, 192, 384)
	vary(func(p *point, v int) { p.depth = v }, 2, 4, 6, 8, 12)
	vary(func(p *point, v int) { p.tokens = v }, 16, 36, 64, 144, 256)
	vary(func(p *point, v int) { p.batch = v }, 8, 16, 32, 64, 128, 256)
	return points
}

// threadCounts are 1, 2, 4, ... and all processors.
func threadCounts() []int {
	var counts []int
	for n := 1; n < runtime.NumCPU(); n *= 2 {
		counts = append(counts, n)
	}
	return append(counts, runtime.NumCPU())
}

// BenchmarkScaling times one optimizer step of SimMIM as the model's width and depth, the number of tokens, the batch
// and the number of threads grow. GFLOP/s counts the model's matrix products.
func BenchmarkScaling(b *testing.B) {
	for _, p := range scalingPoints() {
		for _, threads := range threadCounts() {
			name := fmt.Sprintf("width=%d/depth=%d/tokens=%d/batch=%d/threads=%d", p.width, p.depth, p.tokens, p.batch, threads)
			b.Run(name, func(b *testing.B) {
				t := scalingTrainer(b, p, threads)
				defer t.Close()
				calibrated(b, t.pool, func() {
					for b.Loop() {
						if _, err := t.Step(); err != nil {
							b.Fatal(err)
						}
					}
				})
				seconds := b.Elapsed().Seconds()
				b.ReportMetric(float64(b.N)*float64(p.batch)/seconds, "images/s")
				b.ReportMetric(float64(b.N)*float64(t.FLOPsPerStep())/seconds/1e9, "GFLOP/s")
				b.ReportMetric(float64(t.FLOPsPerStep()), "FLOP/op")
			})
		}
	}
}

// scalingTrainer builds a run of size p and takes its first step.
func scalingTrainer(b *testing.B, p point, threads int) *Trainer {
	b.Helper()
	const patch = 4
	grid := slices.Index([]int{0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144, 169, 196, 225, 256}, p.tokens)
	set := noiseSet(grid*patch, 3, 2*p.batch)
	rc := stepConfig("vit_mini", "simmim", ArmOff, grid*patch, patch, p.batch, 2*p.batch)
	rc.Model.Width, rc.Model.Depth = p.width, p.depth
	rc.Model.Heads = max(3, p.width/64) // the presets' heads
	if err := rc.Resolve(set); err != nil {
		b.Fatal(err)
	}
	t, err := NewTrainer(rc, set, threads)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := t.Step(); err != nil { // warm caches, first permutation
		b.Fatal(err)
	}
	return t
}

// BenchmarkOps says how the time of a step (batch 64) divides among its operations: ns/op is what all operations of a
// kind take in one step, each by the fastest of ten replays, and moved-bytes what they read and write; op=feed is the
// making of the batch. The lines say the same for any -benchtime.
func BenchmarkOps(b *testing.B) {
	for _, w := range []struct {
		model, method         string
		side, channels, patch int
	}{
		{"vit_micro", "simmim", 28, 1, 4}, {"vit_mini", "simmim", 28, 1, 4}, {"vit_mini", "mae", 28, 1, 4}, {"vit_tiny", "simmim", 32, 3, 4},
	} {
		set := noiseSet(w.side, w.channels, 512)
		for _, threads := range threadCounts() {
			b.Run(fmt.Sprintf("model=%s/mim=%s/threads=%d", w.model, w.method, threads), func(b *testing.B) {
				rc := stepConfig(w.model, w.method, ArmOff, w.side, w.patch, 64, 512)
				if err := rc.Resolve(set); err != nil {
					b.Fatal(err)
				}
				t, err := NewTrainer(rc, set, threads)
				if err != nil {
					b.Fatal(err)
				}
				defer t.Close()
				kinds, rows := opTimes(b, t)
				for _, kind := range kinds {
					r := rows[kind]
					b.Run("op="+kind, func(b *testing.B) {
						b.ReportMetric(float64(r.took.Nanoseconds()), "ns/op")
						b.ReportMetric(float64(r.count), "count")
						b.ReportMetric(float64(r.bytes), "moved-bytes")
						if r.flops > 0 {
							b.ReportMetric(float64(r.flops)/float64(r.took.Nanoseconds()), "GFLOP/s")
						}
					})
				}
			})
		}
	}
}

// opTime is all operations of one kind in one step.
type opTime struct {
	took  time.Duration
	count int
	flops int64
	bytes int64 // of all operands, each counted once
}

// opTimes profiles a step: the kinds in the order they first run, and what each takes.
func opTimes(b *testing.B, t *Trainer) (kinds []string, rows map[string]opTime) {
	b.Helper()
	const repeat = 10
	var feed time.Duration
	for i := range repeat {
		begin := time.Now()
		if err := t.feed(); err != nil {
			b.Fatal(err)
		}
		if took := time.Since(begin); i == 0 || took < feed {
			feed = took
		}
	}
	times, err := t.device.(*nn.CPU).Profile(t.program, repeat)
	if err != nil {
		b.Fatal(err)
	}
	kinds, rows = []string{"feed"}, map[string]opTime{"feed": {took: feed, count: 1}}
	for i, o := range t.program.Ops() {
		kind := string(o.Kind)
		r, ok := rows[kind]
		if !ok {
			kinds = append(kinds, kind)
		}
		bytes := int64(0)
		for _, t := range slices.Concat(o.Reads, o.Writes) {
			if t.Valid() {
				bytes += int64(4 * t.Len())
			}
		}
		rows[kind] = opTime{r.took + times[i], r.count + 1, r.flops + o.FLOPs, r.bytes + bytes}
	}
	return kinds, rows
}
