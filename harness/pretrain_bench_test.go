package harness

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/mtobench/mtobench/benchdata"
)

// Flags of BenchmarkPretrain, given behind -args:
//
//	go test ./harness -run '^$' -bench Pretrain -benchtime 1x -count 6 -args -data fashion-mnist -epochs 20 -target 70
//
// Nothing but lines of the benchmark format is printed. Repetitions take seeds 1, 2, ... (SEED sets the
// first), the same in both arms. -count repeats one arm before the other; for interleaved pairs use
// mtobench run.
var (
	benchData   = flag.String("data", "glyphs", "data set by name, or a folder, zip or tar")
	benchModel  = flag.String("model", "vit_nano", "model")
	benchMethod = flag.String("method", "simmim", "pre-training method")
	benchArms   = flag.String("mto", "off,on", "arms: off and presets of MTO, with commas")
	benchEpochs = flag.Float64("epochs", 1, "budget")
	benchTarget = flag.Float64("target", 0, "top-1 in percent; 0: report no figures to a target")
	benchImages = flag.Int("images", 2048, "training images; 0: all")
)

// BenchmarkPretrain trains one whole run a repetition and an arm, in this process.
func BenchmarkPretrain(b *testing.B) {
	data, err := DataOverrides(*benchData)
	if err != nil {
		b.Fatal(err)
	}
	for i, arm := range strings.Split(*benchArms, ",") {
		overrides := append(data, "model.name="+*benchModel, "method.name="+*benchMethod,
			fmt.Sprintf("train.epochs=%v", *benchEpochs), fmt.Sprintf("data.train_images=%d", *benchImages),
			"study.grid=4", "probe.bank=1000", "probe.validation=1000", "probe.layer=1")
		role := ArmOff
		if arm != ArmOff {
			role, overrides = ArmOn, append(overrides, "mto.preset="+arm)
		}
		c, err := Load("flags", nil, overrides)
		if err != nil {
			b.Fatal(err)
		}
		rc, set, err := OpenRun(c, 0, role)
		if err != nil {
			b.Fatal(err)
		}
		if i == 0 {
			fmt.Printf("dataset: %s\ndataset-sha256: %s\nbudget-epochs: %g\n", set.Name, set.SHA256, c.Train.Epochs)
			if *benchTarget > 0 {
				fmt.Printf("target: ridge-top1>=%.2f%%\n", *benchTarget)
			}
		}
		name := fmt.Sprintf("data=%s/model=%s/mim=%s/%s", plain(set.Name), *benchModel, *benchMethod, armDir(arm))
		b.Run(name, func(b *testing.B) { benchmarkArm(b, rc, set) })
	}
}

func benchmarkArm(b *testing.B, rc RunConfig, set *benchdata.Set) {
	first := 1
	if s, err := strconv.Atoi(os.Getenv("SEED")); err == nil {
		first = s
	}
	for b.Loop() {
		rc.Seed = uint64(first + benchSeed[rc.armName()])
		benchSeed[rc.armName()]++
		t, err := NewTrainer(rc, set, runtime.GOMAXPROCS(0))
		if err != nil {
			b.Fatal(err)
		}
		curve, err := trainWhole(t, rc)
		t.Close()
		if err != nil {
			b.Fatal(err)
		}
		reportRun(b, rc, curve, t.Params())
	}
}

// benchSeed counts the repetitions of an arm, over all -count.
var benchSeed = map[string]int{}

// trainWhole trains to the budget and evaluates on the grid.
func trainWhole(t *Trainer, rc RunConfig) (Curve, error) {
	var curve Curve
	var step int
	var trainNS int64
	for {
		if t.AtGridPoint() {
			e, err := t.Evaluate()
			if err != nil {
				return nil, err
			}
			curve = append(curve, Point{Step: step, Images: t.ImagesSeen(), Epochs: rc.EpochsAt(step), Top1: e.Top1, TrainNS: trainNS})
		}
		if t.Done() {
			return curve, nil
		}
		s, err := t.Step()
		if err != nil {
			return nil, err
		}
		step++
		trainNS += s.TrainNS
	}
}

// reportRun reports the figures of one run. With several repetitions in one measurement the last stands.
func reportRun(b *testing.B, rc RunConfig, curve Curve, params int) {
	o := outcome(curve, *benchTarget)
	end := curve[len(curve)-1]
	b.ReportMetric(0, "ns/op")
	if *benchTarget > 0 {
		hit := 0.0
		if o.Hit {
			hit = 1
		}
		b.ReportMetric(o.At, "epochs-to-target")
		b.ReportMetric(o.At*float64(rc.Data.TrainImages), "images-to-target")
		b.ReportMetric(o.TrainNS, "ns-to-target")
		b.ReportMetric(hit, "target-hit")
	}
	b.ReportMetric(o.Top1, "top1-%")
	b.ReportMetric(o.AUC, "auc-top1-%")
	b.ReportMetric(float64(end.TrainNS)/end.Epochs, "ns/epoch")
	b.ReportMetric(float64(end.Images)/(float64(end.TrainNS)/1e9), "images/s")
	b.ReportMetric(float64(params), "params")
}
