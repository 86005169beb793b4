package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/modelfile"
)

type exportCommand struct {
	Paths []string `arg:"" name:"run" help:"Folder of a finished run: runs/STUDY/WORKLOAD/seed=001/mto=on. With --series: folders of studies, or their result files."`

	Series         bool   `help:"Write results with their commit and times to standard output, for benchseries."`
	Commit         string `help:"With --series: the commit. Default: that of the program that ran the study."`
	CommitTime     string `placeholder:"TIME" help:"With --series: the commit's time."`
	ExperimentTime string `placeholder:"TIME" help:"With --series: when the study began."`

	Format     string `enum:"timm,hf," default:"" placeholder:"timm|hf" help:"Whose names the tensors get: those of timm and the official MAE code, or of Hugging Face's transformers."`
	Out        string `placeholder:"FILE" help:"File to write; for hf FOLDER/model.safetensors, config.json goes beside it. Default: named after the run, in this folder."`
	Weights    string `enum:"averaged,raw" default:"averaged" help:"averaged: those that probes see; raw: those that the optimizer moved."`
	StrictTimm bool   `help:"timm: only the tensors of timm's VisionTransformer, without mask token, decoder and what only MTO has."`
	Example    string `placeholder:"FILE" help:"Also write a few images with the features that mtobench gets from them, to compare another program's with. Needs the run's data."`
}

// hfName is the only file name that transformers' from_pretrained looks for.
const hfName = "model.safetensors"

func (e *exportCommand) Run() error {
	if e.Series {
		return e.series()
	}
	switch {
	case e.Commit+e.CommitTime+e.ExperimentTime != "":
		return fmt.Errorf("%w: --commit, --commit-time and --experiment-time go with --series", harness.ErrConfig)
	case e.Format == "":
		return fmt.Errorf("%w: --format timm or --format hf is needed for a model, --series for results", harness.ErrConfig)
	case len(e.Paths) != 1:
		return fmt.Errorf("%w: %d folders: the model of one run at a time", harness.ErrConfig, len(e.Paths))
	case e.StrictTimm && e.Format != "timm":
		return fmt.Errorf("%w: --strict-timm goes with --format timm; with hf what the model there has no place for is always dropped", harness.ErrConfig)
	case e.Format == "hf" && e.Out != "" && filepath.Base(e.Out) != hfName:
		return fmt.Errorf("%w: --out %s: transformers looks for %s in a folder: give --out FOLDER/%s", harness.ErrConfig, e.Out, hfName, hfName)
	}
	m, err := harness.ReadModel(e.Paths[0], e.Weights)
	if err != nil {
		return err
	}
	file := (*modelfile.Model).HF
	if e.Format == "timm" {
		file = func(m *modelfile.Model) (*modelfile.File, error) { return m.Timm(e.StrictTimm), nil }
	}
	f, err := file(m)
	if err != nil {
		return err
	}
	if e.Example != "" { // first, as it may lack the data
		if err := harness.WriteExample(e.Paths[0], m, e.Example); err != nil {
			return err
		}
	}
	path := e.path(m)
	if err := f.Write(path); err != nil {
		return err
	}
	return e.report(m, f, path)
}

// path is --out, or a name made of the run's facts.
func (e *exportCommand) path(m *modelfile.Model) string {
	o := m.Origin
	name := fmt.Sprintf("%s-%s-%s-seed%s-%s", filepath.Base(o["data"]), o["model"], m.Method, o["seed"], o["mto"])
	switch {
	case e.Out != "":
		return e.Out
	case e.Format == "hf":
		return filepath.Join(name, hfName)
	}
	return name + ".safetensors"
}

// report says what was written, and prints the Python that loads it.
func (e *exportCommand) report(m *modelfile.Model, f *modelfile.File, path string) error {
	opened := path
	if e.Format == "hf" {
		opened = filepath.Dir(path)
		if opened == "." {
			opened = "./"
		}
	}
	fmt.Printf("# %s: %d tensors of run %s, step %s, %s weights\n", path, len(f.Tensors.Tensors), m.Origin["run"], m.Origin["step"], m.Origin["weights"])
	if len(f.Dropped) > 0 {
		fmt.Printf("# left out, without a place there: %s\n", modelfile.Listed(f.Dropped))
	}
	if f.Note != "" {
		fmt.Printf("# %s\n", f.Note)
	}
	_, err := fmt.Fprintf(os.Stdout, f.Usage, fmt.Sprintf("%q", opened))
	return err
}
