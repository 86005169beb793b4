package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"

	"github.com/mtobench/mtobench/internal/resultfile"
	"github.com/mtobench/mtobench/simd"
)

// isa is the instruction set that the tensor core uses.
func isa() string { return simd.ISA() }

// A Unit is a unit of result files (methodology 3.5).
type Unit struct {
	Name     string
	Better   string // higher or lower
	Assume   string // nothing or exact, for benchstat
	Time     bool   // of the time block, else of the epochs block
	Optional bool   // of evaluations that not every study has
}

// units are in the order of the values.
var units = []Unit{
	{Name: "epochs-to-target", Better: "lower", Assume: "nothing"},
	{Name: "images-to-target", Better: "lower", Assume: "nothing"},
	{Name: "flop-to-target", Better: "lower", Assume: "nothing"},
	{Name: "target-hit", Better: "higher", Assume: "nothing"},
	{Name: "top1-%", Better: "higher", Assume: "nothing"},
	{Name: "auc-top1-%", Better: "higher", Assume: "nothing"},
	{Name: "params", Better: "lower", Assume: "exact"},
	{Name: "test-top1-%", Better: "higher", Assume: "nothing", Optional: true},
	{Name: "test-knn-%", Better: "higher", Assume: "nothing", Optional: true},
	{Name: "logistic-top1-%", Better: "higher", Assume: "nothing", Optional: true},
	{Name: "attentive-top1-%", Better: "higher", Assume: "nothing", Optional: true},
	{Name: "finetune-top1-%", Better: "higher", Assume: "nothing", Optional: true},
	{Name: "ns-to-target", Better: "lower", Assume: "nothing", Time: true},
	{Name: "ns-wall-to-target", Better: "lower", Assume: "nothing", Time: true},
	{Name: "ns-cpu-to-target", Better: "lower", Assume: "nothing", Time: true},
	{Name: "ns/epoch", Better: "lower", Assume: "nothing", Time: true},
	{Name: "images/s", Better: "higher", Assume: "nothing", Time: true},
	{Name: "peak-rss-bytes", Better: "lower", Assume: "nothing", Time: true},
}

// ResultUnits lists the units of a study's result files.
func ResultUnits() []Unit { return slices.Clone(units) }

// A Result is one finished run as it stands in result files. The figures of its epochs block are the
// same bits on every machine and carry no machine; those of its time block are measured.
type Result struct {
	Seed   uint64
	Arm    string
	Epochs *benchfmt.Result
	Time   *benchfmt.Result
	Repeat *benchfmt.Result // time block of the run that repeats this one; nil without one
}

// newResult reads a complete curve against the lock's primary target. final may be nil; peak is in bytes.
func newResult(lock *Lock, c Config, m Manifest, curve Curve, final *Final, peak int64) Result {
	target := lock.primary()
	o := outcome(curve, target.Tau)
	end := curve[len(curve)-1]
	images := o.At * float64(lock.Data.Train)
	hit := 0.0
	if o.Hit {
		hit = 1
	}
	trainNS := float64(max(1, end.TrainNS))
	arm := RunConfig{Config: c, Arm: m.Arm} // named by its preset: mto=literal
	name := fmt.Sprintf("Pretrain/data=%s/model=%s/mim=%s/%s", plain(lock.Data.Name), plain(c.Model.Name), plain(c.Method.Name), armDir(arm.armName()))
	facts := []benchfmt.Config{ // differing facts forbid comparison
		line("dataset", lock.Data.Name),
		line("dataset-sha256", lock.Data.SHA256),
		line("target", fmt.Sprintf("ridge-top1>=%.3f%% (c=%.2f)", target.Tau, target.C)),
		line("budget-epochs", fmt.Sprintf("%.6g", lock.Budget.Epochs)),
		line("probe", probeName(lock, c)),
		line("study", lock.Study()),
	}
	if c.precision() != simd.F32 { // f32 has the same bits everywhere
		facts = append(facts, line("arithmetic", m.Arithmetic))
	}
	place := []benchfmt.Config{
		line("goos", m.Machine.GOOS), line("goarch", m.Machine.GOARCH), line("cpu", m.Machine.CPU),
		line("accelerator", m.Machine.Accelerator), line("isa", m.ISA),
	}
	timeName := fmt.Appendf(nil, "%s-%d", name, m.Threads)
	if threads := m.allThreads(); len(threads) > 1 { // none of them is the suffix that a reader takes for all of the time
		timeName = []byte(name)
		place = append(place, line("threads", strings.Join(threads, " + ")))
	}
	r := Result{
		Seed: m.Seed, Arm: m.Arm,
		Epochs: &benchfmt.Result{
			Config: facts, Name: benchfmt.Name(name), Iters: 1,
			Values: []benchfmt.Value{
				{Value: o.At, Unit: "epochs-to-target"},
				{Value: images, Unit: "images-to-target"},
				{Value: images / float64(c.Train.Batch) * float64(m.FLOPs), Unit: "flop-to-target"},
				{Value: hit, Unit: "target-hit"},
				{Value: o.Top1, Unit: "top1-%"},
				{Value: o.AUC, Unit: "auc-top1-%"},
				{Value: float64(m.Params), Unit: "params"},
			},
		},
		Time: &benchfmt.Result{
			Config: append(slices.Clone(facts), place...), Name: timeName, Iters: 1,
			Values: []benchfmt.Value{
				// A run that starts at the target took 1 ns: benchfmt reads 0 ns under a unit of its own.
				{Value: max(1, o.TrainNS), Unit: "ns-to-target"},
				{Value: max(1, o.WallNS), Unit: "ns-wall-to-target"},
				{Value: max(1, o.CPUNS), Unit: "ns-cpu-to-target"},
				{Value: trainNS / end.Epochs, Unit: "ns/epoch"},
				{Value: float64(end.Images) / (trainNS / 1e9), Unit: "images/s"},
				{Value: float64(peak), Unit: "peak-rss-bytes"},
			},
		},
	}
	if final != nil {
		for _, figure := range final.Figures {
			r.Epochs.Values = append(r.Epochs.Values, benchfmt.Value{Value: figure.Test, Unit: figure.Unit})
		}
	}
	return r
}

// line is one configuration line. Line breaks would end it early.
func line(key, value string) benchfmt.Config {
	return benchfmt.Config{Key: key, Value: []byte(strings.Join(strings.Fields(value), " ")), File: true}
}

// probeName says what measured quality.
func probeName(lock *Lock, c Config) string {
	return fmt.Sprintf("ridge lambda=%g layer=%d mean-patch bank=%d val=%d", c.Probe.Lambda, lock.Calibration.Layer, c.Probe.Bank, lock.Data.Validation)
}

// plain keeps a name to the characters that mean nothing in a benchmark's name.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}, s)
}

// benchText writes results in the order given: the units in use, all epochs blocks, all time blocks. Seeds
// stand in comments, or with bySeed in the names. The figures of a repeated run are a comment behind its
// first: benchstat sees the pairs alone, and mtobench gate the noise of the host. Missing runs are named.
func benchText(results []Result, bySeed bool, missing ...Job) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d\n", resultfile.SchemaComment, Schema)
	for _, j := range missing {
		fmt.Fprintf(&b, "# missing: %s\n", j)
	}
	w := benchfmt.NewWriter(&b)
	for _, u := range slices.Concat(completeUnits, units) {
		used := func(r Result) bool {
			_, epochs := figure(r.Epochs, u.Name)
			_, time := figure(r.Time, u.Name)
			return epochs || time
		}
		if !slices.ContainsFunc(results, used) {
			continue
		}
		for _, meta := range [][2]string{{"better", u.Better}, {"assume", u.Assume}} {
			must(w.Write(&benchfmt.UnitMetadata{UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: u.Name, Key: meta[0]}, OrigUnit: u.Name, Value: meta[1]}))
		}
	}
	write := func(r *benchfmt.Result, seed uint64) {
		if bySeed {
			r = r.Clone()
			r.Name = withSeed(r.Name, seed)
		} else {
			fmt.Fprintf(&b, "%s%d\n", resultfile.SeedComment, seed)
		}
		must(w.Write(r))
	}
	for _, r := range results {
		write(r.Epochs, r.Seed)
	}
	for _, r := range results {
		write(r.Time, r.Seed)
		if r.Repeat != nil {
			again := &benchfmt.Result{Name: r.Repeat.Name, Iters: r.Repeat.Iters, Values: r.Repeat.Values}
			b.WriteString(resultfile.RepeatComment)
			must(benchfmt.NewWriter(&b).Write(again))
		}
	}
	return b.Bytes()
}

// withSeed puts a seed into a name, before the suffix -N of a time block.
func withSeed(name benchfmt.Name, seed uint64) benchfmt.Name {
	last := name[bytes.LastIndexByte(name, '/')+1:]
	base := name
	if dash := bytes.LastIndexByte(last, '-'); dash >= 0 && len(bytes.Trim(last[dash+1:], "0123456789")) == 0 {
		base = name[:len(name)-len(last)+dash]
	}
	return fmt.Appendf(nil, "%s/seed=%d%s", base, seed, name[len(base):])
}

// readResult reads the result.bench of a run.
func readResult(path string) (Result, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Result{}, err
	}
	if err := checkHead(path, data, resultfile.SchemaComment); err != nil {
		return Result{}, err
	}
	var found []*benchfmt.Result
	reader := benchfmt.NewReader(bytes.NewReader(data), path)
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			found = append(found, rec.Clone())
		case *benchfmt.SyntaxError:
			return Result{}, fmt.Errorf("%w: %w", errDamaged, rec)
		}
	}
	if err := reader.Err(); err != nil {
		return Result{}, err
	}
	if len(found) != 2 {
		return Result{}, fmt.Errorf("%s: %w: %d benchmark lines, want 2: epochs and time", path, errDamaged, len(found))
	}
	return Result{Epochs: found[0], Time: found[1]}, nil
}

// must is for writing into memory.
func must(err error) {
	if err != nil {
		panic("harness: writing results: " + err.Error())
	}
}

// finish writes what a run ends with; result.bench comes last and by rename. A calibration run has no
// target yet: its result.bench holds a comment.
func (r *run) finish() error {
	end := r.curve[len(r.curve)-1]
	if want := r.rc.Study.Grid + 1; len(r.curve) != want {
		return fmt.Errorf("%s: %d evaluations at the end of the run, want %d", r.dir, len(r.curve), want)
	}
	peak := r.peakMemory()
	text := fmt.Appendf(nil, "%s%d\n# calibration run of seed %d, %s\n", resultfile.SchemaComment, Schema, r.rc.Seed, calibrationFacts(r.curve))
	if r.lock != nil {
		final, err := ReadFinal(filepath.Join(r.dir, finalName))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if final != nil { // the process that made them may have died since
			peak = max(peak, final.Peak)
		}
		text = benchText([]Result{newResultOf(r.kind, r.lock, r.rc.Config, r.measured(), r.curve, final, peak)}, false)
		text = fmt.Appendf(text, "# chain %s\n", end.Chain)
	}
	r.log.Info("done", "epochs", end.Epochs, "top1_pct", end.Top1, "chain", end.Chain)
	// The process may have died between the last checkpoint and its curve.
	if err := writeFile(filepath.Join(r.dir, curveName), r.curve.csv()); err != nil {
		return err
	}
	err := errors.Join(
		r.events.add(eventRunStop, end.Top1, map[string]any{"status": "success", "chain": end.Chain}),
		r.writeBoard(true),
		r.state(StateDone, nil),
		r.leave(),
		r.prune(), // the process before may have died in between
		r.removeDamaged(),
		r.forgetDivergence(),
		os.RemoveAll(filepath.Join(r.dir, finalDir)),
		r.events.sync(),
	)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(r.dir, resultName), text)
}
