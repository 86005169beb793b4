package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"

	"golang.org/x/term"

	"github.com/mtobench/mtobench/harness"
)

// studyFlags choose a study. All of them are short forms of configuration keys.
type studyFlags struct {
	Study   string   `arg:"" optional:"" help:"Study file (TOML). Without one: the defaults for --data, else the study that ships with mtobench."`
	Data    string   `help:"Data set by name (mtobench data list), or a folder, zip or tar of your own images."`
	Method  string   `help:"Pre-training method: simmim or mae."`
	Model   string   `help:"Model: vit_nano, vit_micro, vit_mini, vit_tiny, vit_small, vit_base."`
	Init    string   `placeholder:"FILE" help:"Safetensors file with the encoder's initial weights (timm names)."`
	Seeds   *int     `help:"Number of pairs."`
	Epochs  *float64 `help:"Budget in epochs."`
	Threads int      `help:"Worker threads of a run; changes no result. 0: all processors."`
	Set     []string `short:"s" sep:"none" placeholder:"KEY=VALUE" help:"Set a configuration key (mtobench keys lists them). May be repeated."`
	Out     string   `default:"runs" help:"Folder of all results."`
	Lock    string   `help:"Use this lock: same target, seeds and settings as the study it comes from."`
}

// overrides are the flags as configuration keys, behind those of the lock.
func (f *studyFlags) overrides(lock *harness.Lock) []string {
	var list []string
	if lock != nil {
		list = lock.Overrides()
	}
	add := func(key string, value any) { list = append(list, fmt.Sprintf("%s=%v", key, value)) }
	if f.Method != "" {
		add("method.name", f.Method)
	}
	if f.Model != "" {
		add("model.name", f.Model)
	}
	if f.Init != "" {
		add("model.init", f.Init)
	}
	if f.Seeds != nil {
		add("study.seeds", *f.Seeds)
	}
	if f.Epochs != nil {
		add("train.epochs", *f.Epochs)
	}
	if f.Threads != 0 {
		add("study.threads", f.Threads)
	}
	return append(list, f.Set...)
}

// config reads the study.
func (f *studyFlags) config(lock *harness.Lock) (harness.Config, []string, error) {
	overrides := f.overrides(lock)
	if f.Data != "" {
		data, err := harness.DataOverrides(f.Data)
		if err != nil {
			return harness.Config{}, nil, err
		}
		overrides = append(overrides, data...)
	}
	var c harness.Config
	var err error
	switch {
	case f.Study != "":
		c, err = harness.LoadFile(f.Study, overrides)
	case f.Data != "" || lock != nil:
		c, err = harness.Load("defaults", nil, overrides)
	default:
		c, err = harness.Quick(overrides)
	}
	return c, overrides, err
}

// open opens the study.
func (f *studyFlags) open() (*harness.Study, error) {
	var lock *harness.Lock
	var err error
	if f.Lock != "" {
		if info, err := os.Stat(f.Lock); err != nil || info.IsDir() {
			return nil, fmt.Errorf("%w: --lock %s: no such file, or a folder; name the %s of a study, like runs/STUDY/WORKLOAD/%[3]s", harness.ErrConfig, f.Lock, harness.LockName)
		}
		if lock, err = harness.ReadLock(f.Lock); err != nil {
			return nil, err
		}
	}
	c, overrides, err := f.config(lock)
	if err != nil {
		return nil, err
	}
	return openStudy(c, harness.Options{Out: f.Out, Lock: lock, Overrides: overrides})
}

// openStudy opens a study whose runs are processes of this program.
func openStudy(c harness.Config, o harness.Options) (*harness.Study, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	o.Command = []string{self, "child"}
	o.Monitor = &harness.StatusLine{W: os.Stderr, Terminal: isTerminal(), Width: terminalWidth}
	return harness.NewStudy(c, o)
}

func isTerminal() bool {
	return term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"
}

func terminalWidth() int {
	width, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil || width < 20 {
		return 80
	}
	return width
}

type runCommand struct {
	studyFlags
	shardFlag
	DryRun bool `help:"Say how long it will take, how much memory and disk, from a few timed steps; run nothing."`
}

func (r *runCommand) Run(ctx context.Context) error {
	shard, err := r.shard()
	if err != nil {
		return err
	}
	s, err := r.open()
	if err != nil {
		return err
	}
	if r.DryRun {
		f, err := s.Forecast()
		if err != nil {
			return err
		}
		fmt.Printf("study     %s\n", s.Root)
		return f.WriteText(os.Stdout)
	}
	if r.Shard != "" {
		return runShard(ctx, s, shard)
	}
	report, err := s.Run(ctx)
	if report != nil {
		if err := report.WriteText(os.Stdout); err != nil {
			return err
		}
		fmt.Println()
		if err := report.WriteFiles(os.Stdout); err != nil {
			return err
		}
		if err := writePage(report); err != nil {
			return err
		}
	}
	return err
}

type calibrateCommand struct {
	studyFlags
	shardFlag
}

func (c *calibrateCommand) Run(ctx context.Context) error {
	shard, err := c.shard()
	if err != nil {
		return err
	}
	s, err := c.open()
	if err != nil {
		return err
	}
	if err := s.CalibrateShard(ctx, shard); err != nil {
		return err
	}
	if c.Shard != "" {
		fmt.Printf("shard %v of the calibration runs of %s is finished; when all shards are, mtobench lock fixes the target from them\n", shard, s.Root)
		return nil
	}
	fmt.Printf("the calibration runs of %s are finished; mtobench lock fixes the target from them\n", s.Root)
	return nil
}

type lockCommand struct{ studyFlags }

func (l *lockCommand) Run() error {
	s, err := l.open()
	if err != nil {
		return err
	}
	made, err := s.MakeLock()
	if err != nil {
		return err
	}
	if err := s.Lock.WriteText(os.Stdout); err != nil {
		return err
	}
	if made {
		fmt.Printf("lock: %s\n", s.LockPath())
	} else {
		fmt.Printf("lock: %s: the calibration reproduces it\n", s.LockPath())
	}
	return nil
}

// folderArgs name studies by their folders.
type folderArgs struct {
	Folders []string `arg:"" optional:"" name:"folder" help:"Folder of a study, or a folder with studies below it. Default: runs."`
}

// each opens the studies one after the other and hands them to visit. Folders of one lock are one study,
// shared by several machines: the first of them is its folder.
func (f *folderArgs) each(visit func(*harness.Study) error) error {
	if len(f.Folders) == 0 {
		f.Folders = []string{"runs"}
	}
	roots, err := harness.StudyFolders(f.Folders...)
	if err != nil {
		return err
	}
	var studies []*harness.Study
	for _, root := range roots {
		s, err := harness.OpenFolder(root)
		if err != nil {
			return err
		}
		same := slices.IndexFunc(studies, func(o *harness.Study) bool { return o.Lock.Hash == s.Lock.Hash })
		if same >= 0 {
			studies[same].Also = append(studies[same].Also, root)
			continue
		}
		studies = append(studies, s)
	}
	for _, s := range studies {
		if err := visit(s); err != nil {
			return err
		}
	}
	return nil
}

type collectCommand struct{ folderArgs }

func (c *collectCommand) Run() error {
	return c.each(func(s *harness.Study) error {
		report, err := s.Collect()
		if err != nil {
			return err
		}
		return report.WriteFiles(os.Stdout)
	})
}

type compareCommand struct {
	folderArgs
	JSON bool `name:"json" help:"Print everything as one JSON object."`
}

func (c *compareCommand) Run() error {
	var reports []*harness.Report
	err := c.each(func(s *harness.Study) error {
		report, err := s.Judge()
		reports = append(reports, report)
		return err
	})
	switch {
	case err != nil:
		return err
	case c.JSON:
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(harness.CompareStudies(reports))
	case len(reports) == 1:
		return reports[0].WriteText(os.Stdout)
	}
	return harness.CompareStudies(reports).WriteText(os.Stdout)
}

type keysCommand struct{ studyFlags }

func (k *keysCommand) Run() error {
	c, _, err := k.config(nil)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range c.Settings() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Key, s.Value, harness.KeyMeaning(s.Key))
	}
	return w.Flush()
}
